"""A message is deleted after a question, for everybody at once; its place stays."""

from playwright.async_api import expect

from tests.browser.person import AtBrowser, Person
from tests.factory import Factory
from tests.servers import WebProcess

GONE = "This message was deleted."


async def confirm(person: Person) -> None:
    dialog = person.page.locator("#message-removal")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(dialog).to_be_hidden()


async def test_a_deleted_message_leaves_its_place_and_nothing_else_on_any_screen(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "My password", factory.later()), (bo, "Oh", factory.later())])
    writer = await at_browser(web, ada, f"/c/{conversation}")
    reader = await at_browser(web, bo, f"/c/{conversation}")
    elsewhere = await at_browser(web, bo)
    await reader.do("Oh", "Reply")
    await reader.write("Better not")
    await reader.do("My password", "Reply")
    await reader.write("Delete that")
    quotes = reader.page.locator(".quote-text")
    await expect(quotes).to_have_text(["Oh", "My password"])
    await reader.do("My password", "Reply")
    await expect(reader.page.locator(".composer-bar")).to_contain_text("My password")

    await writer.do("My password", "Delete")
    await expect(writer.page.locator("#message-removal")).to_contain_text("My password")
    await confirm(writer)

    for person in (writer, reader):
        await person.sees(GONE)
        await expect(person.message(GONE)).to_have_class("message deleted")
        await expect(person.page.locator(".message .quote-text")).to_have_text(["Oh", "Message deleted"])
        assert [seq for seq, _ in await person.shown()] == [1, 2, 3, 4]
    await expect(reader.page.locator(".composer-bar .quote-text")).to_have_text("Message deleted")
    await expect(elsewhere.row(conversation).locator(".preview > bdi")).to_have_text("Delete that")
    assert "password" not in await elsewhere.page.content()

    await writer.message(GONE).hover()
    await expect(writer.message(GONE).locator(".message-toolbar")).to_have_count(0)


async def test_the_question_can_be_answered_with_no(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, _, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "Still needed", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")

    await person.do("Still needed", "Delete")
    await person.page.get_by_role("button", name="Cancel").click()
    await person.do("Still needed", "Delete")
    await person.page.keyboard.press("Escape")

    await expect(person.page.locator("#message-removal")).to_be_hidden()
    await person.sees("Still needed")
    assert [text for _, _, text in await factory.history(conversation)] == ["Still needed"]


async def test_who_manages_a_room_deletes_what_others_wrote_there(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room, group = await factory.room(ada, bo), await factory.group(ada, bo)
    for conversation in (room, group):
        await factory.say(conversation, [(bo, "Buy this", factory.later()), (ada, "No", factory.later())])
    owner = await at_browser(web, ada, f"/c/{room}")
    member = await at_browser(web, bo, f"/c/{room}")

    await owner.do("Buy this", "Delete")
    await confirm(owner)
    await member.sees(GONE)

    await member.message("No").hover()
    await member.page.get_by_role("button", name="More actions").click()
    menu = member.page.locator("#message-menu")
    await expect(menu.get_by_role("button", name="Reply")).to_be_visible()
    await expect(menu.get_by_role("button", name="Delete")).to_be_hidden()

    await owner.go(f"/c/{group}")
    await owner.message("Buy this").focus()
    await owner.page.keyboard.press("Delete")
    await expect(owner.page.locator("#toast")).to_have_text("You can delete your own messages only.")


async def test_a_deletion_that_is_refused_says_why_and_can_be_tried_again(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "Going", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")
    dialog = person.page.locator("#message-removal")
    await person.do("Going", "Delete")

    await person.context.set_offline(True)
    await dialog.get_by_role("button", name="Delete").click()
    await expect(dialog.get_by_role("alert")).to_have_text("You\u2019re offline.")
    await person.sees("Going")

    await person.context.set_offline(False)
    await dialog.get_by_role("button", name="Delete").click()
    await person.sees(GONE)


async def test_who_was_away_finds_what_everybody_else_sees(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    said = [(ada, f"Number {number}", factory.later()) for number in range(5)]
    await factory.say(conversation, said)
    present = await at_browser(web, ada, f"/c/{conversation}")
    away = await at_browser(web, bo, f"/c/{conversation}")
    await away.do("Number 1", "Reply")
    await away.write("That one?")
    await present.sees("That one?")
    await away.context.set_offline(True)
    await away.page.evaluate("document.getElementById('live')._htmx.ws.connection.socket.close()")
    await expect(away.page.locator("#banner")).to_be_visible()

    await present.do("Number 1", "Delete")
    await confirm(present)
    await present.do("Number 2", "Edit")
    await expect(present.field).to_have_value("Number 2")
    await present.write("Number two")
    await present.sees("Number two")
    await present.message("Number 3").hover()
    await present.page.get_by_role("button", name="More actions").click()
    await present.page.locator("#message-menu [data-emoji='🎉']").click()
    await expect(present.reactions("Number 3")).to_have_text("🎉 1")
    await present.write("All done")
    await present.sees("All done")

    await away.context.set_offline(False)
    await away.sees("All done")
    await expect(away.reactions("Number 3")).to_have_text("🎉 1")
    await expect(away.page.locator(".message .quote-text")).to_have_text("Message deleted")
    assert await away.shown() == await present.shown()


async def test_who_reads_far_above_sees_what_changes_there_and_nothing_else(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, f"Number {number}", factory.later()) for number in range(300)])
    writer = await at_browser(web, ada, f"/c/{conversation}?around=100")
    reader = await at_browser(web, bo, f"/c/{conversation}?around=100")
    assert await reader.messages.last.get_attribute("data-seq") != "300"

    await writer.do("Number 99", "Edit")
    await expect(writer.field).to_have_value("Number 99")
    await writer.write("Number ninety-nine")
    await reader.sees("Number ninety-nine")
    await writer.write("The newest")
    await writer.sees("The newest")
    await writer.go(f"/c/{conversation}?around=100")
    await writer.do("Number ninety-nine", "Delete")
    await confirm(writer)

    await reader.sees(GONE)
    seqs = [seq for seq, _ in await reader.shown()]
    assert seqs == list(range(seqs[0], seqs[-1] + 1))
    assert seqs[-1] < 300
