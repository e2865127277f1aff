"""Creating an account: who may, what is accepted, and what happens when two want the same at once."""

import asyncio

import pytest

from chat.db import Pool
from chat.embedded.server import free_port
from tests.accounts.conftest import OpenBrowser
from tests.plain_browser import PASSWORD, Browser
from tests.servers import Serve

REFUSED = [
    ("username", ""),
    ("username", "-karin"),
    ("username", "karin."),
    ("username", "ka rin"),
    ("username", "kärin"),
    ("username", "k" * 33),
    ("username", "everyone"),
    ("username", "@Admin"),
    ("username", "karin\0"),
    ("display_name", ""),
    ("display_name", " \u00a0\u2003"),
    ("display_name", "n" * 81),
    ("display_name", "Ka\0rin"),
    ("display_name", "Karin \u202enimda"),
    ("display_name", "Karin\u2066"),
    ("display_name", "Kar\u200bin"),
    ("display_name", "\u3164\u3164"),
    ("display_name", "\u200d"),
    ("display_name", "Q" + "\u0301\u0316\u0323\u0330\u0347" + "arin"),
    ("email", ""),
    ("email", "karin"),
    ("email", "karin@localhost"),
    ("email", "karin@@example.org"),
    ("email", "ka rin@example.org"),
    ("email", "karin\u202e@example.org"),
    ("email", "karin\0@example.org"),
    ("email", "k" * 250 + "@example.org"),
    ("password", ""),
    ("password", "1234567"),
    ("password", "x" * 201),
    ("password", "KARIN@example.org"),
    ("password", "Karin Lopez"),
]


async def test_who_registers_is_signed_in(browser: Browser, pool: Pool) -> None:
    answer = await browser.register("karin", display_name="Karin Lopez")

    assert (answer.status, answer.location) == (303, "/")
    assert await browser.is_signed_in()
    stored = dict(await pool.fetchrow("select username, display_name, email, role from users"))
    assert stored == {
        "username": "karin",
        "display_name": "Karin Lopez",
        "email": "karin@example.org",
        "role": "owner",
    }


async def test_the_first_account_is_the_owner_and_the_second_is_not(open_browser: OpenBrowser, pool: Pool) -> None:
    await open_browser().register("karin")
    await open_browser().register("noah")

    roles = dict(await pool.fetch("select username, role from users"))
    assert roles == {"karin": "owner", "noah": "member"}


async def test_of_many_first_accounts_at_once_one_is_the_owner(open_browser: OpenBrowser, pool: Pool) -> None:
    names = [f"person{number}" for number in range(6)]

    answers = await asyncio.gather(*(open_browser().register(name) for name in names))

    assert [answer.status for answer in answers] == [303] * 6
    roles = [record["role"] for record in await pool.fetch("select role from users order by role desc")]
    assert roles == ["owner"] + ["member"] * 5


async def test_of_two_registrations_of_one_name_at_once_one_wins(open_browser: OpenBrowser, pool: Pool) -> None:
    answers = await asyncio.gather(
        *(open_browser().register("karin", email=f"karin{number}@example.org") for number in range(2))
    )

    assert sorted(answer.status for answer in answers) == [303, 422]
    refused = next(answer for answer in answers if answer.status == 422)
    assert refused.field_errors == ["Somebody has that username already. Please choose another."]
    assert await pool.fetchval("select count(*) from users") == 1


async def test_a_taken_address_is_refused_however_it_is_capitalised(open_browser: OpenBrowser) -> None:
    await open_browser().register("karin", email="Karin@Example.org")

    answer = await open_browser().register("other", email="karin@example.ORG")

    assert answer.status == 422
    assert answer.field_errors == ["There is an account with that address already. Sign in instead?"]


async def test_a_refused_form_keeps_what_was_typed_but_the_password(browser: Browser) -> None:
    answer = await browser.register("Karin!", display_name="Karin <b>", email="karin", password="short")

    assert answer.status == 422
    assert answer.field_errors == [
        "Use the letters a to z and digits; dots, hyphens and underscores only in between.",
        "That doesn't look like an email address.",
        "A password needs at least 8 characters.",
    ]
    assert 'value="Karin!"' in answer.text
    assert 'value="Karin &lt;b&gt;"' in answer.text
    assert "<b>" not in answer.text
    assert "short" not in answer.text


async def test_what_is_no_name_address_or_password_is_refused_beneath_its_field(browser: Browser, pool: Pool) -> None:
    good = {"display_name": "Karin Lopez", "email": "karin@example.org", "password": PASSWORD}

    for field, value in REFUSED:
        answer = await browser.register("karin", **(good | {field: value}))
        assert (answer.status, len(answer.field_errors)) == (422, 1), (field, value)
        assert f'id="field-{field}"' in answer.text.partition('aria-invalid="true"')[0].rpartition("<input")[2]

    assert await pool.fetchval("select count(*) from users") == 0


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Karin   Lopez ", "Karin Lopez"),
        ("Karin\tLopez", "Karin Lopez"),
        ("Zoe\u0308", "Zoë"),
        ("Nguyễn Thị Hồng", "Nguyễn Thị Hồng"),
        ("می‌خواهم", "می‌خواهم"),
        ("王小明", "王小明"),
        ("👩‍👩‍👧 Family", "👩‍👩‍👧 Family"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("X", "X"),
    ],
)
async def test_names_of_all_scripts_are_kept_in_one_normal_form(
    browser: Browser, pool: Pool, typed: str, stored: str
) -> None:
    answer = await browser.register("karin", display_name=typed)

    assert answer.status == 303
    assert await pool.fetchval("select display_name from users") == stored
    assert "<script>alert(1)" not in (await browser.get("/settings")).text


async def test_a_username_is_kept_in_lower_case(browser: Browser, pool: Pool) -> None:
    await browser.register("karin", username=" @Karin.Lopez ")

    assert await pool.fetchval("select username from users") == "karin.lopez"


async def test_nobody_but_the_first_registers_where_registration_is_closed(
    serve: Serve, open_browser: OpenBrowser, pool: Pool
) -> None:
    closed = await serve(registration="closed")
    assert (await open_browser(closed).register("owner1")).status == 303

    answer = await open_browser(closed).get("/register")
    assert "Registration is closed" in answer.text
    assert "<form" not in answer.text

    stranger = open_browser(closed)
    form = await stranger.get("/login")
    answer = await stranger.post(
        "/register",
        {
            "csrf": form.csrf,
            "username": "noah",
            "display_name": "Noah",
            "email": "n@example.org",
            "password": PASSWORD,
        },
    )
    assert answer.status == 403
    assert await pool.fetchval("select count(*) from users") == 1


async def test_a_fresh_chat_sends_its_first_visitor_to_register(browser: Browser) -> None:
    answer = await browser.get("/login")

    assert (answer.status, answer.location) == (303, "/register")
    assert "the first account" in (await browser.get("/register")).text


async def test_who_is_signed_in_has_nothing_to_register(browser: Browser) -> None:
    await browser.register("karin")

    assert (await browser.get("/register")).location == "/"
    assert (await browser.get("/login")).location == "/"


async def test_registering_is_limited_per_address(serve: Serve, open_browser: OpenBrowser, pool: Pool) -> None:
    limited = await serve(register_limit=2)
    assert (await open_browser(limited).register("one")).status == 303
    assert (await open_browser(limited).register("one")).status == 422

    answer = await open_browser(limited).register("three", display_name="Number Three")

    assert answer.status == 429
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert answer.form_error == "Too many tries. Please wait 60 minutes, then try again."
    assert 'value="Number Three"' in answer.text
    assert await pool.fetchval("select count(*) from users") == 1


async def test_the_limit_on_registering_holds_while_redis_is_away(serve: Serve, open_browser: OpenBrowser) -> None:
    limited = await serve(register_limit=1, redis_url=f"redis://127.0.0.1:{free_port()}")
    assert (await open_browser(limited).register("one")).status == 303

    assert (await open_browser(limited).register("two")).status == 429
