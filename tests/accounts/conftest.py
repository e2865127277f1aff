"""The product in this process, and browsers that look at it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import msgspec
import pytest
from aiohttp.test_utils import TestServer

from chat.app import create_app
from chat.embedded.server import free_port as free_port_
from chat.settings import Settings
from tests.accounts.browser import Browser

OpenBrowser = Callable[..., Browser]
Serve = Callable[..., Awaitable[str]]


@pytest.fixture
async def serve(settings: Settings) -> AsyncIterator[Serve]:
    """Run the product with changed settings, and get its address: `await serve(registration="closed")`."""
    async with AsyncExitStack() as stack:

        async def start(**changes: object) -> str:
            lenient = {"login_limit": 0, "register_limit": 0, "connect_limit_per_minute": 0}
            changed = msgspec.structs.replace(settings, **(lenient | changes))
            server = TestServer(create_app(changed), access_log=None)
            await server.start_server()
            stack.push_async_callback(server.close)
            return str(server.make_url("")).rstrip("/")

        yield start


@pytest.fixture
async def url(serve: Serve) -> str:
    """The address of the product without limits."""
    return await serve()


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
