"""Changing the password: only with the one that holds, and everything else is signed out by it."""

import asyncio

from chat.db import Pool
from tests.accounts.conftest import OpenBrowser
from tests.html import texts
from tests.plain_browser import PASSWORD, Browser, Page
from tests.servers import Serve

NEW = "a better horse battery"


async def change(browser: Browser, current: str = PASSWORD, new: str = NEW) -> Page:
    return await browser.submit("/settings/password", page="/settings", current_password=current, new_password=new)


async def test_a_new_password_signs_the_other_devices_out_and_gives_this_one_another_token(
    browser: Browser, open_browser: OpenBrowser, pool: Pool
) -> None:
    await browser.register("karin")
    other = open_browser()
    await other.log_in("karin")
    before = browser.token

    answer = await change(browser)

    assert (answer.status, answer.location) == (303, "/settings")
    notice = texts((await browser.get("/settings")).text, "notice")
    assert notice == ["Your password is changed, and your other devices are signed out."]
    assert browser.token != before
    assert not await other.is_signed_in()
    thief = open_browser()
    thief.token = before
    assert not await thief.is_signed_in()
    assert (await open_browser().log_in("karin", PASSWORD)).status == 401
    assert (await open_browser().log_in("karin", NEW)).status == 303
    assert await pool.fetchval("select count(*) from users where password_hash ~ $1", NEW) == 0


async def test_without_the_current_password_nothing_changes(browser: Browser, open_browser: OpenBrowser) -> None:
    await browser.register("karin")

    answer = await change(browser, current="wrong")

    assert answer.status == 401
    assert answer.field_errors == ["That is not your current password."]
    assert await browser.is_signed_in()
    assert (await open_browser().log_in("karin", PASSWORD)).status == 303


async def test_a_password_that_is_none_is_refused_beneath_its_field(browser: Browser) -> None:
    await browser.register("karin")

    for new in ("", "1234567", "x" * 201, "karin@example.org"):
        answer = await change(browser, new=new)
        assert (answer.status, len(answer.field_errors)) == (422, 1), new


async def test_the_current_password_is_guessed_at_five_times(serve: Serve, open_browser: OpenBrowser) -> None:
    url = await serve(login_limit=5)
    browser = open_browser(url)
    await browser.register("karin")

    answers = [await change(browser, current=f"guess {number}") for number in range(6)]

    assert [answer.status for answer in answers] == [401] * 5 + [429]
    assert int(answers[5].headers["Retry-After"]) > 800
    assert (await change(browser)).status == 429
    assert (await open_browser(url).log_in("karin")).status == 303


async def test_of_two_changes_at_once_one_wins(browser: Browser, open_browser: OpenBrowser) -> None:
    await browser.register("karin")
    other = open_browser()
    await other.log_in("karin")

    forms = [(one, (await one.get("/settings")).csrf) for one in (browser, other)]

    answers = await asyncio.gather(
        *(
            one.post(
                "/settings/password",
                {"csrf": csrf, "current_password": PASSWORD, "new_password": f"{NEW} {number}"},
            )
            for number, (one, csrf) in enumerate(forms)
        )
    )

    # The other one finds itself signed out, or its current password no longer the current one.
    assert sorted(answer.headers.get("Location", "/login") for answer in answers) == ["/login", "/settings"]
    winner = next(number for number, answer in enumerate(answers) if answer.headers.get("Location") == "/settings")
    assert (await open_browser().log_in("karin", f"{NEW} {winner}")).status == 303
    assert (await open_browser().log_in("karin", f"{NEW} {1 - winner}")).status == 401


async def test_an_accent_is_the_same_however_a_keyboard_composes_it(
    browser: Browser, open_browser: OpenBrowser
) -> None:
    await browser.register("karin", password="caf\u00e9 au lait")

    assert (await open_browser().log_in("karin", "cafe\u0301 au lait")).status == 303
    assert (await open_browser().log_in("karin", "cafe au lait")).status == 401


async def test_names_are_changed_and_keep_ones_own_when_refused(
    browser: Browser, open_browser: OpenBrowser, pool: Pool
) -> None:
    await browser.register("karin")
    await open_browser().register("noah")

    taken = await browser.submit("/settings/profile", page="/settings", username="NOAH", display_name="Karin L")
    assert taken.status == 422
    assert taken.field_errors == ["Somebody has that username already. Please choose another."]
    assert 'value="NOAH"' in taken.text
    assert 'value="Karin L"' in taken.text

    answer = await browser.submit("/settings/profile", page="/settings", username="karin.l", display_name="Karin  L")
    assert answer.status == 303
    names = dict(await pool.fetch("select username, display_name from users"))
    assert names == {"karin.l": "Karin L", "noah": "Noah"}
