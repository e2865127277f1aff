"""What changes something has to come from a page of ours, in the browser of the person whom it concerns."""

from collections import defaultdict
from uuid import uuid4

import pytest

from chat.db import Pool
from chat.endpoints import ENDPOINTS
from chat.routes import PAGES
from tests.accounts.conftest import OpenBrowser
from tests.accounts.signing_in import SigningIn
from tests.plain_browser import PASSWORD, Browser

UNSAFE = [route.path.format_map(defaultdict(uuid4)) for route in PAGES if route.method not in {"GET", "HEAD"}]
FIELDS = {
    "username": "stolen",
    "display_name": "Stolen",
    "email": "stolen@example.org",
    "login": "karin",
    "password": PASSWORD,
    "current_password": PASSWORD,
    "new_password": "stolen password",
    "registration": "closed",
    "days": "7",
    "client_message_id": str(uuid4()),
    "content": "stolen",
}


async def state(pool: Pool) -> list[object]:
    """All that a forged request could have changed."""
    return [
        await pool.fetch("select id, username, display_name, password_hash, role from users order by id"),
        await pool.fetch("select id, token_hash from sessions order by id"),
        await pool.fetch("select id from conversations"),
        await pool.fetch("select id, revoked_at from invites"),
        await pool.fetch("select * from preferences"),
    ]


def test_there_are_requests_to_forge() -> None:
    assert len(UNSAFE) >= 10


async def test_no_unsafe_request_passes_without_the_token_of_its_session(
    browser: Browser, open_browser: OpenBrowser, pool: Pool
) -> None:
    await browser.register("karin")
    stranger = open_browser()
    theirs = (await stranger.get("/login")).csrf
    ours = (await browser.get("/settings")).csrf
    assert theirs != ours
    before = await state(pool)

    for path in UNSAFE:
        for token in (None, "", "x", theirs, ours[:-1], ours + "x", ours.swapcase(), browser.token, "ü\u202e"):
            fields = FIELDS if token is None else FIELDS | {"csrf": token}
            answer = await browser.post(path, fields)
            assert answer.status == 403, (path, token)
    for path in UNSAFE:
        answer = await browser.post(path, FIELDS | {"csrf": ours}, **{"X-CSRF-Token": "wrong"})
        assert answer.status == 403, path

    assert await state(pool) == before
    assert await browser.is_signed_in()


async def test_no_unsafe_request_passes_from_another_site(browser: Browser, pool: Pool) -> None:
    await browser.register("karin")
    csrf = (await browser.get("/settings")).csrf
    before = await state(pool)
    port = browser.url.rpartition(":")[2]

    for path in UNSAFE:
        for origin in ("null", "https://evil.example", f"http://localhost:{port}", f"{browser.url}.evil.example", ""):
            answer = await browser.post(path, FIELDS | {"csrf": csrf}, Origin=origin)
            assert answer.status == 403, (path, origin)

    assert await state(pool) == before


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 303)])
async def test_where_no_origin_is_sent_the_browsers_other_word_counts(browser: Browser, site: str, status: int) -> None:
    await browser.register("karin")
    csrf = (await browser.get("/settings")).csrf

    async with browser.http.post(
        f"{browser.url}/logout", data={"csrf": csrf}, headers={"Sec-Fetch-Site": site}, allow_redirects=False
    ) as answer:
        assert answer.status == status


async def test_without_a_cookie_there_is_nothing_to_forge_with(browser: Browser, open_browser: OpenBrowser) -> None:
    csrf = (await browser.get("/register")).csrf

    answer = await open_browser().post("/register", FIELDS | {"csrf": csrf})

    assert answer.status == 403
    assert "Allow cookies" in answer.text


async def test_the_token_changes_with_the_session(browser: Browser) -> None:
    visitor = (await browser.get("/register")).csrf
    await browser.register("karin")
    signed_in = (await browser.get("/settings")).csrf
    await browser.submit("/logout", page="/settings")

    assert len({visitor, signed_in, (await browser.get("/login")).csrf}) == 3
    assert (await browser.post("/login", FIELDS | {"csrf": signed_in})).status == 403


async def test_a_refused_request_says_what_to_do(browser: Browser) -> None:
    await browser.register("karin")

    page = await browser.post("/settings/profile", FIELDS)
    json = await browser.post("/settings/profile", FIELDS, Accept="application/json")

    assert "open for too long. Reload it and try again" in page.text
    assert '"code":"FORBIDDEN"' in json.text


async def test_reading_needs_no_token_and_changes_nothing(browser: Browser, pool: Pool) -> None:
    await browser.register("karin")
    before = await state(pool)

    for path in UNSAFE:
        answer = await browser.get(path, Origin="https://evil.example")
        assert answer.status in (200, 303, 404, 405), path

    assert await state(pool) == before


async def test_no_cookie_opens_the_api_so_it_needs_no_token(browser: Browser, program: SigningIn, pool: Pool) -> None:
    await browser.register("karin")
    csrf = (await browser.get("/settings")).csrf
    before = await state(pool)
    cookies = {"Cookie": f"chat_session={browser.token}; chat_refresh={browser.token}", "X-CSRF-Token": csrf}
    guarded = [endpoint for endpoints in ENDPOINTS.values() for endpoint in endpoints if not endpoint.public]
    assert len(guarded) >= 5

    for endpoint in guarded:
        path = endpoint.path.removeprefix("/api").format_map(defaultdict(uuid4))
        for body in (None, {}, FIELDS):
            answer = await program.ask(endpoint.method, path, body, Origin=program.url, **cookies)
            assert answer.refusal == (401, "AUTH_FAILED"), (endpoint.method, path)
            assert "Set-Cookie" not in answer.headers

    assert await state(pool) == before
