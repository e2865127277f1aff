"""Every page, wide and narrow, light and dark: for everybody, and nothing runs out of the window."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Route, expect

from chat.db import Pool
from tests.browser.person import AtBrowser
from tests.factory import Factory
from tests.servers import WebProcess

BACKGROUND = "element => getComputedStyle(element).backgroundColor"
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
TEXTS = [
    "Plain text",
    "**bold**, *italic*, `code`, a [link](https://example.org) and https://example.org/" + "long" * 60,
    "```python\ndef total(values):\n    return sum(values)  # " + "wide " * 40 + "\n```",
    "> quoted\n\nand answered",
    "1. one\n2. two\n\n- dot",
    "word" * 200,
    "👍",
]


async def a_full_conversation(factory: Factory) -> tuple[UUID, str]:
    """Somebody, and the address of a conversation with everything in it that a message can hold."""
    ada, bo = await factory.user("ada"), await factory.user("bo", display_name="Bo " + "of a long name " * 3)
    conversation = await factory.direct(ada, bo)
    begin = datetime.now(UTC) - timedelta(days=2)
    await factory.say(
        conversation,
        [((ada, bo)[number % 3 == 0], text, begin + timedelta(hours=number)) for number, text in enumerate(TEXTS)],
    )
    await factory.read(conversation, ada, 4)
    return ada, f"/c/{conversation}"


async def a_room_and_one_to_join(factory: Factory, owner: UUID) -> tuple[str, str]:
    """The addresses of a room with some people in it, and of one that its owner isn't in."""
    others = [
        await factory.user(f"guest{number}", display_name="Guest " + "of a long name " * 3) for number in range(12)
    ]
    bo = await factory.pool.fetchval("select id from users where username = 'bo'")
    room = await factory.room(owner, bo, *others, name="Room of a long name that goes on and on")
    await factory.pool.execute("update conversations set topic = $2 where id = $1", room, "What we talk about " * 10)
    public = await factory.room(bo, *others, name="Another")
    await factory.pool.execute("update conversations set topic = $2 where id = $1", public, "word" * 50)
    return f"/c/{room}", f"/c/{public}"


async def problems(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA on the page as it is."""
    results = await Axe().run(page, options=WCAG)
    return [
        f"{violation['id']}: {violation['help']}: {[node['html'][:120] for node in violation['nodes'][:3]]}"
        for violation in results.response["violations"]
    ]


async def runs_out(page: Page) -> bool:
    """Whether the page is wider than the window."""
    return bool(await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_stands_in_anybodys_way(
    web: WebProcess, factory: Factory, at_browser: AtBrowser, width: int, scheme: str
) -> None:
    ada, conversation = await a_full_conversation(factory)
    room, public = await a_room_and_one_to_join(factory, ada)
    person = await at_browser(web, ada, phone=width < 600)
    await person.page.set_viewport_size({"width": width, "height": 780})
    await person.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")

    found = []
    paths = ("/", conversation, "/people", "/people?q=nobody", "/settings", "/c/none")
    for path in (*paths, "/rooms", "/rooms?q=none", "/rooms/new", public, f"{room}/details", f"{conversation}/details"):
        await person.page.goto(path)
        await expect(person.page.locator("main")).to_be_visible()
        assert not await runs_out(person.page), f"{path} runs out of a window of {width} px"
        found += [f"{path}: {problem}" for problem in await problems(person.page)]
    await person.go(f"{room}/details")
    for name in ("Bo", "Add people", "Leave the room", "Archive the room", "Delete the room"):
        await person.page.locator("#details").get_by_role("link", name=name).click()
        await expect(person.page.locator("#dialog .ask")).to_be_visible()
        assert not await runs_out(person.page), f"{name} runs out of a window of {width} px"
        found += [f"{name}: {problem}" for problem in await problems(person.page)]
        await person.page.keyboard.press("Escape")
        await expect(person.page.locator("#dialog")).to_be_hidden()
    if width > 600:
        await person.page.goto("/")
        await person.is_live()
        await person.page.keyboard.press("Control+k")
        await expect(person.page.locator("#switcher-results .option").first).to_be_visible()
        found += [f"switcher: {problem}" for problem in await problems(person.page)]
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_stands_in_a_newcomers_way(web: WebProcess, at_browser: AtBrowser, scheme: str) -> None:
    person = await at_browser(web, None)
    await person.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    found = []
    for path in ("/login", "/register"):
        await person.page.goto(path)
        found += [f"{path}: {problem}" for problem in await problems(person.page)]
        await person.page.set_viewport_size({"width": 360, "height": 640})
        assert not await runs_out(person.page)
    assert found == []


async def test_on_a_phone_there_is_one_pane_at_a_time(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, _, conversation = await factory.pair()
    person = await at_browser(web, ada, phone=True)
    await expect(person.page.locator("#sidebar")).to_be_visible()
    await expect(person.page.locator("#pane .button")).to_be_hidden()

    await person.row(conversation).tap()
    await expect(person.field).to_be_visible()
    await expect(person.page.locator("#sidebar")).to_be_hidden()
    await person.field.fill("From a phone")
    await person.page.get_by_role("button", name="Send").tap()
    await person.sees("From a phone")

    await person.page.get_by_role("link", name="Back to conversations").tap()
    await expect(person.page.locator("#sidebar")).to_be_visible()
    await expect(person.row(conversation).locator(".preview")).to_contain_text("From a phone")
    await person.page.go_back()
    await expect(person.field).to_be_visible()


async def test_a_tap_is_answered_before_the_page_has_come(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await factory.pair()
    person = await at_browser(web, ada, phone=True)
    link, arrived = person.row(conversation).locator("a"), asyncio.Event()
    still = await link.evaluate(BACKGROUND)

    async def wait(route: Route) -> None:
        await arrived.wait()
        await route.continue_()

    await person.page.route(f"**/c/{conversation}", wait)
    await link.tap()
    await expect(link).to_have_class(re.compile("htmx-request"))
    assert await link.evaluate(BACKGROUND) != still

    arrived.set()
    await expect(person.field).to_be_visible()


async def test_on_a_phone_the_switcher_is_left_without_a_key(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, _ = await factory.pair()
    page = (await at_browser(web, ada, phone=True)).page
    await page.get_by_role("button", name="Find a conversation").tap()
    await expect(page.locator("#switcher-results .option")).to_have_count(1)

    await page.get_by_role("button", name="Close").tap()

    await expect(page.locator("#switcher")).to_be_hidden()


async def test_settings_lead_to_what_has_to_be_seen(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    page = (await at_browser(web, await factory.user("ada", role="owner"), "/settings")).page
    await page.get_by_label("Current password").fill("not this one")
    await page.get_by_label("New password").fill("correct horse battery")
    await page.get_by_role("button", name="Change password").click()
    await expect(page.locator(".field-error")).to_be_visible()
    await expect(page.get_by_label("Current password")).to_be_focused()

    await page.get_by_role("button", name="Create link").click()

    link = page.get_by_label("Your new link")
    await expect(link).to_be_in_viewport()
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    await page.get_by_label("New password").press("ControlOrMeta+v")
    assert await page.get_by_label("New password").input_value() == await link.input_value()


async def test_what_a_thumb_has_to_hit_is_large_enough(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, conversation = await a_full_conversation(factory)
    room, public = await a_room_and_one_to_join(factory, ada)
    person = await at_browser(web, ada, phone=True)
    small = []
    for path in ("/", conversation, "/people", "/settings", "/rooms", "/rooms/new", public, f"{room}/details"):
        await person.page.goto(path)
        for target in await person.page.locator("a:visible, button:visible, input:visible").all():
            label = target.locator("xpath=ancestor::label")
            box = await (label if await label.count() else target).bounding_box()
            in_text = await target.evaluate("element => Boolean(element.closest('.text, p, .skip-link'))")
            is_touched = await target.evaluate("element => getComputedStyle(element).pointerEvents !== 'none'")
            if box and is_touched and not in_text and box["height"] < 44:
                small.append(f"{path}: {await target.evaluate('element => element.outerHTML.slice(0, 90)')} {box}")
    assert not small, "\n".join(small)


async def test_register_sign_in_and_talk_by_hand(web: WebProcess, pool: Pool, at_browser: AtBrowser) -> None:
    newcomer, other = await at_browser(web, None), await at_browser(web, None)
    for person, name in ((newcomer, "Ada Byron"), (other, "Bo Ek")):
        page = person.page
        await page.goto("/")
        if person is newcomer:
            await expect(page.get_by_role("heading", name="Set up your chat")).to_be_visible()
        else:
            await page.get_by_role("link", name="Create an account").click()
        await page.get_by_label("Your name").fill(name)
        await page.get_by_label("Username").fill(name.split()[0].lower())
        await page.get_by_label("Email").fill(f"{name.split()[0].lower()}@example.org")
        await page.get_by_label("Password").fill("correct horse battery")
        await page.get_by_role("button", name="Create account").click()
        await person.is_live()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("No conversations yet")

    await newcomer.page.get_by_title("New conversation").click()
    await newcomer.page.locator("#picker-query").fill("ek")
    await newcomer.page.locator("#picker-results .option", has_text="Bo Ek").click()
    await newcomer.page.get_by_role("button", name="Start conversation").press("Enter")
    await newcomer.write("Welcome")
    await other.page.locator("#conversation-list a").click()
    await other.sees("Welcome")

    await other.page.get_by_role("button", name="Your account").click()
    await other.page.get_by_role("button", name="Sign out").click()
    await expect(other.page).to_have_url(re.compile("/login"))
    await other.page.get_by_label("Email or username").fill("bo")
    await other.page.get_by_label("Password").fill("wrong horse battery")
    await other.page.get_by_role("button", name="Sign in").click()
    await expect(other.page.get_by_role("alert")).to_be_visible()
    await expect(other.page.get_by_label("Email or username")).to_have_value("bo")
    await other.page.get_by_label("Password").fill("correct horse battery")
    await other.page.get_by_role("button", name="Sign in").click()
    await other.is_live()
    roles = {row["username"]: row["role"] for row in await pool.fetch("select username, role from users")}
    assert roles == {"ada": "owner", "bo": "member"}
