"""What is done with a message by keys alone, and what everybody can read and reach."""

import re

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.browser.person import AtBrowser
from tests.factory import Factory
from tests.proxy import Proxy
from tests.servers import WebProcess


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


async def test_what_can_only_be_read_offers_nothing_else(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room = await factory.room(ada, bo)
    await factory.say(room, [(ada, "Mine", factory.later()), (bo, "Yours", factory.later())])
    for reader in (ada, bo):
        await factory.read(room, reader, 2)
    await factory.pool.execute("update conversations set archived_at = now() where id = $1", room)
    owner = await at_browser(web, ada, f"/c/{room}")
    member = await at_browser(web, bo, f"/c/{room}")

    for person, text, offered in (
        (owner, "Yours", ["Copy text", "Copy link", "Mark as unread", "Delete"]),
        (member, "Yours", ["Copy text", "Copy link", "Read by…", "Mark as unread"]),
    ):
        await person.message(text).focus()
        await person.page.keyboard.press("Enter")
        menu = person.page.locator("#message-menu")
        await expect(menu).to_be_visible()
        names = [await button.inner_text() for button in await menu.locator("button:visible").all()]
        assert [name.split("\n")[0] for name in names] == offered
        await person.page.keyboard.press("Escape")
        for key in ("r", "e", "+"):
            await person.page.keyboard.press(key)
        await expect(person.page.locator("dialog[open]")).to_have_count(0)
        await expect(person.message(text)).to_be_focused()
