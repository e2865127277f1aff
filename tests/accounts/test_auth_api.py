"""Programs that register, sign in and sign out: the rules are those for browsers, and no script reads the cookie."""

from http.cookies import Morsel, SimpleCookie

import pytest

from chat.accounts.access_tokens import new_access_token
from chat.db import Pool
from chat.settings import Settings
from tests.accounts.conftest import OpenBrowser, OpenProgram
from tests.accounts.signing_in import SigningIn
from tests.factory import Factory
from tests.plain_browser import PASSWORD
from tests.program import Answer
from tests.servers import Serve


def cookie_of(answer: Answer) -> Morsel[str]:
    """The refresh token's cookie that the answer sets."""
    return SimpleCookie(answer.headers["Set-Cookie"])["chat_refresh"]


async def test_who_registers_is_signed_in(program: SigningIn, pool: Pool) -> None:
    answer = await program.sign_up("karin", display_name="Karin Lopez")

    tokens = answer.json
    assert answer.status == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert {name: tokens[name] for name in ("token_type", "expires_in")} == {"token_type": "Bearer", "expires_in": 900}
    assert {name: tokens["user"][name] for name in ("username", "display_name", "role")} == {
        "username": "karin",
        "display_name": "Karin Lopez",
        "role": "owner",
    }
    assert (await program.whoami(tokens["access_token"])).json["id"] == tokens["user"]["id"]
    assert await pool.fetchval("select password_hash from users") not in ("", None)


@pytest.mark.parametrize("login", ["karin@example.org", "KARIN@example.ORG", "karin", "@karin"])
async def test_one_signs_in_by_address_or_username(program: SigningIn, login: str) -> None:
    registered = (await program.sign_up("karin")).json

    answer = await program.log_in(login)

    assert answer.status == 200
    assert answer.json["user"] == registered["user"]
    assert await program.is_let_in(answer.json["access_token"])
    # Each device has a session of its own.
    assert await program.is_let_in(registered["access_token"])


async def test_every_wrong_login_is_answered_alike(program: SigningIn, pool: Pool, factory: Factory) -> None:
    await program.sign_up("karin")
    await program.sign_up("gone")
    await pool.execute("update users set deactivated_at = now() where username = 'gone'")
    await factory.user("robot", role="bot")
    logins = {
        "karin": "wrong " + PASSWORD,
        "karin@example.org": "wrong " + PASSWORD,
        "gone": PASSWORD,
        "nobody@example.org": PASSWORD,
        "robot": "",
        "": "",
        "' or 1=1 --": "' or 1=1 --",
        "karin\0": PASSWORD,
        "x" * 10_000: "x" * 10_000,
        "😀": "\u202e",
    }

    answers = [await program.log_in(login, password) for login, password in logins.items()]

    assert {answer.refusal for answer in answers} == {(401, "AUTH_FAILED")}
    assert len({answer.body for answer in answers}) == 1
    assert len({tuple(sorted(set(answer.headers) - {"X-Request-ID"})) for answer in answers}) == 1
    assert await pool.fetchval("select count(*) from sessions") == 2


async def test_an_account_is_guessed_at_five_times_through_whichever_door(
    serve: Serve, open_program: OpenProgram, open_browser: OpenBrowser
) -> None:
    url = await serve(login_limit=5)
    program, browser = open_program(url), open_browser(url)
    await program.sign_up("karin")

    for number in range(3):
        assert (await program.log_in("karin", f"guess {number}")).status == 401
    for number in range(2):
        assert (await browser.log_in("karin", f"guess {number}")).status == 401

    refused = await program.log_in("karin")
    assert refused.refusal == (429, "RATE_LIMITED")
    assert 800 < refused.json["error"]["retry_after"] <= 900
    assert 800 < int(refused.headers["Retry-After"]) <= 900
    assert (await browser.log_in("karin")).status == 429


async def test_registering_is_limited_per_address_through_whichever_door(
    serve: Serve, open_program: OpenProgram, open_browser: OpenBrowser
) -> None:
    url = await serve(register_limit=2)
    assert (await open_program(url).sign_up("one")).status == 201
    assert (await open_browser(url).register("two")).status == 303

    assert (await open_program(url).sign_up("three")).refusal == (429, "RATE_LIMITED")


async def test_what_is_no_name_address_or_password_is_named(program: SigningIn, pool: Pool) -> None:
    answer = await program.sign_up("Karin!", email="karin", password="short", display_name=" ")

    assert answer.refusal == (422, "VALIDATION_ERROR")
    assert set(answer.json["error"]["details"]) == {"username", "email", "password", "display_name"}
    for device in ("x" * 81, "\u202e", "a\nb\0c", "\u200d"):
        refused = await program.sign_up("karin", device=device)
        assert (refused.refusal, set(refused.json["error"]["details"])) == ((422, "VALIDATION_ERROR"), {"device"})
    assert await pool.fetchval("select count(*) from users") == 0


async def test_a_taken_name_is_told(program: SigningIn) -> None:
    await program.sign_up("karin")

    answer = await program.sign_up("karin", email="other@example.org")

    assert answer.json["error"]["details"] == {"username": "Somebody has that username already. Please choose another."}


async def test_whoever_needs_an_invitation_needs_it_here_too(
    serve: Serve, open_program: OpenProgram, open_browser: OpenBrowser
) -> None:
    url = await serve(registration="invite")
    owner, program = open_browser(url), open_program(url)
    await owner.register("owner1")
    page = await owner.submit("/settings/invites", page="/settings", days="1", max_uses="1")
    invite = page.text.partition("register?invite=")[2].partition('"')[0]

    assert (await program.sign_up("karin")).refusal == (403, "FORBIDDEN")
    assert (await program.sign_up("karin", invite=invite)).status == 201
    assert (await program.sign_up("noah", invite=invite)).refusal == (403, "FORBIDDEN")

    closed = open_program(await serve(registration="closed"))
    assert (await closed.sign_up("noah")).refusal == (403, "FORBIDDEN")


async def test_the_refresh_token_also_comes_in_a_cookie_that_no_script_and_no_other_page_gets(
    serve: Serve, open_program: OpenProgram, program: SigningIn
) -> None:
    answer = await program.sign_up("karin")

    cookie = cookie_of(answer)
    attributes = {name: value for name, value in cookie.items() if value and name != "expires"}
    assert cookie.value == answer.json["refresh_token"]
    assert attributes == {"path": "/api/auth", "max-age": "604800", "httponly": True, "samesite": "Strict"}
    https = open_program(await serve(base_url="https://chat.example.org"))
    assert cookie_of(await https.log_in("karin"))["secure"]


async def test_a_refresh_by_cookie_keeps_the_new_token_from_scripts(program: SigningIn) -> None:
    first = await program.sign_up("karin")

    second = await program.ask("POST", "/auth/refresh", {}, Cookie=f"chat_refresh={cookie_of(first).value}")

    assert second.status == 200
    assert second.json["refresh_token"] is None
    assert cookie_of(second).value not in ("", cookie_of(first).value)
    assert await program.is_let_in(second.json["access_token"])
    # Nor does a script get it by half a trick.
    tricked = await program.ask(
        "POST", "/auth/refresh", {"refresh_token": ""}, Cookie=f"chat_refresh={cookie_of(second).value}"
    )
    assert tricked.refusal == (401, "AUTH_FAILED")
    # No body at all is as good.
    third = await program.ask("POST", "/auth/refresh", Cookie=f"chat_refresh={cookie_of(second).value}")
    assert third.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_the_cookie_counts_for_no_other_site(program: SigningIn, headers: dict[str, str]) -> None:
    tokens = await program.sign_up("karin")
    cookie = {"Cookie": f"chat_refresh={cookie_of(tokens).value}"}

    for path in ("/auth/refresh", "/auth/logout"):
        assert (await program.ask("POST", path, {}, **cookie, **headers)).refusal == (403, "FORBIDDEN")
    for path, body in (
        ("/auth/login", {"email": "karin", "password": PASSWORD}),
        ("/auth/register", {"email": "n@example.org", "username": "n", "display_name": "N", "password": PASSWORD}),
    ):
        # Nor does another site plant one.
        assert (await program.ask("POST", path, body, **headers)).refusal == (403, "FORBIDDEN")

    assert await program.is_let_in(tokens.json["access_token"])
    own = await program.ask("POST", "/auth/refresh", {}, **cookie, Origin=program.url)
    assert own.status == 200


async def test_passwords_and_tokens_are_never_logged(program: SigningIn, capfd: pytest.CaptureFixture[str]) -> None:
    tokens = (await program.sign_up("karin", password="very secret battery")).json
    await program.ask("GET", f"/users/me?token={tokens['access_token']}")
    async with program.http.ws_connect(f"{program.url}/ws?token={tokens['access_token']}") as socket:
        await socket.receive()
    await program.log_in("karin", "another secret battery")

    logged = capfd.readouterr().out
    assert "/api/auth/login" in logged
    for secret in ("very secret", "another secret", tokens["access_token"], tokens["refresh_token"]):
        assert secret not in logged


async def test_a_token_of_another_installation_is_foreign_here(
    serve: Serve, open_program: OpenProgram, settings: Settings, pool: Pool
) -> None:
    program = open_program(await serve(secret_key="another secret key of 32 characters or more"))
    await program.sign_up("karin")
    session = await pool.fetchrow("select id, user_id from sessions")

    foreign = new_access_token(settings, user_id=session["user_id"], session_id=session["id"])

    assert (await program.whoami(foreign)).refusal == (401, "AUTH_FAILED")
