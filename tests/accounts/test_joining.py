"""Who may join: anyone, people with a link, or nobody new; and the links."""

import asyncio
import re

import pytest

from chat.db import Pool
from tests.accounts.conftest import OpenBrowser
from tests.device import sign_in
from tests.factory import Factory
from tests.html import read
from tests.plain_browser import PASSWORD, Browser, Page
from tests.servers import Serve


def link_in(page: Page) -> str:
    """The link that the settings page shows once."""
    field = next(element for element in read(page.text) if element.id == "new-invite")
    return field.attributes["value"]


async def make_link(owner: Browser, **fields: str) -> str:
    """Create a link; its token."""
    page = await owner.submit("/settings/invites", page="/settings", **({"days": "7", "max_uses": "1"} | fields))
    assert page.status == 200, page.form_error
    return link_in(page).partition("invite=")[2]


def person(username: str) -> dict[str, str]:
    """The fields of a registration."""
    return {
        "username": username,
        "display_name": username.title(),
        "email": f"{username}@example.org",
        "password": PASSWORD,
    }


async def choose(owner: Browser, who: str) -> Page:
    return await owner.submit("/settings/registration", page="/settings", registration=who)


async def test_the_owner_decides_who_may_join(browser: Browser, open_browser: OpenBrowser) -> None:
    await browser.register("owner1")

    assert (await choose(browser, "closed")).location == "/settings"
    assert "Registration is closed" in (await open_browser().get("/register")).text
    assert "Create an account" not in (await open_browser().get("/login")).text
    assert (await choose(browser, "invite")).location == "/settings"
    assert "You need an invite" in (await open_browser().get("/register")).text
    assert (await choose(browser, "open")).location == "/settings"
    assert (await open_browser().register("noah")).status == 303
    assert (await choose(browser, "anarchy")).status == 422


async def test_what_the_owner_chose_outlives_the_environment(serve: Serve, open_browser: OpenBrowser) -> None:
    owner = open_browser(await serve(registration="open"))
    await owner.register("owner1")
    await choose(owner, "closed")

    assert "Registration is closed" in (await open_browser(await serve(registration="open")).get("/register")).text


async def test_a_link_lets_as_many_in_as_it_says(serve: Serve, open_browser: OpenBrowser, pool: Pool) -> None:
    url = await serve(registration="invite")
    owner = open_browser(url)
    await owner.register("owner1")
    token = await make_link(owner, max_uses="2")

    page = await open_browser(url).get(f"/register?invite={token}")
    assert f'<input type="hidden" name="invite" value="{token}">' in page.text
    answers = [await open_browser(url).register(f"person{number}", invite=token) for number in range(2)]
    late = await open_browser(url).get(f"/register?invite={token}")

    assert [answer.status for answer in answers] == [303, 303]
    assert "This invite link no longer works" in late.text
    assert "<form" not in late.text
    assert await pool.fetchval("select uses from invites") == 2
    assert token not in str([dict(row) for row in await pool.fetch("select * from invites")])
    assert token not in (await owner.get("/settings")).text


async def test_of_many_who_use_the_last_place_at_once_one_gets_in(
    serve: Serve, open_browser: OpenBrowser, pool: Pool
) -> None:
    url = await serve(registration="invite")
    owner = open_browser(url)
    await owner.register("owner1")
    token = await make_link(owner)

    browsers = [open_browser(url) for _ in range(5)]
    forms = [await browser.get(f"/register?invite={token}") for browser in browsers]

    answers = await asyncio.gather(
        *(
            browser.post("/register", person(f"person{number}") | {"csrf": form.csrf, "invite": token})
            for number, (browser, form) in enumerate(zip(browsers, forms, strict=True))
        )
    )

    assert sorted(answer.status for answer in answers) == [303, 403, 403, 403, 403]
    assert await pool.fetchval("select count(*) from users") == 2


async def test_a_link_that_was_taken_back_or_has_expired_lets_nobody_in(
    serve: Serve, open_browser: OpenBrowser, pool: Pool
) -> None:
    url = await serve(registration="invite")
    owner = open_browser(url)
    await owner.register("owner1")
    for end in ("taken back", "expired"):
        token = await make_link(owner, max_uses="")
        form = await open_browser(url).get(f"/register?invite={token}")
        assert form.status == 200
        page = await owner.get("/settings")
        if end == "expired":
            await pool.execute("update invites set expires_at = now()")
        else:
            found = re.search(r'action="(/settings/invites/[^"]+/revoke)"', page.text)
            assert found is not None
            assert (await owner.post(found[1], {"csrf": page.csrf})).location == "/settings"
        assert "No link is open right now." in (await owner.get("/settings")).text
        assert "no longer works" in (await open_browser(url).get(f"/register?invite={token}")).text
    assert await pool.fetchval("select count(*) from users") == 1


@pytest.mark.parametrize("invite", ["", "x", "x" * 43, "x" * 5000, "\0", "' or 1=1 --"])
async def test_without_a_link_that_works_nobody_joins(
    serve: Serve, open_browser: OpenBrowser, pool: Pool, invite: str
) -> None:
    url = await serve(registration="invite")
    await open_browser(url).register("owner1")
    stranger = open_browser(url)
    csrf = (await stranger.get("/login")).csrf

    answer = await stranger.post("/register", person("noah") | {"csrf": csrf, "invite": invite})

    assert answer.status == 403
    assert await pool.fetchval("select count(*) from users") == 1


async def test_links_and_the_choice_are_for_those_who_manage_people(
    browser: Browser, open_browser: OpenBrowser, pool: Pool
) -> None:
    await browser.register("owner1")
    member, admin = open_browser(), open_browser()
    await member.register("noah")
    await admin.register("ada")
    await pool.execute("update users set role = 'admin' where username = 'ada'")
    token = await make_link(browser)
    invite = await pool.fetchval("select id from invites")

    page = await member.get("/settings")
    assert "Invite links" not in page.text
    for path in ("registration", "invites", f"invites/{invite}/revoke"):
        answer = await member.post(
            f"/settings/{path}", {"csrf": page.csrf, "registration": "closed", "days": "1", "max_uses": "1"}
        )
        assert answer.status == 403, path
    assert (await choose(admin, "closed")).status == 403
    assert len(await make_link(admin)) == len(token) == 43
    assert await pool.fetchval("select count(*) from invites where revoked_at is null") == 2


async def test_a_link_of_impossible_numbers_is_refused(browser: Browser, pool: Pool) -> None:
    await browser.register("owner1")
    impossible = ["0", "-1", "1.5", "x", "366", "1e2", "\u0663", "9" * 30, "\0", " "]

    for number in impossible:
        answer = await browser.submit("/settings/invites", page="/settings", days=number, max_uses="1")
        assert answer.status == 422, number
    for number in [*impossible[:4], "1001"]:
        answer = await browser.submit("/settings/invites", page="/settings", days="1", max_uses=number)
        assert answer.status == 422, number

    assert await pool.fetchval("select count(*) from invites") == 0


async def test_the_link_leads_where_people_reach_the_chat(
    serve: Serve, open_browser: OpenBrowser, factory: Factory, pool: Pool
) -> None:
    owner = open_browser(await serve(base_url="https://chat.example.org/"))
    cookie = await sign_in(pool, await factory.user(role="owner"))
    # Its cookie is for https only, and here nobody speaks that: it is put back each time.
    owner.token = cookie
    csrf = (await owner.get("/settings")).csrf
    owner.token = cookie

    page = await owner.post(
        "/settings/invites", {"csrf": csrf, "days": "1", "max_uses": ""}, Origin="https://chat.example.org"
    )

    assert link_in(page).startswith("https://chat.example.org/register?invite=")
