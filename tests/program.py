"""A program that uses the API for somebody: it has a token, and no cookie."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
from yarl import URL

from chat.db import Pool
from chat.ids import new_id
from chat.web.tokens import PERSONAL_PREFIX, hash_token, new_token


async def make_token(pool: Pool, user_id: UUID, *scopes: str) -> str:
    """A personal token with these scopes; with both where none is named."""
    token = PERSONAL_PREFIX + new_token()
    await pool.execute(
        "insert into personal_tokens (id, token_hash, user_id, name, scopes) values ($1, $2, $3, 'A test', $4)",
        new_id(),
        hash_token(token),
        user_id,
        list(scopes or ("read", "write")),
    )
    return token


@dataclass(frozen=True)
class Answer:
    """An answer, read to its end."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        """What the body says."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of an error."""
        error: dict[str, Any] = self.json["error"]
        assert {"code", "message"} <= set(error) <= {"code", "message", "details", "retry_after"}
        assert error["message"]
        return str(error["code"])

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and code of an error."""
        return self.status, self.code


class Program:
    """Close it at the end."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.http = aiohttp.ClientSession(headers=headers)

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request; `body` is sent as JSON where there is one. The path is sent as it is."""
        data = None if body is None else json.dumps(body, default=str).encode()
        sent = headers if data is None else {"Content-Type": "application/json"} | headers
        return await self.send(method, path, data, **sent)

    async def send(self, method: str, path: str, data: bytes | None, **headers: str) -> Answer:
        """Send a request with these bytes."""
        address = URL(f"{self.url}/api{path}", encoded=True)
        async with self.http.request(method, address, data=data, headers=headers) as answer:
            return Answer(answer.status, await answer.read(), answer.headers)

    async def get(self, path: str, **parameters: Any) -> Answer:
        """Read something."""
        query = URL.build(query=parameters).raw_query_string
        return await self.ask("GET", f"{path}?{query}" if query else path)

    async def post(self, path: str, **body: Any) -> Answer:
        """Make something."""
        return await self.ask("POST", path, body)

    async def patch(self, path: str, **body: Any) -> Answer:
        """Change something."""
        return await self.ask("PATCH", path, body)

    async def put(self, path: str) -> Answer:
        """Put something where it should be."""
        return await self.ask("PUT", path)

    async def delete(self, path: str) -> Answer:
        """Take something away."""
        return await self.ask("DELETE", path)

    async def pages(self, path: str, **parameters: Any) -> list[list[Any]]:
        """The items of every page of a list, to its end."""
        pages = []
        cursor: dict[str, str] = {}
        while True:
            answer = await self.get(path, **(parameters | cursor))
            assert answer.status == 200, answer.body
            page = answer.json
            assert set(page) == {"items", "next_cursor", "has_more"}
            pages.append(page["items"])
            if not page["has_more"]:
                assert page["next_cursor"] is None
                return pages
            cursor = {"cursor": page["next_cursor"]}
            for name in ("after", "around"):
                parameters.pop(name, None)


def each(items: Iterable[Any], name: str) -> list[Any]:
    """One field of each item."""
    return [item[name] for item in items]
