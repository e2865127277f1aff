"""One's own messages are edited in the composer; everybody sees what they say now, and what they said before."""

from playwright.async_api import expect

from tests.browser.person import AtBrowser, Person
from tests.factory import Factory
from tests.proxy import Proxy
from tests.servers import WebProcess


async def begin(person: Person, text: str) -> None:
    """Begin to edit the message with this text, and wait until it stands in the field."""
    await person.do(text, "Edit")
    await expect(person.field).to_have_value(text)


async def test_an_edit_shows_on_every_screen_with_what_was_said_before(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "Wensday, then", factory.later()), (bo, "Fine", factory.later())])
    writer = await at_browser(web, ada, f"/c/{conversation}")
    reader = await at_browser(web, bo, f"/c/{conversation}")
    await writer.field.fill("a draft")

    await writer.do("Wensday, then", "Edit")
    await expect(writer.page.locator(".composer-bar")).to_contain_text("Editing")
    await expect(writer.field).to_have_value("Wensday, then")
    await writer.write("**Wednesday**, then")

    await reader.sees("Wednesday, then")
    await expect(reader.message("Wednesday, then").locator("strong")).to_have_text("Wednesday")
    await writer.sees("Wednesday, then")
    await expect(writer.page.locator(".composer-bar")).to_have_count(0)
    await expect(writer.field).to_have_value("a draft")
    await expect(writer.field).to_be_focused()

    # What is edited is told as it reads, without marks; these stand in the field.
    await writer.field.fill("")
    await writer.field.press("ArrowUp")
    await expect(writer.field).to_have_value("**Wednesday**, then")
    await expect(writer.page.locator(".composer-bar .quote-text")).to_have_text("Wednesday, then")
    await writer.page.keyboard.press("Escape")

    await reader.message("Wednesday, then").get_by_role("button", name="edited").click()
    await expect(reader.page.locator("#message-details")).to_contain_text("Wensday, then")
    assert len(await writer.shown()) == 2


async def test_the_line_in_the_list_says_what_the_last_message_says_now(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "First", factory.later()), (ada, "Last", factory.later())])
    writer = await at_browser(web, ada, f"/c/{conversation}")
    elsewhere = await at_browser(web, bo)
    preview = elsewhere.row(conversation).locator(".preview > bdi")
    await expect(preview).to_have_text("Last")

    await begin(writer, "Last")
    await writer.write("Last of all")
    await expect(preview).to_have_text("Last of all")

    await begin(writer, "First")
    await writer.write("First of all")
    await writer.sees("First of all")
    await expect(preview).to_have_text("Last of all")


async def test_the_last_message_is_edited_from_an_empty_field_and_escape_leaves_it(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "Mine", factory.later()), (bo, "Yours", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")
    keyboard = person.page.keyboard
    await expect(person.field).to_be_focused()

    await keyboard.press("ArrowUp")
    await expect(person.field).to_have_value("Mine")
    await keyboard.type(" and more")
    await keyboard.press("Escape")
    await expect(person.field).to_have_value("")
    await expect(person.field).to_be_focused()
    await expect(person.page.locator(".composer-bar")).to_have_count(0)

    await keyboard.press("ArrowUp")
    await expect(person.field).to_have_value("Mine")
    await keyboard.type(" again")
    await keyboard.press("Enter")
    await person.sees("Mine again")
    # With words in it the field keeps its arrows.
    await keyboard.type("One")
    await keyboard.press("ArrowUp")
    await expect(person.field).to_have_value("One")
    await expect(person.page.locator(".composer-bar")).to_have_count(0)


async def test_nobody_edits_what_others_wrote(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Yours", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")

    await person.message("Yours").hover()
    await person.page.get_by_role("button", name="More actions").click()
    menu = person.page.locator("#message-menu")
    await expect(menu.get_by_role("button", name="Reply")).to_be_visible()
    await expect(menu.get_by_role("button", name="Edit")).to_be_hidden()
    await expect(menu.get_by_role("button", name="Delete")).to_be_hidden()
    await person.page.keyboard.press("Escape")

    await person.message("Yours").focus()
    await person.page.keyboard.press("e")
    await expect(person.page.locator("#toast")).to_have_text("Only your own messages can be edited.")
    await expect(person.page.locator(".composer-bar")).to_have_count(0)


async def test_an_edit_without_network_keeps_its_text_and_is_saved_when_tried_again(
    line: Proxy, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "Before", factory.later())])
    person = await at_browser(line, ada, f"/c/{conversation}")
    await begin(person, "Before")

    await person.unplug(line)
    await person.write("After")
    await expect(person.page.locator(".composer-error")).to_contain_text("Your change isn\u2019t saved yet.")
    await expect(person.field).to_have_value("After")
    await person.sees("Before")

    await person.plug_in(line)
    await person.is_live()
    await person.page.get_by_role("button", name="Try again").click()
    await person.sees("After")
    await expect(person.page.locator(".composer-error")).to_be_hidden()
    await expect(person.field).to_have_value("")


async def test_an_edit_that_was_begun_outlives_the_page(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    other = await factory.direct(ada, await factory.user("cy"))
    await factory.say(conversation, [(ada, "Before", factory.later()), (bo, "Fine", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")
    await person.field.fill("a draft")
    await begin(person, "Before")
    await person.field.fill("Half way")

    await person.row(other).click()
    await expect(person.page.locator("h1")).to_have_text("Cy")
    await expect(person.field).to_have_value("")
    await person.row(conversation).click()
    await expect(person.field).to_have_value("Half way")

    await person.go(f"/c/{conversation}")
    await expect(person.field).to_have_value("Half way")
    await expect(person.page.locator(".composer-bar")).to_contain_text("Editing")
    await person.field.press("Enter")
    await person.sees("Half way")
    await expect(person.field).to_have_value("a draft")
    assert [text for _, _, text in await factory.history(conversation)] == ["Half way", "Fine"]


async def test_a_message_that_is_deleted_while_it_is_edited_leaves_its_text(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "Before", factory.later()), (bo, "Fine", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")
    same = await at_browser(web, ada, f"/c/{conversation}")
    await begin(person, "Before")
    await person.field.fill("A thought that took long")

    await same.do("Before", "Delete")
    await same.page.get_by_role("button", name="Delete", exact=True).click()

    await expect(person.page.locator(".composer-bar")).to_contain_text("This message was deleted.")
    await expect(person.field).to_have_value("A thought that took long")
    await person.field.press("Enter")
    await same.sees("A thought that took long")
    await expect(person.page.locator(".composer-bar")).to_have_count(0)


async def test_a_refused_edit_says_why(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, _, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "Before", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")
    await begin(person, "Before")

    await factory.pool.execute("update conversations set archived_at = now() where id = $1", conversation)
    await person.write("After")

    await expect(person.page.locator(".composer-error")).to_contain_text("This conversation is archived.")
    await expect(person.field).to_have_value("After")
