"""Reactions: chosen from the menu, the picker or what others chose; counted, taken back, and by whom."""

import asyncio

from playwright.async_api import Route, expect

from tests.browser.person import AtBrowser, Person
from tests.factory import Factory
from tests.servers import WebProcess


async def pick(person: Person, text: str) -> None:
    """Open the picker at the message with this text."""
    await person.message(text).hover()
    await person.page.get_by_role("button", name="React", exact=True).click()
    await expect(person.page.locator("#emoji-picker")).to_be_visible()


async def test_a_reaction_is_seen_counted_joined_and_taken_back(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "It works", factory.later()), (bo, "Good", factory.later())])
    one = await at_browser(web, ada, f"/c/{conversation}")
    other = await at_browser(web, bo, f"/c/{conversation}")

    await pick(one, "It works")
    await one.page.locator(".emoji-often [data-emoji='🎉']").click()
    for person, pressed in ((one, "true"), (other, "false")):
        await expect(person.reactions("It works")).to_have_text("🎉 1")
        await expect(person.reactions("It works")).to_have_attribute("aria-pressed", pressed)

    await other.reactions("It works").click()
    for person in (one, other):
        await expect(person.reactions("It works")).to_have_text("🎉 2")
        await expect(person.reactions("It works")).to_have_attribute("aria-pressed", "true")

    await one.reactions("It works").click()
    await expect(other.reactions("It works")).to_have_text("🎉 1")
    await other.reactions("It works").click()
    for person in (one, other):
        await expect(person.reactions("It works")).to_have_count(0)
        await expect(person.message("It works")).to_have_attribute("data-revision", "6")
    assert await factory.pool.fetchval("select count(*) from reactions") == 0


async def test_any_emoji_is_found_by_its_name_and_comes_first_the_next_time(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Look, a boat", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")
    keyboard = person.page.keyboard

    await pick(person, "Look, a boat")
    await keyboard.type("sailb")
    # Quicker than the answer.
    await keyboard.press("Enter")
    await expect(person.reactions("Look, a boat")).to_have_text("⛵ 1")

    await pick(person, "Look, a boat")
    await expect(person.page.locator(".emoji-often [data-emoji]").first).to_have_text("⛵")
    await expect(person.page.locator("#emoji-results h3").first).to_have_text("Faces")
    await keyboard.type("no such thing")
    await expect(person.page.locator("#emoji-results")).to_contain_text("No emoji is called “no such thing”.")
    await keyboard.press("Escape")
    await expect(person.page.locator("#emoji-picker")).to_be_hidden()
    await expect(person.reactions("Look, a boat")).to_have_text("⛵ 1")


async def test_the_grid_is_walked_with_the_arrows(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Well?", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")
    keyboard = person.page.keyboard
    often = person.page.locator(".emoji-often [data-emoji]")

    await pick(person, "Well?")
    await expect(person.page.locator("#emoji-results [data-emoji]").first).to_be_visible()
    await keyboard.press("ArrowDown")
    await expect(often.first).to_be_focused()
    await keyboard.press("ArrowRight")
    await keyboard.press("ArrowRight")
    await expect(often.nth(2)).to_be_focused()
    await keyboard.press("ArrowDown")
    await expect(person.page.locator("#emoji-results [data-emoji]").nth(2)).to_be_focused()
    await keyboard.press("ArrowUp")
    await keyboard.press("ArrowUp")
    await expect(person.page.get_by_role("searchbox", name="Search emoji")).to_be_focused()
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    await expect(person.reactions("Well?")).to_have_text("👍 1")


async def test_who_reacted_is_told(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, cy = await factory.user("ada"), await factory.user("bo"), await factory.user("cy")
    group = await factory.group(ada, bo, cy)
    await factory.say(group, [(bo, "Lunch?", factory.later())])
    message = await factory.pool.fetchval("select id from messages")
    await factory.pool.executemany(
        "insert into reactions (message_id, user_id, emoji, created_at) values ($1, $2, $3, $4)",
        [(message, user, emoji, factory.later()) for user, emoji in ((cy, "🍕"), (ada, "🍕"), (bo, "🍜"))],
    )
    await factory.pool.execute("update messages set reacted = true")
    person = await at_browser(web, ada, f"/c/{group}")
    await expect(person.reactions("Lunch?")).to_have_text(["🍕 2", "🍜 1"])

    await person.reactions("Lunch?").first.hover()
    await expect(person.page.get_by_role("tooltip")).to_have_text("Cy and you")

    await person.do("Lunch?", "Who reacted")
    dialog = person.page.locator("#message-details")
    await expect(dialog.locator("h3")).to_have_text(["🍕 2", "🍜 1"])
    await expect(dialog.locator("bdi")).to_have_text(["Cy", "You", "Bo"])


async def test_many_clicks_end_in_what_was_wanted_last(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Yes or no?", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")
    answers = asyncio.Event()

    async def slowly(route: Route) -> None:
        await answers.wait()
        await route.continue_()

    await pick(person, "Yes or no?")
    await person.page.route("**/reactions", slowly)
    await person.page.locator(".emoji-often [data-emoji='👍']").click()
    chip = person.reactions("Yes or no?")
    await expect(chip).to_have_text("👍 1")
    # News that come before the answer don't take away what was clicked.
    writer = await at_browser(web, bo, f"/c/{conversation}")
    await writer.do("Yes or no?", "Edit")
    await expect(writer.field).to_have_value("Yes or no?")
    await writer.write("Yes, or no?")
    await person.sees("Yes, or no?")
    chip = person.reactions("Yes, or no?")
    await expect(chip).to_have_text("👍 1")
    await chip.click()
    await expect(chip).to_have_count(0)
    answers.set()

    # Edited, chosen, taken back.
    for reader in (person, writer):
        await expect(reader.message("Yes, or no?")).to_have_attribute("data-revision", "4")
        await expect(reader.reactions("Yes, or no?")).to_have_count(0)
    assert await factory.pool.fetchval("select count(*) from reactions") == 0


async def test_a_reaction_that_does_not_arrive_is_taken_back_on_the_screen(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Still there?", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")
    await pick(person, "Still there?")

    await person.context.set_offline(True)
    await person.page.locator(".emoji-often [data-emoji='👍']").click()
    await expect(person.page.locator("#toast")).to_have_text("You\u2019re offline.")
    await expect(person.reactions("Still there?")).to_have_count(0)

    await person.context.set_offline(False)
    await pick(person, "Still there?")
    await person.page.locator(".emoji-often [data-emoji='👍']").click()
    await expect(person.message("Still there?")).to_have_attribute("data-revision", "2")
    await expect(person.reactions("Still there?")).to_have_text("👍 1")
    assert await factory.pool.fetchval("select count(*) from reactions") == 1


async def test_reactions_that_come_move_nothing_that_is_read(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, f"Number {number}", factory.later()) for number in range(48)])
    await factory.read(conversation, ada, 48)
    reader = await at_browser(web, ada, f"/c/{conversation}")
    writer = await at_browser(web, bo, f"/c/{conversation}")
    await reader.page.locator(".scroller").evaluate("scroller => (scroller.scrollTop = -700)")
    seen = reader.message("Number 20")
    await expect(seen).to_be_in_viewport()
    place = await seen.bounding_box()
    assert place is not None

    for text in ("Number 3", "Number 46"):
        await pick(writer, text)
        await writer.page.locator(".emoji-often [data-emoji='👍']").click()
        await expect(reader.reactions(text)).to_have_text("👍 1")

    assert await seen.bounding_box() == place
    # Neither does one's own, where it is given.
    await pick(reader, "Number 20")
    await reader.page.locator(".emoji-often [data-emoji='👍']").click()
    await expect(reader.reactions("Number 20")).to_have_text("👍 1")
    await expect(seen).to_have_attribute("data-revision", "51")
    after = await seen.bounding_box()
    assert after is not None
    assert after["y"] == place["y"]
