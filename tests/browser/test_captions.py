"""What stands beside the newest message that was read: by how many, or when."""

import re

from playwright.async_api import Locator, expect

from tests.browser.person import AtBrowser, Person, StartWeb
from tests.factory import Factory
from tests.servers import WebProcess

TODAY = re.compile(r"^\d\d:\d\d$")


def ticks(person: Person, text: str) -> Locator:
    """The ticks of the message with this text."""
    return person.message(text).locator(".ticks")


async def test_two_people_see_when_the_newest_message_was_read(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    path = f"/c/{conversation}"
    writer, reader = await at_browser(web, ada, path, phone=True), await at_browser(web, bo, path)
    send = writer.page.get_by_role("button", name="Send")
    await writer.field.fill("First")
    await send.click()
    await expect(ticks(writer, "First")).to_have_attribute("data-read-at", TODAY)

    await reader.go("/")
    await writer.field.fill("A message that is so long that its bubble fills the whole line of a phone, and the next")
    await send.click()
    newest = writer.messages.last
    await expect(newest).to_have_attribute("data-status", "delivered")
    # It stays with the one that was read, and moves nothing when it goes on to the next one.
    await expect(writer.page.locator("[data-read-at]")).to_have_count(1)
    await expect(ticks(writer, "First")).to_have_attribute("data-read-at", TODAY)
    place = await newest.locator(".bubble").bounding_box()
    await reader.go(path)
    await expect(newest.locator(".ticks")).to_have_attribute("data-read-at", TODAY)
    await expect(writer.page.locator("[data-read-at]")).to_have_count(1)
    assert await newest.locator(".bubble").bounding_box() == place
    # All of it is on the screen.
    assert await newest.locator(".meta").evaluate("meta => meta.getBoundingClientRect().left") >= 0

    # The same where the page comes later, without a socket, and on another day than the message.
    await factory.pool.execute("update read_events set read_at = '2024-03-03 12:00+00'")
    later = await at_browser(web, ada, path, socket=False)
    await expect(later.messages.last.locator(".ticks")).to_have_attribute("data-read-at", re.compile("2024"))
    # What came before has no time that would be wrong.
    await expect(ticks(later, "First")).to_have_accessible_name("Read by Bo")


async def test_who_does_not_share_sees_in_a_larger_room_that_it_has_arrived(
    start_web: StartWeb, factory: Factory, at_browser: AtBrowser
) -> None:
    web = start_web(CONNECT_LIMIT_PER_MINUTE="0", RECEIPTS_DIRECT_MAX="2")
    ada, bo, cy = await factory.three()
    room = await factory.room(ada, bo, cy)
    await factory.pool.execute("update users set read_receipts_enabled = false where id = $1", ada)
    writer = await at_browser(web, ada, f"/c/{room}")
    await writer.write("Hello all")
    await expect(ticks(writer, "Hello all")).to_have_accessible_name("Sent")

    await at_browser(web, bo, f"/c/{room}")
    await expect(ticks(writer, "Hello all")).to_have_accessible_name("Delivered")
    await writer.page.reload()
    await expect(ticks(writer, "Hello all")).to_have_accessible_name("Delivered")
    await expect(writer.page.locator("[data-readers]")).to_have_count(0)


async def test_the_toolbar_leaves_in_sight_who_has_read_it(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    writer = await at_browser(web, ada, f"/c/{group}")
    await writer.write("Who comes? " + "It is going to be a long walk, and we leave early in the morning. " * 2)
    message = writer.messages.last
    await at_browser(web, bo, f"/c/{group}")
    await expect(message.locator(".ticks")).to_have_attribute("data-readers", "1")

    await message.hover()
    toolbar = writer.page.locator("#message-toolbar")
    await expect(toolbar).to_be_visible()
    boxes = [await toolbar.bounding_box(), await message.locator(".meta").bounding_box()]
    above, below = [box for box in boxes if box is not None]
    # A line for the label, above the one for the time.
    assert above["y"] + above["height"] <= below["y"] - 12


async def test_who_has_left_or_was_blocked_counts_no_more(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await factory.three()
    dee = await factory.user("dee")
    group = await factory.group(ada, bo, cy, dee)
    await factory.say(group, [(ada, "Who comes?", factory.later())])
    for person in (bo, cy, dee):
        await factory.read(group, person, 1)
    writer = await at_browser(web, ada, f"/c/{group}")
    await expect(ticks(writer, "Who comes?")).to_have_attribute("data-readers", "3")

    leaver = await at_browser(web, cy, f"/c/{group}/leave")
    await leaver.page.get_by_role("button", name="Leave").click()
    await expect(ticks(writer, "Who comes?")).to_have_attribute("data-readers", "2")

    elsewhere = await at_browser(web, ada, f"/people/{dee}/block")
    await elsewhere.page.get_by_role("button", name="Block").click()
    await expect(ticks(writer, "Who comes?")).to_have_attribute("data-readers", "1")


async def test_a_long_list_of_readers_keeps_its_headings_and_the_way_out_in_sight(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada = await factory.user("ada")
    many = [await factory.user() for _ in range(60)]
    room = await factory.room(ada, *many)
    await factory.say(room, [(ada, "Hello all", factory.later())])
    for person in many[:55]:
        await factory.read(room, person, 1)
    writer = await at_browser(web, ada, f"/c/{room}", phone=True)
    await ticks(writer, "Hello all").tap()
    dialog = writer.page.locator("#message-details")
    read = dialog.get_by_role("heading", name="Read 55")
    await expect(read).to_be_visible()

    await dialog.get_by_role("button", name="Show more").scroll_into_view_if_needed()
    await expect(read).to_be_in_viewport(ratio=1)
    await expect(dialog.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    close, heading = await dialog.get_by_role("button", name="Close").bounding_box(), await read.bounding_box()
    assert close is not None
    assert heading is not None
    assert close["y"] + close["height"] <= heading["y"] + 8

    await dialog.get_by_role("heading", name="Not delivered yet 5").scroll_into_view_if_needed()
    await expect(dialog.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
