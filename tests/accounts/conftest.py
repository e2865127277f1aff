"""Browsers that look at the product in this process."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from chat.embedded.server import free_port as free_port_
from tests.accounts.browser import Browser

OpenBrowser = Callable[..., Browser]


@pytest.fixture
async def open_browser(url: str) -> AsyncIterator[OpenBrowser]:
    """Open another browser; the address is that of `url` where none is given."""
    opened: list[Browser] = []

    def open_(address: str = url, **headers: str) -> Browser:
        browser = Browser(address, **headers)
        opened.append(browser)
        return browser

    yield open_
    for browser in opened:
        await browser.http.close()
    # aiohttp closes its transports in the turn after (its documentation, "Graceful Shutdown").
    await asyncio.sleep(0)


@pytest.fixture
async def browser(open_browser: OpenBrowser) -> Browser:
    """A browser that nobody has used yet."""
    return open_browser()


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A port on which nobody listens."""
    return free_port_
