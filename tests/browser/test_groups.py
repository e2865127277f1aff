"""Groups: begun with a few letters, and on every screen what they are now."""

import re
from uuid import UUID

from playwright.async_api import Locator, expect

from chat.db import Pool
from tests.browser.person import AtBrowser, Person
from tests.factory import Factory
from tests.servers import WebProcess

# What has to follow "within a second" is waited for no longer.
SECOND = 1_000


async def three(factory: Factory) -> tuple[UUID, UUID, UUID]:
    """Ada, Bo and Cy."""
    return await factory.user("ada"), await factory.user("bo"), await factory.user("cy")


async def open_details(person: Person) -> Locator:
    """The panel of the open conversation."""
    await person.page.locator("[data-action=details]").click()
    panel = person.page.locator("#details .details")
    await expect(panel).to_be_visible()
    return panel


async def choose(person: Person, *letters: str) -> None:
    """Choose people in the picker, each by some letters and Enter."""
    for number, text in enumerate(letters, start=1):
        await person.page.keyboard.type(text)
        await person.page.keyboard.press("Enter")
        await expect(person.page.locator(".chips .option")).to_have_count(number)


async def test_several_people_are_chosen_by_keys_and_make_a_group(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await three(factory)
    await factory.user("di")
    writer, reader = await at_browser(web, ada, "/people"), await at_browser(web, cy)
    page = writer.page
    await expect(page.locator("#picker-query")).to_be_focused()
    await expect(page.locator("#group-name")).to_be_hidden()
    await choose(writer, "di", "bo", "c")
    await expect(page.locator("#picker-results .option")).to_have_count(0)

    await page.keyboard.press("Backspace")
    await expect(page.locator(".chips .name")).to_have_text(["Di", "Bo"])
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#picker-results input").first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".chips .name")).to_have_text(["Di", "Bo", "Cy"])
    await page.locator(".chips .option", has_text="Di").click()
    await expect(page.locator(".chips .name")).to_have_text(["Bo", "Cy"])
    await page.get_by_label("Name of the group").fill("The trip")
    await page.keyboard.press("Enter")

    await expect(page.locator("h1")).to_have_text("The trip")
    await expect(page.locator(".about")).to_have_text("3 people")
    await expect(writer.field).to_be_focused()
    await expect(reader.page.locator("#conversation-list .name")).to_have_text("The trip")
    await writer.write("Who packs?")
    await reader.page.locator("#conversation-list a").click()
    await reader.sees("Who packs?")
    assert {ada, bo, cy} == {row["user_id"] for row in await factory.pool.fetch("select user_id from members")}


async def test_one_person_is_the_direct_conversation(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, _, conversation = await factory.pair()
    person = await at_browser(web, ada, "/people")

    await choose(person, "bo")
    await person.page.keyboard.press("Enter")

    await expect(person.page).to_have_url(re.compile(str(conversation)))
    await expect(person.page.locator("h1")).to_have_text("Bo")


async def test_who_is_added_sees_it_appear_and_who_is_removed_loses_it_within_a_second(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await three(factory)
    group = await factory.group(ada, bo, name="Trip")
    owner, added = await at_browser(web, ada, f"/c/{group}"), await at_browser(web, cy)
    await open_details(owner)
    await owner.page.get_by_role("link", name="Add people").click()
    await expect(owner.page.locator("#picker-query")).to_be_focused()
    await choose(owner, "cy")
    await owner.page.keyboard.press("Enter")

    await expect(added.row(group)).to_be_visible()
    await expect(owner.page.locator("#dialog")).to_be_hidden()
    await expect(owner.page.locator("#members .name")).to_have_text(["Ada", "Bo", "Cy"])
    await expect(owner.page.locator(".about")).to_have_text("3 people")
    await added.row(group).click()
    await added.field.fill("Half a thought")

    await owner.page.locator(".member", has_text="Cy").click()
    await owner.page.get_by_role("link", name="Remove from the group").click()
    await owner.page.get_by_role("button", name="Remove").click()

    await expect(owner.page.locator("#members .name")).to_have_text(["Ada", "Bo"])
    await expect(added.row(group)).to_have_count(0, timeout=SECOND)
    await expect(added.page.get_by_role("heading", name="no longer in this conversation")).to_be_visible()
    await owner.write("Among ourselves")
    await owner.sees("Among ourselves")
    await expect(added.row(group)).to_have_count(0)
    # Added once more, what was begun is there again.
    await factory.pool.execute(
        "insert into members (conversation_id, user_id, read_up_to_seq) values ($1, $2, 0)", group, cy
    )
    await added.go(f"/c/{group}")
    await expect(added.field).to_have_value("Half a thought")


async def test_a_new_name_shows_everywhere(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, cy = await three(factory)
    group = await factory.group(ada, bo, cy, name="Trip")
    owner, member = await at_browser(web, ada, f"/c/{group}"), await at_browser(web, bo, f"/c/{group}")
    elsewhere = await at_browser(web, cy)
    for person in (owner, member):
        await open_details(person)

    await owner.page.locator(".edit summary").click()
    await owner.page.get_by_label("Name", exact=True).fill("Voyage to the north")
    await owner.page.get_by_label("Topic").fill("Where we go")
    await owner.page.get_by_role("button", name="Save").click()

    for person in (owner, member):
        await expect(person.page.locator("h1")).to_have_text("Voyage to the north")
        await expect(person.page.locator(".about")).to_have_text("3 people · Where we go")
        await expect(person.page.locator(".details-name")).to_have_text("Voyage to the north")
        await expect(person.page.locator(".details-topic")).to_have_text("Where we go")
        await expect(person.page).to_have_title("Voyage to the north · Chat")
    for person in (owner, member, elsewhere):
        await expect(person.row(group).locator(".name")).to_have_text("Voyage to the north")
        await expect(person.row(group).locator(".avatar")).to_have_text("VN")
    await expect(owner.page.locator(".edit")).not_to_have_attribute("open", "")


async def test_a_name_that_is_refused_stays_in_its_field(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, _ = await three(factory)
    await factory.room(ada, name="Design")
    room = await factory.room(ada, bo, name="Plans")
    owner = await at_browser(web, ada, f"/c/{room}/details")

    await owner.page.locator(".edit summary").click()
    await owner.page.get_by_label("Name", exact=True).fill("design")
    await owner.page.get_by_label("Topic").fill("Not lost")
    await owner.page.get_by_role("button", name="Save").click()

    await expect(owner.page.locator(".field-error")).to_contain_text("There is a room called")
    await expect(owner.page.get_by_label("Name", exact=True)).to_have_value("design")
    await expect(owner.page.get_by_label("Topic")).to_have_value("Not lost")
    await expect(owner.page.locator("h1")).to_have_text("Plans")


async def test_a_group_without_a_name_is_called_after_the_others(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, _ = await three(factory)
    group = await factory.group(ada, bo, name=None)
    one, other = await at_browser(web, ada, f"/c/{group}"), await at_browser(web, bo, f"/c/{group}")
    await expect(one.page.locator("h1")).to_have_text("Bo")
    await open_details(other)

    await other.page.get_by_role("link", name="Add people").click()
    await expect(other.page.locator("#picker-query")).to_be_focused()
    await choose(other, "cy")
    await other.page.keyboard.press("Enter")

    await expect(one.page.locator("h1")).to_have_text("Bo and Cy")
    await expect(one.page).to_have_title("Bo and Cy · Chat")
    await expect(one.row(group).locator(".name")).to_have_text("Bo and Cy")
    await expect(other.page.locator("h1")).to_have_text("Ada and Cy")


async def test_the_panel_is_a_place_that_one_can_go_back_from(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await three(factory)
    group = await factory.group(ada, bo, cy, name="Trip")
    person = await at_browser(web, ada, f"/c/{group}")
    await person.field.fill("Half a thought")
    panel = await open_details(person)
    await expect(person.page).to_have_url(f"{web.url}/c/{group}/details")
    await expect(person.page.get_by_role("link", name="Close the details")).to_be_focused()

    await person.page.go_back()
    await expect(panel).to_have_count(0)
    await expect(person.page).to_have_url(f"{web.url}/c/{group}")
    await person.page.go_forward()
    await expect(panel).to_be_visible()
    await person.page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)
    await expect(person.page).to_have_url(f"{web.url}/c/{group}")
    await expect(person.page.locator("[data-action=details]")).to_be_focused()
    # The conversation itself was never loaded anew.
    await expect(person.field).to_have_value("Half a thought")

    await person.go(f"/c/{group}/details")
    await expect(panel).to_be_visible()
    await person.page.get_by_role("link", name="Close the details").click()
    await expect(panel).to_have_count(0)
    await expect(person.page).to_have_url(f"{web.url}/c/{group}")


async def test_the_panel_is_not_renewed_under_the_hands_of_somebody_who_types(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await three(factory)
    group = await factory.group(ada, bo, cy, name="Trip")
    await factory.set_role(group, bo, "admin")
    one, other = await at_browser(web, ada, f"/c/{group}/details"), await at_browser(web, bo, f"/c/{group}/details")
    await one.page.locator(".edit summary").click()
    await one.page.get_by_label("Topic").fill("Not lost")

    await other.page.locator(".edit summary").click()
    await other.page.get_by_label("Name", exact=True).fill("Voyage")
    await other.page.get_by_role("button", name="Save").click()
    await expect(one.page.locator("h1")).to_have_text("Voyage")
    await other.page.locator(".member", has_text="Cy").click()
    await other.page.get_by_role("link", name="Remove from the group").click()
    await other.page.get_by_role("button", name="Remove").click()

    await expect(one.page.locator(".about")).to_have_text("2 people")
    await expect(one.page.get_by_label("Topic")).to_have_value("Not lost")
    await expect(one.page.get_by_label("Topic")).to_be_focused()
    await expect(one.page.locator("#members .name")).to_have_text(["Ada", "Bo", "Cy"])
    await one.page.locator(".edit summary").click()
    await expect(one.page.locator("#members .name")).to_have_text(["Ada", "Bo"])


async def test_who_owns_it_hands_it_over_before_leaving(
    web: WebProcess, factory: Factory, at_browser: AtBrowser, pool: Pool
) -> None:
    ada, bo, cy = await three(factory)
    group = await factory.group(ada, bo, cy, name="Trip")
    owner, heir = await at_browser(web, ada, f"/c/{group}"), await at_browser(web, cy, f"/c/{group}")
    for person in (owner, heir):
        await open_details(person)
    await expect(heir.page.get_by_role("link", name="Delete the group")).to_have_count(0)

    await owner.page.get_by_role("link", name="Leave the group").click()
    await expect(owner.page.locator("#dialog")).to_contain_text("its only owner")
    await owner.page.get_by_role("button", name="Hand over and leave").click()
    assert await pool.fetchval("select count(*) from members where conversation_id = $1", group) == 3
    await owner.page.locator("#dialog .option", has_text="Cy").click()
    await owner.page.get_by_role("button", name="Hand over and leave").click()

    await expect(owner.page).to_have_url(f"{web.url}/")
    await expect(owner.row(group)).to_have_count(0)
    await expect(heir.page.get_by_role("link", name="Delete the group")).to_be_visible()
    await expect(heir.page.locator("#members .member", has_text="Cy").locator(".tag")).to_have_text("Owner")
    await expect(heir.page.locator("section.conversation")).to_have_attribute("data-role", "owner")


async def test_roles_are_given_and_what_they_allow_is_there_at_once(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await three(factory)
    group = await factory.group(ada, bo, cy, name="Trip")
    owner, member = await at_browser(web, ada, f"/c/{group}/details"), await at_browser(web, bo, f"/c/{group}/details")
    await expect(member.page.locator(".edit")).to_have_count(0)

    await owner.page.locator(".member", has_text="Bo").click()
    await owner.page.locator("#dialog .segments label", has_text="Admin").click()
    await owner.page.get_by_role("button", name="Save role").click()

    await expect(owner.page.locator("#dialog")).to_be_hidden()
    await expect(owner.page.locator("#members .member", has_text="Bo").locator(".tag")).to_have_text("Admin")
    await expect(member.page.locator(".edit")).to_be_visible()

    # The last owner can't step down, and is told what to do instead.
    await owner.page.locator(".member", has_text="Ada").click()
    await owner.page.locator("#dialog .segments label", has_text="Member").click()
    await owner.page.get_by_role("button", name="Save role").click()
    await expect(owner.page.locator("#dialog .notice.danger")).to_contain_text("Hand it over")


async def test_an_archived_group_can_be_read_and_nothing_more(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await three(factory)
    group = await factory.group(ada, bo, cy, name="Trip")
    owner, member = await at_browser(web, ada, f"/c/{group}/details"), await at_browser(web, bo, f"/c/{group}")
    await member.field.fill("Half a thought")

    await owner.page.get_by_role("link", name="Archive the group").click()
    await owner.page.get_by_role("button", name="Archive").click()

    for person in (owner, member):
        await expect(person.page.locator(".read-only")).to_be_visible()
        await expect(person.field).to_be_hidden()
    await owner.page.get_by_role("link", name="Open the group again").click()
    await owner.page.get_by_role("button", name="Open again").click()
    await expect(member.field).to_have_value("Half a thought")
    await expect(member.field).to_be_visible()


async def test_who_deletes_it_is_told_what_is_lost_and_everyone_loses_it(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await three(factory)
    group = await factory.group(ada, bo, cy, name="Trip")
    await factory.say(group, [(bo, f"Number {number}", factory.later()) for number in range(3)])
    owner, member = await at_browser(web, ada, f"/c/{group}/details"), await at_browser(web, bo, f"/c/{group}")

    await owner.page.get_by_role("link", name="Delete the group").click()
    await expect(owner.page.locator("#dialog")).to_contain_text("3 people lose the group")
    await expect(owner.page.locator("#dialog")).to_contain_text("3 messages")
    await expect(owner.page.get_by_role("link", name="Cancel")).to_be_focused()
    await owner.page.get_by_role("button", name="Delete for everyone").click()

    await expect(owner.page).to_have_url(f"{web.url}/")
    await expect(member.page.get_by_role("heading", name="This conversation was deleted")).to_be_visible()
    for person in (owner, member):
        await expect(person.row(group)).to_have_count(0)
