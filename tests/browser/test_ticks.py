"""How far one's own messages have come, as their writer sees it: ticks, who has read them, and when."""

import asyncio
import json
import re
from uuid import UUID

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, WebSocketRoute, expect

from chat.db import Pool
from tests.browser.person import AtBrowser, Person, StartWeb
from tests.device import Device
from tests.factory import Factory
from tests.proxy import Proxy
from tests.servers import WebProcess


def ticks(person: Person, text: str) -> Locator:
    """The ticks of the message with this text."""
    return person.message(text).locator(".ticks")


async def status_is(person: Person, text: str, status: str) -> None:
    """Wait until the ticks of a message say this."""
    await expect(person.message(text)).to_have_attribute("data-status", status)


async def has_read(pool: Pool, conversation_id: UUID, user_id: UUID) -> int:
    """How far somebody has read, as the database knows it."""
    up_to: int = await pool.fetchval(
        "select read_up_to_seq from members where conversation_id = $1 and user_id = $2", conversation_id, user_id
    )
    return up_to


async def weight_of(mark: Locator) -> float:
    """How heavy the ticks are drawn."""
    width: str = await mark.locator("svg").evaluate("icon => getComputedStyle(icon).strokeWidth")
    return float(width.removesuffix("px"))


async def test_a_message_is_sent_then_delivered_then_read(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    path = f"/c/{conversation}"
    writer, elsewhere = await at_browser(web, ada, path), await at_browser(web, ada, path, phone=True)
    await writer.write("Hello")
    for device in (writer, elsewhere):
        await status_is(device, "Hello", "sent")
    await expect(ticks(writer, "Hello")).to_have_accessible_name("Sent")

    reader = await at_browser(web, bo)
    for device in (writer, elsewhere):
        await status_is(device, "Hello", "delivered")
    await expect(ticks(writer, "Hello")).to_have_accessible_name("Delivered")
    before = await weight_of(ticks(writer, "Hello"))

    await reader.go(path)
    for device in (writer, elsewhere):
        await status_is(device, "Hello", "read")
    await expect(ticks(writer, "Hello")).to_have_accessible_name(re.compile(r"^Read by Bo, \d\d:\d\d$"))
    assert await weight_of(ticks(writer, "Hello")) > before, "read is told by the colour alone"
    # The same for a message that was read before the page was there.
    await writer.page.reload()
    await ticks(writer, "Hello").hover()
    await expect(writer.page.get_by_role("tooltip")).to_have_text(re.compile(r"^Read by Bo, \d\d:\d\d$"))
    # And the other way round, before their eyes.
    await reader.write("Hello yourself")
    await status_is(reader, "Hello yourself", "read")
    # On others' messages there are none.
    await expect(ticks(writer, "Hello yourself")).to_be_hidden()


async def test_ticks_are_right_before_the_socket_is_there_and_after_a_change(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, text, factory.later()) for text in ("One", "Two", "Three")])
    await factory.read(conversation, bo, 1)
    await factory.pool.execute("update members set delivered_up_to_seq = 2 where user_id = $1", bo)

    without = await at_browser(web, ada, f"/c/{conversation}", socket=False)
    for text, status in (("One", "read"), ("Two", "delivered"), ("Three", "sent")):
        await status_is(without, text, status)

    writer = await at_browser(web, ada, f"/c/{conversation}")
    await writer.do("One", "Edit")
    await expect(writer.field).to_have_value("One")
    await writer.write("The first")
    await status_is(writer, "The first", "read")


async def test_what_the_server_may_not_have_heard_is_told_again(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    writer, reader = await at_browser(web, ada, f"/c/{conversation}"), await at_browser(web, bo)
    lost: asyncio.Queue[WebSocketRoute] = asyncio.Queue()

    def swallow(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def passing(message: str | bytes) -> None:
            if json.loads(message)["type"] == "message:delivered" and not has_lost:
                has_lost.append(True)
                lost.put_nowait(socket)
            else:
                server.send(message)

        socket.on_message(passing)

    has_lost: list[bool] = []
    await reader.context.route_web_socket("**/ws", swallow)
    await reader.go("/")
    await writer.write("Hello")

    (await lost.get()).send(json.dumps({"type": "system:resync"}))

    await status_is(writer, "Hello", "delivered")


async def test_what_comes_while_one_is_elsewhere_or_off_line_is_delivered_on_return(
    web: WebProcess, line: Proxy, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await factory.three()
    conversation, other = await factory.direct(ada, bo), await factory.direct(bo, cy)
    receiver = await at_browser(line, bo, f"/c/{other}")
    writer = await at_browser(web, ada, f"/c/{conversation}")
    await writer.write("You are elsewhere")
    await status_is(writer, "You are elsewhere", "delivered")

    await receiver.unplug(line)
    await writer.write("You are away")
    await status_is(writer, "You are away", "sent")
    await receiver.plug_in(line)
    await status_is(writer, "You are away", "delivered")


async def test_who_does_not_share_what_was_read_is_not_seen_reading_and_sees_nobody(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.pool.execute("update users set read_receipts_enabled = false where id = $1", bo)
    one, other = await at_browser(web, ada, f"/c/{conversation}"), await at_browser(web, bo, f"/c/{conversation}")

    await one.write("Do you see this?")
    await other.sees("Do you see this?")
    await other.write("No")
    await one.sees("No")
    await one.write("I see")
    await other.sees("I see")
    # Each has read what the other wrote, which the answer proves, and the database knows.
    assert await has_read(factory.pool, conversation, bo) >= 2
    await status_is(one, "Do you see this?", "delivered")
    await status_is(other, "No", "delivered")
    await other.page.reload()
    await status_is(other, "No", "delivered")

    # In this conversation they are shared after all.
    await factory.pool.execute("update members set read_receipts_enabled = true where user_id = $1", bo)
    await one.page.reload()
    await status_is(one, "Do you see this?", "read")


async def test_a_group_tells_how_many_and_who(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, cy = await factory.three()
    dee = await factory.user("dee")
    group = await factory.group(ada, bo, cy, dee)
    path = f"/c/{group}"
    writer = await at_browser(web, ada, path)
    await writer.write("First")
    await writer.write("Who comes?")
    await status_is(writer, "Who comes?", "sent")
    place = await writer.message("Who comes?").locator(".bubble").bounding_box()

    await at_browser(web, bo, path)
    await expect(ticks(writer, "Who comes?")).to_have_attribute("data-readers", "1")
    third = await at_browser(web, cy)
    await third.go(path)
    await expect(ticks(writer, "Who comes?")).to_have_attribute("data-readers", "2")
    # Once, at the newest; and nothing has moved for it.
    await expect(writer.page.locator("[data-readers]")).to_have_count(1)
    assert await writer.message("Who comes?").locator(".bubble").bounding_box() == place

    assert (await Axe().run(writer.page)).response["violations"] == []

    await ticks(writer, "Who comes?").focus()
    await writer.page.keyboard.press("Enter")
    dialog = writer.page.locator("#message-details")
    read = dialog.locator('[data-status="read"]')
    await expect(read.locator("bdi")).to_have_text(["Bo", "Cy"])
    await expect(read.locator("time").first).to_have_text(re.compile(r"^\d\d:\d\d$"))
    await expect(dialog.locator('[data-status="sent"] bdi')).to_have_text(["Dee"])
    assert (await Axe().run(writer.page)).response["violations"] == []

    # Whoever looks at the list sees it change.
    await at_browser(web, dee, path, phone=True)
    await expect(read.locator("bdi")).to_have_count(3)
    await writer.page.keyboard.press("Escape")
    await writer.do("First", "Read by…")
    await expect(read.locator("bdi")).to_have_count(3)


async def test_a_larger_group_that_becomes_small_tells_of_each(
    start_web: StartWeb, factory: Factory, at_browser: AtBrowser, pool: Pool
) -> None:
    web = start_web(CONNECT_LIMIT_PER_MINUTE="0", RECEIPTS_DIRECT_MAX="3")
    ada, bo, cy = await factory.three()
    who_goes = await factory.user()
    group = await factory.group(ada, bo, cy, who_goes)
    await factory.say(group, [(ada, "Hello all", factory.later())])
    await factory.read(group, bo, 1)
    writer = await at_browser(web, ada, f"/c/{group}")
    await expect(ticks(writer, "Hello all")).to_have_attribute("data-readers", "1")
    await pool.execute("delete from members where user_id = $1", who_goes)
    await pool.execute("update conversations set members_count = 3 where id = $1", group)

    third = await Device.connect(web.url, pool, cy)
    await third.say("receipt:read", conversation_id=group, up_to_seq=1)

    await expect(ticks(writer, "Hello all")).to_have_attribute("data-readers", "2")
    await third.close()


async def test_a_larger_room_tells_how_many(start_web: StartWeb, factory: Factory, at_browser: AtBrowser) -> None:
    web = start_web(CONNECT_LIMIT_PER_MINUTE="0", RECEIPTS_DIRECT_MAX="2")
    ada, bo, cy = await factory.three()
    room = await factory.room(ada, bo, cy)
    writer = await at_browser(web, ada, f"/c/{room}", phone=True)
    await writer.field.fill("Hello all")
    await writer.page.get_by_role("button", name="Send").click()
    await writer.sees("Hello all")

    readers = [await at_browser(web, bo, f"/c/{room}")]
    await expect(ticks(writer, "Hello all")).to_have_attribute("data-readers", "1")
    readers.append(await at_browser(web, cy, f"/c/{room}"))
    await expect(ticks(writer, "Hello all")).to_have_attribute("data-readers", "2")
    await writer.page.reload()
    await expect(ticks(writer, "Hello all")).to_have_attribute("data-readers", "2")

    # What is sent then has been read by nobody.
    for reader in readers:
        await reader.go("/")
    await writer.field.fill("Anybody still here?")
    await writer.page.get_by_role("button", name="Send").click()
    await expect(ticks(writer, "Anybody still here?")).to_have_accessible_name("Delivered")

    await ticks(writer, "Hello all").tap()
    await expect(writer.page.locator('#message-details [data-status="read"] bdi')).to_have_count(2)
