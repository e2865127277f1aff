"""Contacts, blocks and privacy, as people use them: everything is seen at once, and by the other one too."""

from uuid import UUID

import pytest
from playwright.async_api import Locator, expect

from chat.db import Pool
from tests.browser.person import AtBrowser, Person, StartWeb
from tests.browser.test_pages import problems, runs_out
from tests.factory import Factory
from tests.servers import WebProcess


def contact(person: Person, user_id: UUID) -> Locator:
    """Somebody's line on the page of contacts."""
    return person.page.locator(f"#contact-{user_id}")


def card(person: Person) -> Locator:
    """The dialog, open."""
    return person.page.locator("#dialog[open]")


async def ask(factory: Factory, who: UUID, *whom: UUID, accepted: bool = False) -> None:
    """The first has asked the others."""
    await factory.pool.execute(
        """
        insert into contacts (low, high, requested_by, accepted_at)
        select least($1, other), greatest($1, other), $1, case when $3 then now() end from unnest($2::uuid[]) as other
        """,
        who,
        whom,
        accepted,
    )


async def test_a_request_is_seen_at_once_and_answered(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    hers, his = await at_browser(web, ada), await at_browser(web, bo)
    await expect(his.page.locator("#requests")).to_be_hidden()

    await hers.page.get_by_role("button", name="Your account").click()
    await hers.page.get_by_role("link", name="Contacts").click()
    await expect(hers.page.get_by_role("heading", name="Contacts", exact=True)).to_be_visible()
    await hers.page.get_by_label("Find people to add").fill("bo")
    await contact(hers, bo).get_by_role("button", name="Add").click()
    await expect(contact(hers, bo).get_by_role("button", name="Withdraw")).to_be_focused()
    await expect(hers.page.get_by_label("Find people to add")).to_have_value("bo")

    await his.page.get_by_role("button", name="Your account").click()
    await expect(his.page.locator("#requests")).to_have_text("1 request")
    await his.page.get_by_role("link", name="Contacts").click()
    await contact(his, ada).get_by_role("button", name="Accept").click()
    await expect(contact(his, ada).get_by_role("button", name="Message")).to_be_visible()
    await expect(his.page.locator("#requests")).to_be_hidden()
    # Her page, which shows what she has looked for, says so by itself.
    await expect(contact(hers, bo).get_by_role("button", name="Message")).to_be_visible()

    await contact(hers, bo).get_by_role("button", name="Message").click()
    await expect(hers.field).to_be_visible()


async def test_the_card_is_opened_from_the_list_and_acts_in_its_place(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    await ask(factory, bo, ada)
    person = await at_browser(web, ada, "/contacts")
    await contact(person, bo).get_by_role("link").click()
    await expect(card(person)).to_contain_text("Would like to be in your contacts")
    await card(person).get_by_role("button", name="Accept").click()
    await expect(card(person)).to_contain_text("In your contacts")
    # What is behind it follows.
    await expect(person.page.locator("#contacts")).to_contain_text("Your contacts")

    await card(person).get_by_role("link", name="Block Bo").click()
    await expect(card(person).get_by_role("link", name="Cancel")).to_be_focused()
    await card(person).get_by_role("button", name="Block").click()
    await expect(card(person)).to_contain_text("You have blocked Bo.")
    await expect(card(person).get_by_role("button", name="Message")).to_have_count(0)
    await person.page.keyboard.press("Escape")
    await contact(person, bo).get_by_role("button", name="Unblock").click()
    await expect(contact(person, bo)).to_have_count(0)


async def test_in_a_room_the_card_of_a_member_makes_contacts_without_losing_its_place(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room = await factory.room(ada, bo)
    person = await at_browser(web, ada, f"/c/{room}/details")
    await person.page.locator("#members").get_by_role("link", name="Bo").click()
    await card(person).get_by_role("button", name="Add to contacts").click()
    await expect(card(person).get_by_role("button", name="Withdraw")).to_be_focused()
    await expect(card(person).get_by_role("radio", name="Admin")).to_be_attached()
    await card(person).get_by_role("button", name="Withdraw").click()
    await expect(card(person).get_by_role("button", name="Add to contacts")).to_be_visible()


async def test_from_the_details_of_a_direct_conversation_one_gets_to_the_card(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await factory.pair()
    person = await at_browser(web, ada, f"/c/{conversation}")
    panel = await person.open_details()
    await panel.get_by_role("link", name="View profile").click()
    await expect(card(person).get_by_role("button", name="Add to contacts")).to_be_visible()


async def test_what_was_refused_says_why_where_it_was_asked(
    web: WebProcess, factory: Factory, at_browser: AtBrowser, pool: Pool
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    person = await at_browser(web, ada, "/contacts?q=bo")
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", bo, ada)
    await contact(person, bo).get_by_role("button", name="Add").click()
    await expect(person.page.get_by_role("alert")).to_have_text("You can't add this person to your contacts.")
    await contact(person, bo).get_by_role("link").click()
    await card(person).get_by_role("button", name="Add to contacts").click()
    await expect(card(person).get_by_role("alert")).to_have_text("You can't add this person to your contacts.")


async def test_privacy_is_saved_as_it_is_chosen(
    web: WebProcess, factory: Factory, at_browser: AtBrowser, pool: Pool
) -> None:
    ada = await factory.user("ada")
    person = await at_browser(web, ada, "/settings")
    await person.page.get_by_role("link", name="Change privacy").click()
    for id_, checked in (("read-receipts", False), ("sharing-contacts", True), ("invisible", True)):
        box = person.page.locator(f"#{id_}")
        await box.click()
        # As the server has it.
        await expect(box.and_(person.page.locator("[checked]"))).to_have_count(int(checked))
        await expect(person.page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
        await expect(box).to_be_focused()
    row = await pool.fetchrow("select read_receipts_enabled, presence_sharing, invisible from users where id = $1", ada)
    assert row is not None
    assert tuple(row) == (False, "contacts", True)
    await person.go("/settings/privacy")
    await expect(person.page.locator("#sharing-contacts")).to_be_checked()
    await expect(person.page.locator("#read-receipts")).not_to_be_checked()


async def test_one_conversation_can_differ(
    web: WebProcess, factory: Factory, at_browser: AtBrowser, pool: Pool
) -> None:
    ada, _, conversation = await factory.pair()
    person = await at_browser(web, ada, f"/c/{conversation}")
    panel = await person.open_details()
    receipts = panel.get_by_role("group", name="Read receipts in this conversation")
    await expect(receipts.get_by_label("As in settings")).to_be_checked()
    await receipts.get_by_label("Off").check()
    await expect(person.page.locator("#receipts-off[checked]")).to_be_attached()
    enabled = "select read_receipts_enabled from members where user_id = $1"
    assert await pool.fetchval(enabled, ada) is False
    await receipts.get_by_label("As in settings").check()
    await expect(person.page.locator("#receipts-settings[checked]")).to_be_attached()
    assert await pool.fetchval(enabled, ada) is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_stands_in_anybodys_way(
    web: WebProcess, factory: Factory, at_browser: AtBrowser, width: int, scheme: str
) -> None:
    ada = await factory.user("ada")
    others = [await factory.user(f"bo{number}", display_name="Bo " + "of a long name " * 4) for number in range(6)]
    person = await at_browser(web, ada, "/contacts", phone=width < 600)
    await person.page.set_viewport_size({"width": width, "height": 780})
    await person.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    found = await faults(person, "nobody yet")
    await ask(factory, ada, *others[:2])
    await ask(factory, ada, *others[2:4], accepted=True)
    await ask(factory, others[4], ada)
    await factory.pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", ada, others[5])
    for path in ("/contacts", "/contacts?q=bo", "/contacts?q=none", "/settings/privacy"):
        await person.go(path)
        found += await faults(person, path)
    for other in others:
        await person.go("/contacts")
        await contact(person, other).get_by_role("link").click()
        await expect(card(person)).to_be_visible()
        found += await faults(person, "card")
    await card(person).get_by_role("link", name="Unblock").click()
    await expect(card(person).get_by_role("link", name="Cancel")).to_be_visible()
    found += await faults(person, "block")
    assert found == []


async def faults(person: Person, where: str) -> list[str]:
    """What axe finds, and whether the page runs out of the window."""
    wide = [f"{where} runs out of the window"] if await runs_out(person.page) else []
    return wide + [f"{where}: {problem}" for problem in await problems(person.page)]


async def test_what_was_not_saved_says_so_and_stands_as_it_was(
    start_web: StartWeb, factory: Factory, at_browser: AtBrowser
) -> None:
    ada = await factory.user("ada")
    person = await at_browser(start_web(CHANGE_LIMIT_PER_MINUTE="1", CHANGE_BURST="1"), ada, "/settings/privacy")
    await person.page.locator("#invisible").click()
    await expect(person.page.locator("#saved")).to_have_text("Saved")
    await person.page.locator("#sharing-nobody").click()
    await expect(person.page.get_by_role("alert")).to_contain_text("going a little fast")
    await expect(person.page.locator("#saved")).to_be_empty()
    await expect(person.page.locator("#sharing-everyone")).to_be_checked()
    await expect(person.page.locator("#invisible")).to_be_checked()


async def test_whoever_has_asked_for_more_keeps_it_when_there_is_news(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    many = [await factory.user() for _ in range(60)]
    await ask(factory, ada, *many, accepted=True)
    hers, his = await at_browser(web, ada, "/contacts"), await at_browser(web, bo, f"/people/{ada}")
    listed = hers.page.get_by_role("region", name="Your contacts").locator(".contact")
    await expect(listed).to_have_count(50)
    await hers.page.get_by_role("link", name="Show more").click()
    await expect(listed).to_have_count(60)

    await his.page.get_by_role("button", name="Add to contacts").click()
    await expect(contact(hers, bo).get_by_role("button", name="Accept")).to_be_visible()
    await expect(listed).to_have_count(60)

    # What one does oneself shows what has become of it.
    await contact(hers, bo).get_by_role("button", name="Accept").click()
    await expect(contact(hers, bo).get_by_role("button", name="Message")).to_be_visible()


async def test_contacts_fit_a_phone(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, cy = await factory.three()
    await ask(factory, ada, bo, accepted=True)
    await ask(factory, cy, ada)
    hers = await at_browser(web, ada, "/people", phone=True)
    await hers.page.get_by_role("link", name="Contacts").click()

    # Removing somebody is a matter for the card; who asks is told by the username.
    await expect(contact(hers, bo).get_by_role("button", name="Message")).to_be_visible()
    await expect(contact(hers, bo).get_by_role("button", name="Remove")).to_be_hidden()
    await expect(contact(hers, cy).locator(".handle")).to_be_visible()
    field = await hers.page.locator(".people-search .search-field").bounding_box()
    button = await contact(hers, bo).get_by_role("button", name="Message").bounding_box()
    assert field is not None
    assert button is not None
    assert button["x"] + button["width"] == pytest.approx(field["x"] + field["width"], abs=1)
    await contact(hers, bo).get_by_role("link").click()
    await card(hers).get_by_role("button", name="Remove").click()
    await expect(contact(hers, bo)).to_have_count(0)


@pytest.mark.parametrize("whose", ["person", "conversation"])
async def test_a_dialog_in_a_tab_of_its_own_does_what_it_says(
    web: WebProcess, factory: Factory, at_browser: AtBrowser, whose: str
) -> None:
    ada, bo, conversation = await factory.pair()
    address = f"/people/{bo}" if whose == "person" else f"/c/{conversation}"
    hers = await at_browser(web, ada, f"{address}/block")

    await hers.page.get_by_role("link", name="Cancel").click()
    await expect(hers.page.get_by_role("heading", name="Block Bo?")).to_have_count(0)
    await hers.go(f"{address}/block")
    await hers.page.get_by_role("button", name="Block").click()

    await expect(hers.page.get_by_role("heading", name="Block Bo?")).to_have_count(0)
    await hers.go(f"/c/{conversation}")
    await expect(hers.page.get_by_role("button", name="Unblock")).to_be_visible()


async def test_whoever_appears_offline_is_reminded_of_it_on_each_device(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada = await factory.user("ada")
    here, elsewhere = await at_browser(web, ada, "/settings/privacy"), await at_browser(web, ada, phone=True)
    reminders = [person.page.get_by_role("link", name="You appear offline") for person in (here, elsewhere)]
    for person in (here, elsewhere):
        await person.page.get_by_role("button", name="Your account").click()
    for reminder in reminders:
        await expect(reminder).to_be_hidden()
    await here.page.keyboard.press("Escape")

    await here.page.get_by_label("Appear offline").check()
    await expect(here.page.locator("#own-avatar")).to_have_attribute("data-status", "offline")
    await expect(reminders[1]).to_be_visible()

    await reminders[1].click()
    await elsewhere.page.get_by_label("Appear offline").uncheck()
    for person in (here, elsewhere):
        await expect(person.page.locator("#own-avatar")).not_to_have_attribute("data-status", "offline")
