"""What is done with a message by holding it on a touch screen."""

import asyncio
from datetime import UTC, datetime, timedelta

from playwright.async_api import CDPSession, Locator, expect

from tests.browser.person import AtBrowser, Person
from tests.factory import Factory
from tests.servers import WebProcess


async def touch(person: Person) -> CDPSession:
    return await person.context.new_cdp_session(person.page)


async def put_finger(finger: CDPSession, place: Locator) -> tuple[float, float]:
    """Put a finger down in the upper left of something; where that is."""
    # What is being swapped has none for a moment.
    async with asyncio.timeout(10):
        while (box := await place.bounding_box()) is None:
            pass
    x, y = box["x"] + 12, box["y"] + 12
    await finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    return x, y


async def lift_finger(finger: CDPSession) -> None:
    await finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def test_holding_a_message_opens_a_sheet(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Hold me", factory.later()), (ada, "Why", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}", phone=True)
    sheet, finger = person.page.locator("#message-menu.sheet"), await touch(person)

    await put_finger(finger, person.message("Hold me").locator(".bubble"))
    await expect(sheet).to_be_visible()
    await lift_finger(finger)
    await expect(sheet).to_be_visible()
    assert await person.page.evaluate("getSelection().toString()") == ""
    for button in await sheet.locator("button:visible").all():
        box = await button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44, await button.inner_text()

    await sheet.locator("[data-emoji='❤️']").tap()
    await expect(sheet).to_be_hidden()
    await expect(person.reactions("Hold me")).to_have_text("❤️ 1")
    # Shown at once, and again as the server says it is.
    await expect(person.message("Hold me")).to_have_attribute("data-revision", "3")

    # Held longer, a reaction says who it is from; a tap takes it back.
    await put_finger(finger, person.reactions("Hold me"))
    await expect(person.page.locator("#message-details")).to_contain_text("You")
    await lift_finger(finger)
    await person.page.get_by_role("button", name="Close").tap()
    await expect(person.reactions("Hold me")).to_have_text("❤️ 1")
    await person.reactions("Hold me").tap()
    await expect(person.reactions("Hold me")).to_have_count(0)


async def test_a_tap_beside_the_sheet_closes_it_and_touches_nothing_else(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Hold me", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}", phone=True)
    sheet, finger = person.page.locator("#message-menu"), await touch(person)
    await put_finger(finger, person.message("Hold me").locator(".bubble"))
    await expect(sheet).to_be_visible()
    await lift_finger(finger)

    await person.page.touchscreen.tap(25, 25)

    await expect(sheet).to_be_hidden()
    await expect(person.page.locator("#pane .conversation")).to_be_visible()


async def test_scrolling_with_the_finger_on_a_message_is_no_holding(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, f"Number {number}", factory.later()) for number in range(60)])
    await factory.read(conversation, ada, 60)
    person = await at_browser(web, ada, f"/c/{conversation}", phone=True, clock=True)
    finger = await touch(person)
    # However long it takes the machine, to the page the finger moves at once.
    await person.page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=30))

    x, y = await put_finger(finger, person.message("Number 57").locator(".bubble"))
    for step in range(1, 13):
        point = {"x": x, "y": y + 10 * step}
        await finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    # Longer than it takes to hold a message.
    await person.page.clock.run_for(700)
    await lift_finger(finger)

    await expect(person.page.locator("#message-menu")).to_be_hidden()
    assert await person.page.locator(".scroller").evaluate("scroller => scroller.scrollTop") < -50


async def test_a_held_message_is_replied_to(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Hold me", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}", phone=True)
    finger = await touch(person)

    await put_finger(finger, person.message("Hold me").locator(".bubble"))
    await person.page.locator("#message-menu").get_by_role("button", name="Reply").wait_for()
    await lift_finger(finger)
    await person.page.locator("#message-menu").get_by_role("button", name="Reply").tap()
    await expect(person.field).to_be_focused()
    await person.page.keyboard.type("Held")
    await person.page.get_by_role("button", name="Send").tap()
    await person.sees("Held")
    await expect(person.message("Held").locator(".quote-text")).to_have_text("Hold me")
