"""The panel beside a conversation: opened, kept up to date, and what is done in it by those who may."""

from playwright.async_api import expect

from chat.db import Pool
from tests.browser.person import AtBrowser
from tests.factory import Factory
from tests.servers import WebProcess


async def test_the_panel_is_a_place_that_one_can_go_back_from(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy, name="Trip")
    person = await at_browser(web, ada, f"/c/{group}")
    await person.field.fill("Half a thought")
    panel = await person.open_details()
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
    ada, bo, cy = await factory.three()
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
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy, name="Trip")
    owner, heir = await at_browser(web, ada, f"/c/{group}"), await at_browser(web, cy, f"/c/{group}")
    for person in (owner, heir):
        await person.open_details()
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
    ada, bo, cy = await factory.three()
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
    ada, bo, cy = await factory.three()
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
    ada, bo, cy = await factory.three()
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
