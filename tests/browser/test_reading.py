"""What a person has read, on all of that person's devices; and what was marked as unread."""

import asyncio
import json
import re
from uuid import UUID

import pytest
from playwright.async_api import Locator, Route, WebSocketRoute, expect

from chat.db import Pool
from tests.browser.person import AtBrowser, Person
from tests.factory import Factory
from tests.proxy import Proxy
from tests.servers import WebProcess

# Notes each state of the badge that a frame of the screen has shown.
WATCH = """id => {
  const shown = (window.badgeStates = []);
  const look = () => {
    const badge = document.querySelector(`#conversation-${id} .badge`);
    const state = badge.hidden ? 'none' : badge.textContent.trim();
    if (shown.at(-1) !== state) shown.push(state);
    requestAnimationFrame(look);
  };
  look();
}"""
LONG_ENOUGH = 5_000


def badge(person: Person, conversation_id: UUID) -> Locator:
    """The number of unread messages in the list."""
    return person.row(conversation_id).locator(".badge")


async def counts(person: Person, conversation_id: UUID, unread: int) -> None:
    """Wait until the list says that so many are unread."""
    await expect(badge(person, conversation_id).locator(".badge-count")).to_have_text(str(unread))
    await expect(badge(person, conversation_id)).to_be_visible()


async def has_read(pool: Pool, conversation_id: UUID, user_id: UUID, seq: int) -> None:
    """Wait until the database knows that somebody has read up to here, and has marked nothing as unread."""
    read = "select read_up_to_seq = $3 and unread_from_seq is null from members where conversation_id = $1"
    async with asyncio.timeout(15):
        while not await pool.fetchval(f"{read} and user_id = $2", conversation_id, user_id, seq):
            pass


async def unread_from(pool: Pool, conversation_id: UUID, user_id: UUID) -> int | None:
    """Where the marker stands."""
    marker: int | None = await pool.fetchval(
        "select unread_from_seq from members where conversation_id = $1 and user_id = $2", conversation_id, user_id
    )
    return marker


async def talk(factory: Factory, messages: int) -> tuple[UUID, UUID, UUID]:
    """Ada, Bo, and much that Ada has said."""
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, f"Message {seq}", factory.later()) for seq in range(1, messages + 1)])
    await factory.read(conversation, ada, messages)
    return ada, bo, conversation


async def test_reading_on_one_device_clears_the_badge_on_all(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    _, bo, conversation = await talk(factory, messages=3)
    phone = await at_browser(web, bo, phone=True)
    desktop = await at_browser(web, bo)
    tab = await desktop.open_tab("/")
    for device in (phone, desktop, tab):
        await counts(device, conversation, 3)

    await desktop.row(conversation).click()
    for device in (phone, desktop, tab):
        await expect(badge(device, conversation)).to_be_hidden()
    await expect(tab.page).to_have_title("Conversations · Chat")
    await has_read(factory.pool, conversation, bo, 3)


async def test_what_was_read_off_line_is_told_on_return_and_nothing_flickers(
    web: WebProcess, line: Proxy, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await talk(factory, messages=60)
    writer = await at_browser(web, ada, f"/c/{conversation}")
    reader = await at_browser(line, bo, f"/c/{conversation}")
    await reader.sees("Message 1")
    await reader.unplug(line)

    await reader.page.keyboard.press("Escape")
    await expect(badge(reader, conversation)).to_be_hidden()
    await reader.page.evaluate(WATCH, str(conversation))
    await expect(writer.message("Message 60")).not_to_have_attribute("data-status", "read")
    await reader.plug_in(line)

    await expect(writer.message("Message 60")).to_have_attribute("data-status", "read")
    await has_read(factory.pool, conversation, bo, 60)
    await reader.is_live()
    assert await reader.page.evaluate("window.badgeStates") == ["none"]


async def test_what_was_read_before_the_page_was_closed_off_line_is_told_by_the_next(
    line: Proxy, factory: Factory, at_browser: AtBrowser
) -> None:
    _, bo, conversation = await talk(factory, messages=60)
    reader = await at_browser(line, bo, f"/c/{conversation}")
    await reader.sees("Message 1")
    await reader.unplug(line)
    await reader.page.keyboard.press("Escape")
    await reader.page.close()
    await reader.plug_in(line)

    later = await reader.open_tab("/")
    await expect(badge(later, conversation)).to_be_hidden()
    await has_read(factory.pool, conversation, bo, 60)


@pytest.mark.parametrize("left", [0, 1])
async def test_a_server_that_has_lost_it_is_told_again(
    line: Proxy, factory: Factory, at_browser: AtBrowser, left: int
) -> None:
    ada, bo, conversation = await talk(factory, messages=3)
    other = await factory.group(ada, bo)
    reader = await at_browser(line, bo, f"/c/{conversation}")
    await has_read(factory.pool, conversation, bo, 3)
    await reader.row(other).click()
    await expect(reader.page).to_have_url(re.compile(str(other)))

    await reader.unplug(line)
    await factory.pool.execute("update members set read_up_to_seq = $2 where user_id = $1", bo, left)
    await reader.plug_in(line)

    await has_read(factory.pool, conversation, bo, 3)


async def test_a_clock_that_is_set_back_holds_nothing_up(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await talk(factory, messages=3)
    reader = await at_browser(web, bo, f"/c/{conversation}")
    await has_read(factory.pool, conversation, bo, 3)
    await reader.page.evaluate("() => { const now = Date.now; Date.now = () => now() - 3_600_000; }")

    writer = await at_browser(web, ada, f"/c/{conversation}")
    await writer.write("Is it that early?")

    await has_read(factory.pool, conversation, bo, 4)


async def test_it_is_told_until_the_server_says_that_it_knows(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    _, bo, conversation = await talk(factory, messages=3)
    reader = await at_browser(web, bo)
    lost: list[str] = []

    def swallow(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def passing(message: str | bytes) -> None:
            if json.loads(message)["type"] == "receipt:read" and len(lost) < 2:
                lost.append(str(message))
            else:
                server.send(message)

        socket.on_message(passing)

    await reader.context.route_web_socket("**/ws", swallow)
    await reader.go(f"/c/{conversation}")

    await has_read(factory.pool, conversation, bo, 3)
    assert len(lost) == 2


async def test_marked_as_unread_it_stays_so_until_it_is_opened_again(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await talk(factory, messages=4)
    cy = await factory.user("cy")
    await factory.direct(bo, cy)
    await factory.read(conversation, bo, 4)
    phone = await at_browser(web, bo, phone=True)
    reader = await at_browser(web, bo, f"/c/{conversation}", clock=True)
    tab = await reader.open_tab(f"/c/{conversation}")

    await reader.do("Message 3", "Mark as unread")
    for device in (phone, reader, tab):
        await counts(device, conversation, 2)
    for device in (reader, tab):
        await expect(device.page.locator(".new-line + .message .text")).to_have_text("Message 3")
    writer = await at_browser(web, ada, f"/c/{conversation}")
    await writer.write("Are you there?")
    await reader.sees("Are you there?")
    # It is in view, and the window has the focus.
    for page in (reader.page, tab.page):
        await page.clock.fast_forward(LONG_ENOUGH)
    await counts(reader, conversation, 3)
    assert await unread_from(factory.pool, conversation, bo) == 3
    # Who wrote it may well know that it was read before.
    await expect(writer.message("Message 4")).to_have_attribute("data-status", "read")

    await reader.page.goto("/")
    await counts(reader, conversation, 3)
    await reader.row(conversation).click()
    await expect(reader.page.locator(".new-line + .message .text")).to_have_text("Message 3")
    await reader.page.clock.fast_forward(LONG_ENOUGH)
    for device in (phone, reader, tab):
        await expect(badge(device, conversation)).to_be_hidden()
    await has_read(factory.pool, conversation, bo, 5)


async def test_escape_reads_what_was_marked_and_so_does_an_answer(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    _, bo, conversation = await talk(factory, messages=4)
    await factory.read(conversation, bo, 4)
    reader = await at_browser(web, bo, f"/c/{conversation}")
    await reader.message("Message 2").focus()
    await reader.page.keyboard.press("u")
    await counts(reader, conversation, 3)

    await reader.page.keyboard.press("Escape")
    await expect(badge(reader, conversation)).to_be_hidden()
    await expect(reader.page.locator(".new-line")).to_have_count(0)
    await has_read(factory.pool, conversation, bo, 4)

    await reader.do("Message 4", "Mark as unread")
    await counts(reader, conversation, 1)
    await reader.write("An answer")
    await reader.sees("An answer")
    await expect(badge(reader, conversation)).to_be_hidden()
    await has_read(factory.pool, conversation, bo, 5)
    # Nobody else is asked whether it may be.
    await reader.do("Message 1", "Mark as unread")
    await reader.do("Message 1", "Mark all as read")
    await expect(badge(reader, conversation)).to_be_hidden()


async def test_what_could_not_be_marked_is_said(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    _, bo, conversation = await talk(factory, messages=2)
    reader = await at_browser(web, bo, f"/c/{conversation}")
    await expect(badge(reader, conversation)).to_be_hidden()

    async def lose(route: Route) -> None:
        await route.abort()

    await reader.context.route("**/unread", lose)
    await reader.do("Message 1", "Mark as unread")
    await expect(reader.page.locator("#toast")).to_contain_text("be reached")
    await expect(badge(reader, conversation)).to_be_hidden()
