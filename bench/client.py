"""An HTTP client as cheap as can be: one connection that stays open, and answers that are read whole."""

import asyncio
import re
from collections.abc import Mapping

from bench.people import Person

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
# What htmx sends when a link in the sidebar was clicked.
PANE = {"HX-Request": "true", "HX-Target": "main#pane"}


class Client:
    """Use `await browser(url, person)` or `await program(url, access_token)`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> None:
        self._reader = reader
        self._writer = writer
        self._headers = headers

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """The body of an answer, compressed where this client takes that and the server does it."""
        return await self._ask("GET", path, headers or {}, b"")

    async def post(self, path: str, body: bytes) -> bytes:
        """The answer to JSON."""
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        return await self._ask("POST", path, headers, body)

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in (*self._headers.items(), *headers.items())]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert head.startswith(b"HTTP/1.1 200"), head
        assert length is not None, head
        return await self._reader.readexactly(int(length[1]))

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


async def browser(url: str, person: Person) -> Client:
    """A signed-in browser, as far as a server can tell."""
    return await _open(url, {"Cookie": f"chat_session={person.token}", "Accept-Encoding": "gzip"})


async def program(url: str, access_token: str = "") -> Client:
    """A program that uses the API; without a token, one that has still to sign in."""
    return await _open(url, {"Authorization": f"Bearer {access_token}"} if access_token else {})


async def _open(url: str, headers: Mapping[str, str]) -> Client:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**20)
    return Client(reader, writer, headers)
