"""A person at a browser, in the words of what people do there."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import UUID

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.proxy import Proxy
from tests.servers import WebProcess

expect.set_options(timeout=10_000)

# A server that is away, or refuses, is what some tests are about, and the browser notes each request that failed.
NETWORK = ("Failed to load resource", "net::ERR", "WebSocket connection to", "htmx:ws:error", "Failed to fetch")

Shown: TypeAlias = tuple[int, str]


class Person:
    """One browser, with one page open at first."""

    def __init__(self, user_id: UUID | None, context: BrowserContext, page: Page) -> None:
        self.user_id = user_id
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        self._watch(page)

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._console)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(text in message.text for text in NETWORK):
            self.complaints.append(message.text)

    async def go(self, path: str) -> None:
        """Load a page, and wait until its socket is up."""
        await self.page.goto(path)
        await self.is_live()

    async def open_tab(self, path: str) -> "Person":
        """The same person in a second tab of the same browser; what it complains about is kept with the first's."""
        tab = Person(self.user_id, self.context, await self.context.new_page())
        tab.complaints = self.complaints
        await tab.go(path)
        return tab

    async def unplug(self, line: Proxy) -> None:
        """No network, neither for the page nor in what the browser says of it."""
        await line.refuse()
        await self.context.set_offline(True)

    async def plug_in(self, line: Proxy) -> None:
        """Back on the network."""
        await line.accept()
        await self.context.set_offline(False)

    async def is_live(self) -> None:
        """Wait until the page says that it is connected."""
        await expect(self.page.locator("#live[data-open]")).to_be_attached()
        await expect(self.page.locator("#banner")).to_be_hidden()

    @property
    def field(self) -> Locator:
        """Where messages are written."""
        return self.page.locator(".composer textarea")

    @property
    def messages(self) -> Locator:
        """The messages on the screen, without those that wait."""
        return self.page.locator(".timeline:not(.outbox) > .message")

    @property
    def pending(self) -> Locator:
        """What waits to be confirmed."""
        return self.page.locator(".outbox > .message")

    def message(self, text: str) -> Locator:
        """The confirmed message with this text."""
        return self.messages.filter(has=self.page.locator(".text", has_text=re.compile(rf"^\s*{re.escape(text)}\s*$")))

    def row(self, conversation_id: UUID) -> Locator:
        """A conversation in the sidebar."""
        return self.page.locator(f"#conversation-{conversation_id}")

    async def open_details(self) -> Locator:
        """Open the panel of the open conversation, and wait for it."""
        await self.page.locator("[data-action=details]").click()
        panel = self.page.locator("#details .details")
        await expect(panel).to_be_visible()
        return panel

    async def choose(self, *letters: str) -> None:
        """Choose people in the picker, each by some letters and Enter."""
        # What Enter means there is said by a script that comes with the picker.
        loaded = "performance.getEntriesByType('resource').some(({name}) => name.endsWith('/choosing.js'))"
        async with asyncio.timeout(10):
            while not await self.page.evaluate(loaded):
                pass
        await expect(self.page.locator("#picker-query")).to_be_focused()
        for number, text in enumerate(letters, start=1):
            await self.page.keyboard.type(text)
            await self.page.keyboard.press("Enter")
            await expect(self.page.locator(".chips .option")).to_have_count(number)

    async def write(self, text: str) -> None:
        """Type and press Enter."""
        await self.field.fill(text)
        await self.field.press("Enter")

    async def sees(self, text: str) -> None:
        """Wait until exactly one message with this text stands there, confirmed."""
        await expect(self.message(text)).to_have_count(1)

    async def do(self, text: str, deed: str) -> None:
        """Choose something from the menu of the message with this text, by mouse."""
        await self.message(text).hover()
        await self.page.get_by_role("button", name="More actions").click()
        await self.page.locator("#message-menu").get_by_role("button", name=deed).click()

    def reactions(self, text: str) -> Locator:
        """The reactions below the message with this text."""
        return self.message(text).locator(".reaction")

    async def shown(self) -> list[Shown]:
        """Sequence number and text of every message on the screen, from top to bottom."""
        return [
            (int(await message.get_attribute("data-seq") or 0), (await message.locator(".text").inner_text()).strip())
            for message in await self.messages.all()
        ]


AtBrowser: TypeAlias = Callable[..., Awaitable[Person]]
StartWeb: TypeAlias = Callable[..., WebProcess]
