"""A signed-in browser as far as a server can tell: one connection that stays open, and pages that are read whole."""

import asyncio
import re

from bench.people import Person

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
# What htmx sends when a link in the sidebar was clicked.
PANE = {"HX-Request": "true", "HX-Target": "main#pane"}


class Browser:
    """Use `await Browser.open(url, person)`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cookie: str) -> None:
        self._reader = reader
        self._writer = writer
        self._cookie = cookie

    @classmethod
    async def open(cls, url: str, person: Person) -> "Browser":
        """Connect."""
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=2**20)
        return cls(reader, writer, f"chat_session={person.token}")

    async def get(self, path: str, headers: dict[str, str]) -> bytes:
        """The body of a page, compressed as browsers ask for it."""
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", f"Cookie: {self._cookie}", "Accept-Encoding: gzip"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert head.startswith(b"HTTP/1.1 200"), head
        assert length is not None, head
        return await self._reader.readexactly(int(length[1]))

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()
