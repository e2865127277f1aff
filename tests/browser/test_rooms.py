"""Rooms: found, joined and left; links that lead into them; what one wants to hear of a conversation."""

import re

from playwright.async_api import expect

from chat.db import Pool
from tests.browser.person import AtBrowser
from tests.factory import Factory
from tests.servers import WebProcess


async def test_a_room_is_made_found_joined_and_left(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    maker = await at_browser(web, await factory.user("ada"), "/rooms")
    finder = await at_browser(web, await factory.user("bo"))
    await maker.page.get_by_role("link", name="Create the first one").click()
    await expect(maker.page.get_by_label("Name", exact=True)).to_be_focused()
    await maker.page.get_by_label("Name", exact=True).fill("   ")
    await maker.page.get_by_label("Topic").fill("What we draw")
    await maker.page.get_by_role("button", name="Create room").click()
    await expect(maker.page.locator(".field-error")).to_have_text("A room needs a name.")
    await expect(maker.page.get_by_label("Topic")).to_have_value("What we draw")
    await maker.page.get_by_label("Name", exact=True).fill("Design")
    await maker.page.get_by_role("button", name="Create room").click()
    await expect(maker.page.locator("h1")).to_have_text("Design")
    await expect(maker.page.locator("h1 .mark")).to_have_attribute("aria-label", "Public room")
    await expect(maker.page.locator(".about")).to_have_text("1 person · What we draw")

    await finder.page.get_by_role("link", name="Browse rooms").click()
    # Before a letter is typed, none of them is meant.
    await finder.page.locator("#rooms-query").press("Enter")
    await expect(finder.page.locator(".room .option")).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    await expect(finder.page).to_have_url(f"{web.url}/rooms")
    await finder.page.locator("#rooms-query").fill("zebra")
    await expect(finder.page.locator("#rooms")).to_contain_text("begins with “zebra”")
    await finder.page.locator("#rooms-query").fill("dra")
    await expect(finder.page.locator(".room .name")).to_have_text(["Design"])
    await finder.page.get_by_role("button", name="Join Design").click()

    await expect(finder.field).to_be_focused()
    await expect(finder.page.locator("#conversation-list .name")).to_have_text("Design")
    await expect(maker.page.locator(".about")).to_have_text("2 people · What we draw")
    await finder.write("Hello, everybody")
    await maker.sees("Hello, everybody")

    await finder.page.locator("[data-action=details]").click()
    await finder.page.get_by_role("link", name="Leave the room").click()
    await expect(finder.page.locator("#dialog")).to_contain_text("You can join again")
    await finder.page.get_by_role("button", name="Leave").click()

    await expect(finder.page).to_have_url(f"{web.url}/")
    await expect(finder.page.locator("#conversation-list > li")).to_have_count(0)
    await expect(maker.page.locator(".about")).to_have_text("1 person · What we draw")


async def test_the_address_of_a_public_room_shows_what_it_is_and_the_way_in(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room = await factory.room(ada, name="Design")
    await factory.say(room, [(ada, "Only for those who are in", factory.later())])
    hidden = await factory.room(ada, name="Board", visibility="private")
    person = await at_browser(web, bo, f"/c/{room}")

    await expect(person.page.locator("h1")).to_have_text("Design")
    await expect(person.page.locator("#pane")).to_contain_text("1 person")
    await expect(person.page.locator("#pane")).not_to_contain_text("Only for those who are in")
    await person.page.get_by_role("button", name="Join the room").click()
    await person.sees("Only for those who are in")

    await person.page.goto(f"/c/{hidden}")
    await expect(person.page.locator("#pane, main")).not_to_contain_text("Board")


async def test_the_switcher_finds_rooms_that_one_is_not_in(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    await factory.room(ada, name="Design")
    await factory.room(ada, bo, name="Desk")
    person = await at_browser(web, bo)

    await person.page.keyboard.press("Control+k")
    await person.page.keyboard.type("#des")
    options = person.page.locator("#switcher-results .option")
    await expect(options.locator(".name")).to_have_text(["Desk", "Design"])
    await expect(options.last).to_contain_text("Join")
    await options.last.click()

    await expect(person.page.get_by_role("button", name="Join the room")).to_be_visible()


async def test_a_link_leads_into_a_private_room(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada = await factory.user("ada", role="owner")
    room = await factory.room(ada, name="Board", visibility="private")
    owner, guest = await at_browser(web, ada, f"/c/{room}/details"), await at_browser(web, None)
    await owner.page.get_by_label("How many it lets in").select_option("1 person")
    await owner.page.get_by_role("button", name="Create link").click()
    link = await owner.page.get_by_label("Your new link").input_value()
    await owner.page.get_by_role("button", name="Copy").click()
    await expect(owner.page.get_by_role("button", name="Copied")).to_be_visible()

    page = guest.page
    await page.goto(link)
    await expect(page.get_by_role("heading")).to_contain_text("Board")
    await page.get_by_role("link", name="Create an account").click()
    await page.get_by_label("Your name").fill("Bo Ek")
    await page.get_by_label("Username").fill("bo")
    await page.get_by_label("Email").fill("bo@example.org")
    await page.get_by_label("Password").fill("correct horse battery")
    await page.get_by_role("button", name="Create account").click()

    await expect(page).to_have_url(f"{web.url}/c/{room}")
    await expect(page.locator("h1")).to_have_text("Board")
    await expect(owner.page.locator("#people-title")).to_have_text("2 people")
    # It was for one.
    late = await at_browser(web, await factory.user("late"))
    await late.page.goto(link)
    await expect(late.page.get_by_text("This link no longer works")).to_be_visible()


async def test_who_has_an_account_signs_in_and_comes_back_to_the_link(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room = await factory.room(ada, name="Board", visibility="private")
    owner, guest = await at_browser(web, ada, f"/c/{room}/details"), await at_browser(web, None)
    await owner.page.get_by_role("button", name="Create link").click()
    link = await owner.page.get_by_label("Your new link").input_value()
    token = link.rpartition("/")[2]

    await guest.page.goto(link)
    await guest.page.get_by_role("link", name="Sign in").click()
    await expect(guest.page).to_have_url(re.compile(rf"/login\?next=/join/{token}"))
    member = await at_browser(web, bo, f"/join/{token}")
    await member.page.get_by_role("button", name="Join the room").click()
    await expect(member.page).to_have_url(f"{web.url}/c/{room}")
    await member.page.goto(link)
    await expect(member.page.locator("h1")).to_have_text("Board")
    await expect(member.page).to_have_url(f"{web.url}/c/{room}")

    await owner.page.get_by_role("link", name="Close the details").click()
    await owner.page.locator("[data-action=details]").click()
    await owner.page.get_by_role("button", name="Take back").click()
    await expect(owner.page.locator(".links")).to_contain_text("No link leads here")


async def test_what_is_muted_is_quiet(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, cy = await factory.user("ada"), await factory.user("bo"), await factory.user("cy")
    loud, quiet = await factory.direct(ada, cy), await factory.room(bo, ada, name="Lunch")
    person = await at_browser(web, ada, f"/c/{quiet}")
    other = await at_browser(web, ada)
    await person.page.locator("[data-action=details]").click()

    await person.page.get_by_label("Mute").select_option("For 1 hour")

    await expect(person.page.get_by_text("Muted until")).to_be_visible()
    await expect(person.row(quiet).get_by_label("Muted")).to_be_visible()
    await person.page.locator(".segments label", has_text="Mentions").click()
    await expect(person.page.locator("#notify-mentions")).to_be_checked()
    await expect(person.page.locator("#notify-mentions")).to_be_focused()
    await expect(other.row(quiet).get_by_label("Muted")).to_be_visible()
    writers = [await at_browser(web, bo, f"/c/{quiet}"), await at_browser(web, cy, f"/c/{loud}")]
    for writer in writers:
        await writer.write("Hello")
    await expect(other.row(quiet).locator(".badge")).to_be_visible()
    await expect(other.page).to_have_title("(1) Conversations · Chat")

    await person.page.get_by_role("button", name="Unmute").click()
    await expect(other.row(quiet).get_by_label("Muted")).to_have_count(0)
    await expect(other.page).to_have_title("(2) Conversations · Chat")


async def test_who_is_blocked_and_who_blocks_write_no_more(
    web: WebProcess, factory: Factory, at_browser: AtBrowser, pool: Pool
) -> None:
    ada, bo, conversation = await factory.pair()
    one, other = await at_browser(web, ada, f"/c/{conversation}"), await at_browser(web, bo, f"/c/{conversation}")
    await one.page.locator("[data-action=details]").click()
    await expect(one.page.get_by_role("link", name="Leave")).to_have_count(0)

    await one.page.get_by_role("link", name="Block Bo").click()
    await one.page.get_by_role("button", name="Block").click()

    for person in (one, other):
        await expect(person.page.locator(".read-only")).to_be_visible()
        await expect(person.field).to_be_hidden()
    assert await pool.fetchval("select count(*) from blocks") == 1
    # Only who has done it is told who, and may take it back there as well.
    await expect(one.page.locator(".read-only")).to_contain_text("You have blocked Bo. Unblock", use_inner_text=True)
    await expect(other.page.locator(".read-only")).to_have_text(re.compile("^One of you"), use_inner_text=True)
    await one.page.locator(".read-only").get_by_role("button", name="Unblock").click()
    await expect(one.field).to_be_visible()
    await one.page.get_by_role("link", name="Block Bo").click()
    await one.page.get_by_role("button", name="Block").click()
    await expect(other.field).to_be_hidden()
    await one.page.get_by_role("link", name="Unblock Bo").click()
    await one.page.get_by_role("dialog").get_by_role("button", name="Unblock").click()
    await expect(other.field).to_be_visible()


async def test_what_is_refused_says_why_where_it_was_asked(
    web: WebProcess, factory: Factory, at_browser: AtBrowser, pool: Pool
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room = await factory.room(ada, bo, name="Design")
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", bo, ada)
    person = await at_browser(web, ada, f"/c/{room}/details")
    sentence = "You can't start a conversation with this person."

    await person.page.locator(".member", has_text="Bo").click()
    await person.page.locator("#dialog").get_by_role("button", name="Message").click()
    await expect(person.page.locator("#dialog .notice")).to_have_text(sentence)
    await person.page.keyboard.press("Escape")
    await person.page.keyboard.press("Control+k")
    await person.page.keyboard.type("bo")
    await person.page.locator("#switcher-results .option", has_text="New conversation").click()
    await expect(person.page.locator("#switcher-results")).to_have_text(sentence)
    await person.page.keyboard.press("Escape")

    await pool.execute("delete from members where user_id = $1", bo)
    await person.page.locator(".member", has_text="Bo").click()
    await expect(person.page.locator("#dialog .notice")).to_have_text("This person is not in it.")


async def test_many_people_are_shown_in_parts_and_found_by_name(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada = await factory.user("ada")
    others = [await factory.user(f"guest{number:02}") for number in range(70)]
    room = await factory.room(ada, *others, name="Everybody")
    person = await at_browser(web, ada, f"/c/{room}/details")
    members = person.page.locator("#members .member")
    await expect(members).to_have_count(50)

    await person.page.get_by_role("link", name="Show more").click()
    await expect(members).to_have_count(71)
    await person.page.get_by_placeholder("Find a person").fill("guest6")
    await expect(members).to_have_count(10)


async def test_everything_works_without_scripts(
    web: WebProcess, factory: Factory, at_browser: AtBrowser, pool: Pool
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    await factory.user("cy")
    page = (await at_browser(web, ada, "/people", scripts=False)).page
    for name in ("bo", "cy"):
        await page.locator("#picker-query").fill(name)
        await page.get_by_role("button", name="Search").click()
        await page.locator("#picker-results .option").click()
    await page.get_by_label("Name of the group").fill("Trip")
    await page.get_by_role("button", name="Start conversation").press("Enter")
    await expect(page.locator("h1")).to_have_text("Trip")

    await page.locator("[data-action=details]").click()
    await page.locator(".edit summary").click()
    await page.get_by_label("Topic").fill("Where we go")
    await page.locator(".edit").get_by_role("button", name="Save").click()
    await expect(page.locator(".details-topic")).to_have_text("Where we go")
    await page.locator(".segments label", has_text="Nothing").click()
    await page.locator(".details-part").get_by_role("button", name="Save").first.click()
    await expect(page.locator("#notify-none")).to_be_checked()
    await page.locator(".member", has_text="Cy").click()
    await page.get_by_role("link", name="Remove from the group").click()
    await page.get_by_role("button", name="Remove").click()
    await expect(page.locator("#members .name")).to_have_text(["Ada", "Bo"])
    await page.get_by_role("link", name="Add people").click()
    await page.locator("#picker-results .option", has_text="Cy").click()
    await page.get_by_role("button", name="Add").click()
    await expect(page.locator("#members .name")).to_have_text(["Ada", "Bo", "Cy"])
    await page.get_by_role("link", name="Leave the group").click()
    await page.get_by_role("radio").first.check()
    await page.get_by_role("button", name="Hand over and leave").click()
    await expect(page).to_have_url(f"{web.url}/")
    assert await pool.fetchval("select role from members where user_id = $1", bo) == "owner"

    await page.goto("/rooms/new")
    await page.get_by_label("Name", exact=True).fill("Design")
    await page.get_by_role("button", name="Create room").click()
    await expect(page.locator("h1")).to_have_text("Design")
