"""What was said before: where a conversation opens, and moving through it."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.async_api import expect

from chat.db import Pool
from tests.browser.person import AtBrowser, Person
from tests.device import Device
from tests.factory import Factory
from tests.servers import WebProcess

NOON = datetime.now(UTC).replace(hour=11, minute=0, second=0, microsecond=0)


async def talk(factory: Factory, *, messages: int, read: int) -> tuple[UUID, UUID, UUID]:
    """Two people and their conversation, of which the first has read a part: ten messages a day, every other hers."""
    ada, bo, conversation = await factory.pair()
    begin = NOON - timedelta(days=messages // 10)
    await factory.say(
        conversation,
        [
            (ada if seq % 2 else bo, f"Message {seq}", begin + timedelta(days=seq // 10, minutes=10 * (seq % 10)))
            for seq in range(1, messages + 1)
        ],
    )
    await factory.read(conversation, ada, read)
    return ada, bo, conversation


async def position(person: Person, text: str) -> float:
    """How far from the top of the window a message stands, in pixels."""
    box = await person.message(text).bounding_box()
    assert box is not None
    return box["y"]


@pytest.mark.parametrize("phone", [False, True])
async def test_it_opens_at_the_first_unread_message(
    web: WebProcess, factory: Factory, at_browser: AtBrowser, phone: bool
) -> None:
    ada, _, conversation = await talk(factory, messages=300, read=250)
    person = await at_browser(web, ada, phone=phone)

    await person.row(conversation).click()

    await expect(person.page.locator(".new-line")).to_be_in_viewport()
    await expect(person.page.locator(".new-line + .message")).to_contain_text("Message 251")
    await expect(person.message("Message 251")).to_be_in_viewport()
    await expect(person.message("Message 250")).to_be_in_viewport()
    # What is in view for a second has been read, and no more than that.
    await expect(person.row(conversation).locator(".badge-count")).to_have_text(re.compile(r"^[1-4]\d$"))
    await expect(person.page.locator(".jump")).to_have_text(re.compile(r"[1-4]\d new messages"))


async def test_older_messages_come_while_scrolling_and_nothing_jumps(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await talk(factory, messages=200, read=200)
    person = await at_browser(web, ada, f"/c/{conversation}")
    await expect(person.message("Message 200")).to_be_in_viewport()

    loaded = 151
    while loaded > 1:
        first = f"Message {loaded}"
        await expect(person.message(first)).to_have_count(1)
        await person.message(first).scroll_into_view_if_needed()
        before = await position(person, first)
        loaded = max(1, loaded - 50)
        await expect(person.message(f"Message {loaded}")).to_have_count(1)
        assert abs(await position(person, first) - before) <= 1
    await expect(person.page.locator(".beginning")).to_have_count(1)
    assert [seq for seq, _ in await person.shown()] == list(range(1, 201))

    await person.page.locator(".jump").click()
    await expect(person.message("Message 200")).to_be_in_viewport()


async def test_newer_messages_come_while_scrolling_down_and_then_live_ones(
    web: WebProcess, factory: Factory, pool: Pool, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await talk(factory, messages=200, read=20)
    person = await at_browser(web, ada, f"/c/{conversation}")
    bos = await Device.connect(web.url, pool, bo)
    await bos.send(conversation, "Far below what is on the screen")
    await expect(person.page.locator(".jump")).to_have_text("181 new messages")

    for seq in (60, 100, 150, 200):
        message = person.message(f"Message {seq}")
        await expect(message).to_have_count(1)
        await message.scroll_into_view_if_needed()
    await person.sees("Far below what is on the screen")
    await bos.send(conversation, "And one more")
    await person.sees("And one more")

    seqs = [seq for seq, _ in await person.shown()]
    assert seqs == list(range(seqs[0], 203))
    await bos.close()


async def test_the_newest_are_one_click_away(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, _, conversation = await talk(factory, messages=300, read=10)
    person = await at_browser(web, ada, f"/c/{conversation}")
    await expect(person.message("Message 11")).to_be_in_viewport()

    await person.page.locator(".jump").click()

    await expect(person.message("Message 300")).to_be_in_viewport()
    await expect(person.row(conversation).locator(".badge")).to_be_hidden()
    await expect(person.page).to_have_url(f"{web.url}/c/{conversation}")


async def test_a_message_that_comes_while_one_reads_above_moves_nothing(
    web: WebProcess, factory: Factory, pool: Pool, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await talk(factory, messages=60, read=60)
    person = await at_browser(web, ada, f"/c/{conversation}")
    bos = await Device.connect(web.url, pool, bo)
    await person.message("Message 30").scroll_into_view_if_needed()
    before = await position(person, "Message 30")

    await bos.send(conversation, "News\n\nof\n\nseveral\n\nlines")
    await expect(person.page.locator(".jump")).to_have_text("1 new message")

    assert abs(await position(person, "Message 30") - before) <= 1
    await person.page.locator(".jump").click()
    await expect(person.messages.last).to_contain_text("News")
    await expect(person.messages.last).to_be_in_viewport()
    await bos.close()


async def test_what_comes_while_one_reads_above_stands_below_a_line(
    web: WebProcess, factory: Factory, pool: Pool, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await talk(factory, messages=60, read=60)
    person = await at_browser(web, ada, f"/c/{conversation}")
    bos = await Device.connect(web.url, pool, bo)
    await person.message("Message 30").scroll_into_view_if_needed()
    await bos.send(conversation, "One")
    await bos.send(conversation, "Two")
    await expect(person.page.locator(".jump")).to_have_text("2 new messages")

    await person.page.locator(".jump").click()

    await expect(person.page.locator(".new-line + .message")).to_contain_text("One")
    await expect(person.message("Two")).to_be_in_viewport()
    await expect(person.field).to_be_focused()
    await bos.close()


async def test_what_comes_while_one_is_elsewhere_stands_below_a_line(
    web: WebProcess, factory: Factory, pool: Pool, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    person = await at_browser(web, ada, f"/c/{conversation}")
    bos = await Device.connect(web.url, pool, bo)
    badge, line = person.row(conversation).locator(".badge"), person.page.locator(".new-line + .message")
    await bos.send(conversation, "Seen as it comes")
    await person.sees("Seen as it comes")
    await expect(badge).to_be_hidden()
    await expect(person.page.locator(".new-line")).to_have_count(0)

    for text in ("the first time", "the second time"):
        await person.page.evaluate("document.hasFocus = () => false")
        await bos.send(conversation, f"Away {text}")
        await bos.send(conversation, f"Still away {text}")
        await person.sees(f"Still away {text}")
        await expect(line).to_contain_text(f"Away {text}")
        await person.page.evaluate("delete document.hasFocus; window.dispatchEvent(new Event('focus'))")
        await expect(badge).to_be_hidden()
    await expect(person.page.locator(".new-line")).to_have_count(1)
    await bos.close()


async def test_the_day_stays_in_view_while_it_is_read(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    begin = NOON - timedelta(days=1)
    said = [((ada, bo)[number % 2], f"Message {number}", begin + timedelta(minutes=number)) for number in range(50)]
    await factory.say(conversation, [*said, (bo, "Today", NOON)])
    await factory.read(conversation, ada, 51)
    person = await at_browser(web, ada, f"/c/{conversation}")
    yesterday = person.page.locator(".day", has_text="Yesterday")

    await person.message("Message 25").scroll_into_view_if_needed()

    await expect(yesterday).to_be_in_viewport()
    await expect(person.message("Message 0")).not_to_be_in_viewport()


async def test_days_part_the_messages_and_one_senders_stand_together(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    yesterday = NOON - timedelta(days=1)
    await factory.say(
        conversation,
        [
            (bo, "One", yesterday),
            (bo, "Two", yesterday + timedelta(minutes=1)),
            (bo, "Three", yesterday + timedelta(minutes=20)),
            (ada, "Four", yesterday + timedelta(minutes=21)),
            (bo, "Five", NOON),
        ],
    )
    await factory.read(conversation, ada, 5)
    person = await at_browser(web, ada, f"/c/{conversation}")

    await expect(person.page.locator(".timeline .day")).to_have_text(["Yesterday", "Today"])
    continued = person.page.locator(".timeline .message.continues .text")
    await expect(continued).to_have_text(["Two"])
    local = await person.message("Five").locator("time").inner_text()
    assert local in {"12:00", "13:00"}, "the time of day in Berlin"


async def test_a_link_to_a_place_in_the_history_opens_there(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await talk(factory, messages=300, read=300)

    person = await at_browser(web, ada, f"/c/{conversation}?around=100")

    await expect(person.message("Message 100")).to_be_in_viewport()
