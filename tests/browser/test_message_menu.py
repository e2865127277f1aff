"""What is done with a message, without a mouse: by keys alone, and by holding it on a touch screen."""

import re

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import CDPSession, Locator, expect

from tests.browser.person import AtBrowser, Person
from tests.factory import Factory
from tests.proxy import Proxy
from tests.servers import WebProcess


async def touch(person: Person) -> CDPSession:
    return await person.context.new_cdp_session(person.page)


async def put_finger(finger: CDPSession, place: Locator) -> tuple[float, float]:
    """Put a finger down in the upper left of something; where that is."""
    box = await place.bounding_box()
    assert box is not None
    x, y = box["x"] + 12, box["y"] + 12
    await finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    return x, y


async def lift_finger(finger: CDPSession) -> None:
    await finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def test_everything_is_done_by_keys_alone(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(
        conversation,
        [(ada, "Mine", factory.later()), (bo, "Yours", factory.later()), (ada, "My last", factory.later())],
    )
    person = await at_browser(web, ada, f"/c/{conversation}")
    keyboard, menu = person.page.keyboard, person.page.locator("#message-menu")
    await expect(person.field).to_be_focused()
    await keyboard.press("Shift+Tab")
    await keyboard.press("Shift+Tab")
    while not await person.message("My last").evaluate("message => message === document.activeElement"):
        await keyboard.press("Shift+Tab")

    await keyboard.press("ArrowUp")
    await expect(person.message("Yours")).to_be_focused()
    await keyboard.press("Enter")
    await expect(menu.get_by_role("button", name="Reply")).to_be_focused()
    await keyboard.press("ArrowDown")
    await expect(menu.get_by_role("button", name="Copy text")).to_be_focused()
    await keyboard.press("ArrowUp")
    await keyboard.press("ArrowUp")
    await expect(menu.get_by_role("button", name="👍")).to_be_focused()
    await keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await expect(person.message("Yours")).to_be_focused()

    await keyboard.press("r")
    await expect(person.field).to_be_focused()
    await expect(person.field).to_have_value("")
    await keyboard.press("Escape")
    await expect(person.message("Yours")).to_be_focused()

    await keyboard.press("+")
    await keyboard.type("tada")
    await keyboard.press("Enter")
    await expect(person.reactions("Yours")).to_have_text("🎉 1")
    await expect(person.message("Yours")).to_have_attribute("data-revision", "4")
    await expect(person.message("Yours")).to_be_focused()
    await keyboard.press("Tab")
    while not await person.reactions("Yours").evaluate("chip => chip === document.activeElement"):
        await keyboard.press("Tab")
    await keyboard.press("Enter")
    await expect(person.reactions("Yours")).to_have_count(0)

    await person.message("Yours").focus()
    await keyboard.press("ArrowUp")
    await keyboard.press("e")
    await expect(person.field).to_have_value("Mine")
    await keyboard.type(" too")
    await keyboard.press("Enter")
    await person.sees("Mine too")
    await expect(person.message("Mine too")).to_be_focused()
    await keyboard.press("Delete")
    await expect(person.page.locator("#message-removal")).to_be_visible()
    await keyboard.press("Enter")
    await person.sees("This message was deleted.")
    await expect(person.message("This message was deleted.")).to_be_focused()
    await keyboard.press("End")
    await expect(person.message("My last")).to_be_focused()


async def test_the_messages_are_one_stop_of_the_tab_key(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    said = [(bo, f"See https://example.org/{number}", factory.later()) for number in range(30)]
    await factory.say(conversation, said)
    person = await at_browser(web, ada, f"/c/{conversation}")
    stops = person.page.locator(".timeline :is(li, a, button):not([tabindex='-1']):is([tabindex], a, button)")

    last = person.messages.last
    await expect(last).to_have_attribute("tabindex", "0")
    count = await stops.count()
    assert count == await last.locator("a, button").count() + 1
    await last.focus()
    await person.page.keyboard.press("ArrowUp")
    await expect(person.messages.nth(-2)).to_be_focused()
    await expect(last).to_have_attribute("tabindex", "-1")
    await expect(last.locator("a").first).to_have_attribute("tabindex", "-1")
    await expect(person.messages.nth(-2).locator(".text a")).to_have_attribute("tabindex", "0")


async def test_the_keys_are_listed(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    person = await at_browser(web, await factory.user("ada"))

    await person.page.keyboard.press("?")

    keys = person.page.locator("#shortcuts")
    for words in ("Edit your last message", "Reply", "React", "Delete", "All actions"):
        await expect(keys).to_contain_text(words)


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
    person = await at_browser(web, ada, f"/c/{conversation}", phone=True)
    finger = await touch(person)

    x, y = await put_finger(finger, person.message("Number 57").locator(".bubble"))
    for step in range(1, 13):
        point = {"x": x, "y": y + 10 * step}
        await finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    # Longer than it takes to hold a message.
    await person.page.evaluate("new Promise((resolve) => setTimeout(resolve, 700))")
    await lift_finger(finger)

    await expect(person.page.locator("#message-menu")).to_be_hidden()
    assert await person.page.locator(".scroller").evaluate("scroller => scroller.scrollTop") < -50


async def test_the_message_is_held_right_after_it_was_replied_to(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
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


async def test_system_lines_are_quiet_and_have_no_menu(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    group = await factory.group(ada, bo)
    await factory.say(group, [(ada, "added Bo", factory.later()), (bo, "Hello", factory.later())])
    await factory.pool.execute("update messages set content_type = 'system' where seq = 1")
    person = await at_browser(web, bo, f"/c/{group}")

    line = person.page.locator(".message.system")
    await expect(line).to_have_text(re.compile(r"^\s*Ada added Bo"))
    await person.message("Hello").hover()
    await expect(person.page.locator(".message-toolbar")).to_be_visible()
    await line.hover()
    await expect(line.locator(".message-toolbar")).to_have_count(0)
    await line.focus()
    await person.page.keyboard.press("Enter")
    await person.page.keyboard.press("ArrowDown")
    await expect(person.message("Hello")).to_be_focused()
    await expect(person.page.locator("#message-menu")).to_be_hidden()


async def test_nothing_of_it_is_closed_to_anybody(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(
        conversation, [(ada, "Mine", factory.later()), (bo, "Yours", factory.later()), (ada, "Gone", factory.later())]
    )
    person = await at_browser(web, ada, f"/c/{conversation}")

    async def is_open_to_all() -> None:
        results = await Axe().run(person.page)
        assert [violation["id"] for violation in results.response["violations"]] == []

    await person.do("Gone", "Delete")
    await is_open_to_all()
    await person.page.locator("#message-removal").get_by_role("button", name="Delete").click()
    await person.sees("This message was deleted.")
    await person.message("Mine").hover()
    await person.page.get_by_role("button", name="React", exact=True).click()
    await expect(person.page.locator("#emoji-results h3").first).to_be_visible()
    await is_open_to_all()
    await person.page.keyboard.press("Enter")
    await expect(person.reactions("Mine")).to_have_count(1)
    await person.do("Mine", "Reply")
    await person.write("To myself")
    await person.sees("To myself")
    await person.do("Mine", "Edit")
    await expect(person.field).to_have_value("Mine")
    await is_open_to_all()
    await person.write("Mine now")
    await person.sees("Mine now")
    await person.message("Mine now").hover()
    await person.page.get_by_role("button", name="More actions").click()
    await is_open_to_all()
    await person.page.keyboard.press("Escape")
    await person.do("Mine now", "Edit history")
    await expect(person.page.locator(".editions")).to_be_visible()
    await is_open_to_all()


async def test_what_could_not_be_fetched_is_fetched_when_it_is_asked_for_again(
    line: Proxy, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Hello", factory.later())])
    person = await at_browser(line, ada, f"/c/{conversation}")

    await person.unplug(line)
    await person.message("Hello").focus()
    await person.page.keyboard.press("r")
    await expect(person.page.locator("#banner")).to_be_visible()
    await expect(person.page.locator(".composer-bar")).to_have_count(0)

    await person.plug_in(line)
    await person.is_live()
    await person.message("Hello").focus()
    await person.page.keyboard.press("r")
    await expect(person.page.locator(".composer-bar")).to_contain_text("Hello")


async def test_everything_can_be_read_without_scripts(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Hello", factory.later()), (bo, "Lunch?", factory.later())])
    hello = await factory.pool.fetchval("select id from messages where seq = 1")
    await factory.pool.execute("insert into reactions (message_id, user_id, emoji) values ($1, $2, '👋')", hello, ada)
    await factory.pool.execute("update messages set reacted = true, edited_at = now() where seq = 1")
    await factory.pool.execute("update messages set reply_to = $1 where seq = 2", hello)
    person = await at_browser(web, ada, f"/c/{conversation}", scripts=False)

    await expect(person.reactions("Hello")).to_be_visible()
    await expect(person.reactions("Hello")).to_have_text("👋 1")
    await expect(person.message("Hello").locator(".edited")).to_be_visible()
    await expect(person.message("Lunch?").locator(".quote")).to_contain_text("Hello")
