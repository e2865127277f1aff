"""Sessions: what the cookie is, where one is signed in, and how each of them ends."""

import re
from http.cookies import SimpleCookie

from chat.db import Pool
from chat.web.tokens import hash_token
from tests.accounts.conftest import OpenBrowser
from tests.html import texts
from tests.plain_browser import FIREFOX, Browser, Page
from tests.servers import Serve

ANDROID = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"


def devices(page: Page) -> list[str]:
    """What stands in the list of devices, in its order."""
    part = page.text.partition('id="sessions-title"')[2].partition("</ul>")[0]
    return [re.sub(r"<[^>]+>", "", entry).strip() for entry in re.findall(r"<li>.*?<p>(.*?)</p>", part, re.DOTALL)]


def cookie_of(page: Page) -> dict[str, str]:
    """The attributes of the session cookie that the page sets."""
    cookie = SimpleCookie(page.headers["Set-Cookie"])["chat_session"]
    return {name: value for name, value in cookie.items() if value}


async def test_the_cookie_is_for_the_server_only_and_lives_thirty_days(browser: Browser) -> None:
    answer = await browser.register("karin")

    attributes = cookie_of(answer)
    attributes.pop("expires", "")
    assert attributes == {"path": "/", "max-age": "2592000", "httponly": True, "samesite": "Lax"}


async def test_behind_https_the_cookie_never_travels_without(serve: Serve, open_browser: OpenBrowser) -> None:
    proxied = open_browser(await serve(trusted_proxies=1), **{"X-Forwarded-Proto": "https"})
    form = await proxied.get("/register")
    assert cookie_of(form)["secure"]
    assert form.headers["Strict-Transport-Security"].startswith("max-age=")

    named = open_browser(await serve(base_url="https://chat.example.org"))
    assert cookie_of(await named.get("/register"))["secure"]

    unproxied = open_browser(await serve(), **{"X-Forwarded-Proto": "https"})
    assert "secure" not in cookie_of(await unproxied.get("/register"))


async def test_the_database_holds_no_token(browser: Browser, pool: Pool) -> None:
    await browser.register("karin")

    row = await pool.fetchrow("select * from sessions")
    assert row["token_hash"] == hash_token(browser.token)
    assert browser.token not in str(dict(row))
    assert row["user_agent"] == FIREFOX
    assert str(row["address"]) == "127.0.0.1"


async def test_signing_out_ends_the_session_here_and_nowhere_else(
    browser: Browser, open_browser: OpenBrowser, pool: Pool
) -> None:
    await browser.register("karin")
    other = open_browser()
    await other.log_in("karin")
    kept = browser.token

    answer = await browser.submit("/logout", page="/settings")

    assert (answer.status, answer.location) == (303, "/login")
    assert browser.token == ""
    browser.token = kept
    assert not await browser.is_signed_in()
    assert await other.is_signed_in()
    assert await pool.fetchval("select count(*) from sessions") == 1


async def test_devices_are_listed_by_last_use_and_signed_out_one_by_one(
    browser: Browser, open_browser: OpenBrowser, pool: Pool
) -> None:
    await browser.register("karin")
    phone, office = open_browser(**{"User-Agent": ANDROID}), open_browser(**{"User-Agent": WINDOWS})
    await phone.log_in("karin")
    await office.log_in("karin")
    await pool.execute("update sessions set last_used_at = now() - interval '1 hour' where user_agent ~ 'Android'")

    page = await browser.get("/settings")
    listed = devices(page)
    assert sorted(listed[:2]) == ["Edge on Windows", "Firefox on Linux This device"]
    assert listed[2] == "Chrome on Android"
    assert page.text.count('/revoke">') == 2

    phones = await pool.fetchval("select id from sessions where user_agent ~ 'Android'")
    answer = await browser.post(f"/settings/sessions/{phones}/revoke", {"csrf": page.csrf})

    assert (answer.status, answer.location) == (303, "/settings")
    page = await browser.get("/settings")
    assert texts(page.text, "notice") == ["That device is signed out."]
    assert len(devices(page)) == 2
    assert not await phone.is_signed_in()
    assert await office.is_signed_in()
    assert texts((await browser.get("/settings")).text, "notice") == []


async def test_nobody_signs_out_another_persons_device(browser: Browser, open_browser: OpenBrowser, pool: Pool) -> None:
    await browser.register("karin")
    noah = open_browser()
    await noah.register("noah")
    target = await pool.fetchval("select s.id from sessions s join users u on u.id = s.user_id where username = 'noah'")
    csrf = (await browser.get("/settings")).csrf

    for session_id in (target, "00000000-0000-0000-0000-000000000000"):
        answer = await browser.post(f"/settings/sessions/{session_id}/revoke", {"csrf": csrf})
        assert (answer.status, answer.location) == (303, "/settings")
    assert (await browser.post("/settings/sessions/x/revoke", {"csrf": csrf})).status == 404

    assert await noah.is_signed_in()


async def test_signing_out_everywhere_ends_all_of_ones_own_sessions(
    browser: Browser, open_browser: OpenBrowser, pool: Pool
) -> None:
    await browser.register("karin")
    others = [open_browser() for _ in range(2)]
    for other in others:
        await other.log_in("karin")
    noah = open_browser()
    await noah.register("noah")

    answer = await browser.submit("/settings/sessions/revoke-all", page="/settings")

    assert (answer.status, answer.location) == (303, "/login")
    assert [await one.is_signed_in() for one in (browser, *others, noah)] == [False, False, False, True]
    assert await pool.fetchval("select count(*) from sessions") == 1


async def test_an_expired_session_is_over_and_one_in_use_is_renewed(browser: Browser, pool: Pool) -> None:
    await browser.register("karin")
    await pool.execute("update sessions set expires_at = now() + interval '3 days'")

    page = await browser.get("/settings")

    assert cookie_of(page)["max-age"] == "2592000"
    assert await pool.fetchval("select expires_at > now() + interval '29 days' from sessions")
    assert "Set-Cookie" not in (await browser.get("/settings")).headers

    await pool.execute("update sessions set expires_at = now()")
    assert not await browser.is_signed_in()


async def test_a_cookie_that_is_no_token_is_as_good_as_none(browser: Browser) -> None:
    for cookie in ("x", "x" * 43, "x" * 5000, "a=b", "\x7f"):
        page = await browser.get("/register", Cookie=f"chat_session={cookie}")
        assert page.status == 200
        assert (await browser.get("/settings", Cookie=f"chat_session={cookie}")).status == 303


async def test_what_a_device_calls_itself_is_shown_as_text(open_browser: OpenBrowser, pool: Pool) -> None:
    odd = open_browser(**{"User-Agent": "<script>evil()</script> \u202e" + "x" * 1000})
    await odd.register("karin")

    page = await odd.get("/settings")

    assert devices(page) == ["Unknown device This device"]
    assert "evil()" not in page.text
    assert len(await pool.fetchval("select user_agent from sessions")) == 400
