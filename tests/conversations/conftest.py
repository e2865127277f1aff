"""Two people with a conversation, and a browser for each."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest

from chat.db import Pool
from tests.accounts.browser import Browser
from tests.device import sign_in

SignIn = Callable[[UUID], Awaitable[Browser]]


@pytest.fixture
async def browse(url: str, pool: Pool) -> AsyncIterator[SignIn]:
    """A browser in which a person is signed in: `await browse(user_id)`."""
    opened: list[Browser] = []

    async def browse_(user_id: UUID) -> Browser:
        browser = Browser(url)
        browser.token = await sign_in(pool, user_id)
        opened.append(browser)
        return browser

    yield browse_
    for browser in opened:
        await browser.http.close()
    # aiohttp closes its transports in the turn after (its documentation, "Graceful Shutdown").
    await asyncio.sleep(0)
