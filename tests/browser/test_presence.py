"""Who is there, as others see it: dots, words, and when somebody was seen last."""

import re

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, expect

from tests.browser.person import AtBrowser, Person, StartWeb
from tests.factory import Factory
from tests.servers import ServerFolder, WebProcess

# So that nobody waits for those who have gone.
QUICK = {"CONNECT_LIMIT_PER_MINUTE": "0", "SEND_LIMIT_PER_MINUTE": "0", "PRESENCE_GRACE_SECONDS": "0.2"}
FIVE_MINUTES = 300_000
ANYTHING = re.compile(".")


def words(person: Person) -> Locator:
    """What the open conversation's header says of the other one."""
    return person.page.locator(".conversation-header .presence")


async def dot_is(avatar: Locator, status: str) -> None:
    """Wait until an avatar has this dot."""
    await expect(avatar).to_have_attribute("data-status", status)


async def test_dots_and_words_follow_those_who_come_and_go(
    start_web: StartWeb, factory: Factory, at_browser: AtBrowser
) -> None:
    web = start_web(**QUICK)
    ada, bo, conversation = await factory.acquainted()
    reader = await at_browser(web, ada, f"/c/{conversation}")
    in_list, in_header = (
        reader.row(conversation).locator(".avatar"),
        reader.page.locator(f"#header-avatar-{conversation}"),
    )
    for avatar in (in_list, in_header):
        await dot_is(avatar, "offline")
    await expect(words(reader)).to_have_text("Offline")

    other = await at_browser(web, bo, phone=True)
    for avatar in (in_list, in_header):
        await dot_is(avatar, "online")
    await expect(words(reader)).to_have_text("Online on mobile")
    await expect(reader.row(conversation).get_by_role("img", name="Online")).to_be_visible()
    assert (await Axe().run(reader.page)).response["violations"] == []

    await other.page.close()
    await dot_is(in_list, "offline")
    await expect(words(reader)).to_have_text("Last seen just now")
    await expect(reader.row(conversation).get_by_role("img")).to_have_count(0)


async def test_who_does_nothing_for_five_minutes_is_away_until_the_next_key(
    start_web: StartWeb, factory: Factory, at_browser: AtBrowser
) -> None:
    web = start_web(**QUICK)
    ada, bo, conversation = await factory.acquainted()
    reader, other = await at_browser(web, ada, f"/c/{conversation}"), await at_browser(web, bo, clock=True)
    await expect(words(reader)).to_have_text("Online on desktop")

    await other.page.clock.fast_forward(FIVE_MINUTES + 15_000)
    await expect(words(reader)).to_have_text("Away on desktop")
    await dot_is(reader.row(conversation).locator(".avatar"), "away")

    await other.page.keyboard.press("Shift")
    await expect(words(reader)).to_have_text("Online on desktop")


async def test_last_seen_ages_by_itself(start_web: StartWeb, factory: Factory, at_browser: AtBrowser) -> None:
    web = start_web(**QUICK)
    ada, bo, conversation = await factory.acquainted()
    other = await at_browser(web, bo)
    reader = await at_browser(web, ada, f"/c/{conversation}", clock=True)
    await expect(words(reader)).to_have_text("Online on desktop")
    await other.page.close()
    await expect(words(reader)).to_have_text("Last seen just now")

    await reader.page.clock.fast_forward(FIVE_MINUTES + 1_000)
    await expect(words(reader)).to_have_text("Last seen 5 minutes ago")
    # Kept wherever it is swapped in again.
    await reader.page.locator("[data-action=details]").click()
    await expect(reader.page.locator(".details .presence")).to_have_text("Last seen 5 minutes ago")


async def test_wherever_a_person_is_shown(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    stranger = await factory.user("eve")
    reader = await at_browser(web, ada, f"/c/{group}")
    for one in (bo, stranger):
        await at_browser(web, one)
    page = reader.page

    panel = await reader.open_details()
    await dot_is(panel.locator(f"#member-{bo} .avatar"), "online")
    await dot_is(panel.locator(f"#member-{cy} .avatar"), "offline")
    await panel.locator(f"#member-{bo} a").click()
    await expect(page.locator("#dialog .presence")).to_have_text("Online on desktop")
    await page.keyboard.press("Escape")

    await page.keyboard.press("Control+k")
    await page.keyboard.type("b")
    await dot_is(page.locator(f'#switcher [data-person="{bo}"]'), "online")
    await page.keyboard.press("Escape")

    await page.goto("/people")
    await dot_is(page.locator(f'#picker [data-person="{bo}"]'), "online")
    # Nothing is shared with somebody whom nothing connects with.
    await expect(page.locator(f'#picker [data-person="{stranger}"]')).not_to_have_attribute("data-status", ANYTHING)


async def test_a_reload_shows_at_once_what_was_known(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.acquainted()
    reader = await at_browser(web, ada, f"/c/{conversation}")
    await at_browser(web, bo)
    avatar = reader.row(conversation).locator(".avatar")
    await dot_is(avatar, "online")

    # Nothing can be heard by the page that comes now.
    await reader.page.route_web_socket("**/ws", lambda _route: None)
    await reader.page.reload()
    await dot_is(avatar, "online")
    await expect(words(reader)).to_have_text("Online on desktop")


async def test_without_redis_nobody_is_said_to_be_offline(
    start_web: StartWeb, private_servers: ServerFolder, factory: Factory, at_browser: AtBrowser
) -> None:
    valkey = private_servers.valkey()
    valkey.start()
    web = start_web(REDIS_URL=valkey.url, **QUICK)
    ada, bo, conversation = await factory.acquainted()
    reader, _other = await at_browser(web, ada, f"/c/{conversation}"), await at_browser(web, bo)
    avatar = reader.row(conversation).locator(".avatar")
    await dot_is(avatar, "online")

    valkey.kill()
    await expect(avatar).not_to_have_attribute("data-status", ANYTHING)
    await expect(words(reader)).to_be_empty()

    valkey.start()
    await dot_is(avatar, "online")
    valkey.kill()


async def test_of_more_people_than_can_be_asked_about_those_in_view_are(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada = await factory.user("ada")
    many = [await factory.user(f"person-{number:03}") for number in range(205)]
    group = await factory.room(ada, *many)
    reader = await at_browser(web, ada, f"/c/{group}")
    await at_browser(web, many[-1])
    panel = await reader.open_details()
    avatars = panel.locator(".member [data-person]")
    while await (more := panel.get_by_role("link", name="Show more")).count():
        shown = await avatars.count()
        await more.click()
        await expect(avatars.nth(shown)).to_be_attached()
    last = panel.locator(f"#member-{many[-1]} .avatar")
    await last.scroll_into_view_if_needed()
    await dot_is(last, "online")
    await panel.locator(f"#member-{many[0]}").scroll_into_view_if_needed()
    await dot_is(panel.locator(f"#member-{many[0]} .avatar"), "offline")
