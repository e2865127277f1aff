"""People at their browsers: Chromium, a signed-in page, and the words of what they do there."""

import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from playwright.async_api import Browser, ViewportSize, async_playwright

from chat.db import Pool
from tests import chromium
from tests.browser.person import AtBrowser, Person, StartWeb
from tests.device import sign_in
from tests.proxy import Proxy
from tests.servers import WebProcess

DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A Chromium of this test's own."""
    path = chromium.find()
    assert path is not None, "no Chromium: `make browser` finds or installs one"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=chromium.flags())
        yield browser
        await browser.close()


@pytest.fixture
def web(start_web: StartWeb) -> WebProcess:
    """A web process without limits that only tests would run into."""
    return start_web(SEND_LIMIT_PER_MINUTE="0", CONNECT_LIMIT_PER_MINUTE="0")


@pytest.fixture
async def line(web: WebProcess) -> AsyncIterator[Proxy]:
    """A line to the web process that can be cut: sit down before it instead of the process itself."""
    proxy = Proxy(web.url)
    await proxy.accept()
    yield proxy
    await proxy.close()


@pytest.fixture
async def at_browser(browser: Browser, pool: Pool) -> AsyncIterator[AtBrowser]:
    """Put a person before a browser: `await at_browser(web, user_id, "/c/…", phone=True)`.

    Whatever a page complains about in its console fails the test, unless the test expects it.
    """
    async with contextlib.AsyncExitStack() as stack:
        people: list[Person] = []

        async def sit_down(
            web: WebProcess | Proxy,
            user_id: UUID | None,
            path: str = "/",
            *,
            phone: bool = False,
            scripts: bool = True,
            socket: bool = True,
            clock: bool = False,
        ) -> Person:
            context = await browser.new_context(
                base_url=web.url,
                viewport=PHONE if phone else DESKTOP,
                has_touch=phone,
                is_mobile=phone,
                java_script_enabled=scripts,
                reduced_motion="reduce",
                locale="en-GB",
                timezone_id="Europe/Berlin",
            )
            stack.push_async_callback(context.close)
            if user_id is not None:
                token = await sign_in(pool, user_id)
                await context.add_cookies([{"name": "chat_session", "value": token, "url": web.url}])
            if not socket:
                await context.route_web_socket("**/ws", lambda route: route.close())
            if clock:
                await context.clock.install()
            person = Person(user_id, context, await context.new_page())
            people.append(person)
            await person.page.goto(path)
            if scripts and socket and user_id is not None:
                await person.is_live()
            return person

        yield sit_down
        for person in people:
            assert person.complaints == [], f"the page complained: {person.complaints}"
