"""Forms that no browser of a person sends: begun and left open, or filled with what takes long to look at."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlencode

import pytest

from chat.accounts.model import check_display_name, check_email, login_name
from chat.db import Pool
from tests.plain_browser import Browser

# Half a megabyte in which every mark has to find its place among all others.
MARKS = "a" + "\N{COMBINING ACUTE ACCENT}\N{COMBINING DOT BELOW}" * 100_000


@pytest.mark.parametrize("check", [login_name, check_display_name, check_email])
def test_names_far_too_long_take_no_time(check: Callable[[str], str]) -> None:
    started = time.process_time()
    with contextlib.suppress(ValueError):
        assert check(MARKS) == ""

    assert time.process_time() - started < 2


@pytest.mark.parametrize("in_header", [True, False])
async def test_a_request_that_was_begun_before_signing_out_everywhere_changes_nothing_after_it(
    browser: Browser, pool: Pool, in_header: bool
) -> None:
    await browser.register("karin")
    csrf = (await browser.get("/settings")).csrf
    fields = {"display_name": "Somebody Else", "username": "karin"} | ({} if in_header else {"csrf": csrf})
    body = urlencode(fields).encode()

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:1]
        page = await browser.submit("/settings/sessions/revoke-all", page="/settings")
        assert page.status == 303
        yield body[1:]

    async with asyncio.timeout(10):
        async with browser.http.post(
            f"{browser.url}/settings/profile",
            data=slowly(),
            headers={
                "Origin": browser.url,
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": f"chat_session={browser.token}",
            }
            | ({"X-CSRF-Token": csrf} if in_header else {}),
            allow_redirects=False,
        ) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/login")

    assert await pool.fetchval("select display_name from users") == "Karin"
