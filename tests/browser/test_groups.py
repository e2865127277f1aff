"""Groups: begun with a few letters, and on every screen what they are now."""

import re

from playwright.async_api import expect

from tests.browser.person import AtBrowser
from tests.factory import Factory
from tests.proxy import Proxy
from tests.servers import WebProcess

# What has to follow "within a second" is waited for no longer.
SECOND = 1_000


async def test_several_people_are_chosen_by_keys_and_make_a_group(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await factory.three()
    await factory.user("di")
    writer, reader = await at_browser(web, ada, "/people"), await at_browser(web, cy)
    page = writer.page
    await expect(page.locator("#picker-query")).to_be_focused()
    await expect(page.locator("#group-name")).to_be_hidden()
    await writer.choose("di", "bo", "c")
    await expect(page.locator("#picker-results .option")).to_have_count(0)

    await page.keyboard.press("Backspace")
    await expect(page.locator(".chips .name")).to_have_text(["Di", "Bo"])
    await expect(page.locator("#picker-results .option")).to_have_count(1)
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

    await person.choose("bo")
    await person.page.keyboard.press("Enter")

    await expect(person.page).to_have_url(re.compile(str(conversation)))
    await expect(person.page.locator("h1")).to_have_text("Bo")


async def test_who_is_added_sees_it_appear_and_who_is_removed_loses_it_within_a_second(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, name="Trip")
    owner, added = await at_browser(web, ada, f"/c/{group}"), await at_browser(web, cy)
    await owner.open_details()
    await owner.page.get_by_role("link", name="Add people").click()
    await owner.choose("cy")
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


async def test_who_was_removed_while_away_loses_it_on_coming_back(
    web: WebProcess, line: Proxy, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy, name="Trip")
    owner, away = await at_browser(web, ada, f"/c/{group}/details"), await at_browser(line, bo, f"/c/{group}")
    await away.unplug(line)

    await owner.page.locator(".member", has_text="Bo").click()
    await owner.page.get_by_role("link", name="Remove from the group").click()
    await owner.page.get_by_role("button", name="Remove").click()
    await expect(owner.page.locator("#members .name")).to_have_text(["Ada", "Cy"])
    await expect(away.field).to_be_visible()
    await away.plug_in(line)

    await expect(away.page.get_by_role("heading", name="no longer in this conversation")).to_be_visible()
    await expect(away.row(group)).to_have_count(0)


async def test_a_new_name_shows_everywhere(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy, name="Trip")
    owner, member = await at_browser(web, ada, f"/c/{group}"), await at_browser(web, bo, f"/c/{group}")
    elsewhere = await at_browser(web, cy)
    for person in (owner, member):
        await person.open_details()

    await owner.page.locator(".edit summary").click()
    await owner.page.get_by_label("Name", exact=True).fill("Voyage to the north")
    await owner.page.get_by_label("Topic").fill("Where we go")
    await owner.page.get_by_role("button", name="Save").click()

    for person in (owner, member):
        await expect(person.page.locator("h1")).to_have_text("Voyage to the north")
        await expect(person.page.locator(".beginning")).to_have_text(
            re.compile(r"VN\s+This is the start of Voyage to the north\.")
        )
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
    ada, bo, _ = await factory.three()
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
    ada, bo, _ = await factory.three()
    group = await factory.group(ada, bo, name=None)
    one, other = await at_browser(web, ada, f"/c/{group}"), await at_browser(web, bo, f"/c/{group}")
    await expect(one.page.locator("h1")).to_have_text("Bo")
    await other.open_details()

    await other.page.get_by_role("link", name="Add people").click()
    await other.choose("cy")
    await other.page.keyboard.press("Enter")

    await expect(one.page.locator("h1")).to_have_text("Bo and Cy")
    await expect(one.page).to_have_title("Bo and Cy · Chat")
    await expect(one.row(group).locator(".name")).to_have_text("Bo and Cy")
    await expect(other.page.locator("h1")).to_have_text("Ada and Cy")
