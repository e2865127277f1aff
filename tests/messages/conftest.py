"""A conversation of two, and a browser on it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from chat.db import Pool
from tests.device import sign_in
from tests.factory import Factory, client_id
from tests.plain_browser import Browser, Page


@dataclass
class Composer:
    """The form beneath a conversation, as a browser without a socket sends it."""

    browser: Browser
    conversation: UUID
    csrf: str

    @property
    def path(self) -> str:
        """Where the form goes."""
        return f"/c/{self.conversation}/messages"

    async def send(self, content: str, *, client: UUID | None = None, json: bool = True) -> Page:
        """Send a message, as our script does or as a browser without scripts does."""
        fields = {"csrf": self.csrf, "client_message_id": str(client or client_id()), "content": content}
        return await self.browser.post(self.path, fields, Accept="application/json" if json else "text/html")

    async def post(self, body: bytes, **headers: str) -> Page:
        """Send these bytes, with the token in a header."""
        headers = {"Origin": self.browser.url, "X-CSRF-Token": self.csrf, "Accept": "application/json"} | headers
        async with self.browser.http.post(self.browser.url + self.path, data=body, headers=headers) as answer:
            return Page(answer.status, await answer.text(), answer.headers)


@pytest.fixture
async def composer(url: str, pool: Pool, factory: Factory) -> AsyncIterator[Composer]:
    """Somebody has a conversation on screen."""
    maria, noah = await factory.user("maria"), await factory.user("noah")
    conversation = await factory.direct(maria, noah)
    browser = Browser(url)
    browser.token = await sign_in(pool, maria)
    page = await browser.get(f"/c/{conversation}")
    yield Composer(browser, conversation, page.csrf)
    await browser.http.close()
    await asyncio.sleep(0)
