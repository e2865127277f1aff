"""Devices of the API: in the list of devices like any other, ended in the same ways, and denied at once."""

from typing import Any
from uuid import UUID

import pytest

from chat.accounts import actions
from chat.db import Pool
from tests.accounts.conftest import OpenProgram
from tests.accounts.signing_in import SigningIn
from tests.accounts.test_auth_api import cookie_of
from tests.accounts.test_sessions import devices
from tests.plain_browser import PASSWORD, Browser
from tests.program import make_token
from tests.servers import Serve


@pytest.mark.parametrize("how", ["access token", "refresh token", "cookie", "both", "expired access token and cookie"])
async def test_signing_out_denies_the_access_token_at_once_on_every_process(
    serve: Serve, open_program: OpenProgram, how: str
) -> None:
    program, elsewhere = open_program(await serve()), open_program(await serve())
    ended, other = (await program.sign_up("karin")).json, (await program.log_in("karin")).json
    socket = await elsewhere.open_socket(ended["access_token"])
    assert await elsewhere.is_let_in(ended["access_token"])

    bearer = {"Authorization": f"Bearer {ended['access_token']}"}
    cookie = {"Cookie": f"chat_refresh={ended['refresh_token']}"}
    stale = {"Authorization": f"Bearer {ended['access_token'][:-4]}AAAA"}
    requests: dict[str, tuple[Any, dict[str, str]]] = {
        "access token": (None, bearer),
        "refresh token": ({"refresh_token": ended["refresh_token"]}, {}),
        "cookie": ({}, cookie),
        "both": ({"refresh_token": ended["refresh_token"]}, bearer),
        "expired access token and cookie": ({}, stale | cookie),
    }
    body, headers = requests[how]
    answer = await program.ask("POST", "/auth/logout", body, **headers)

    assert (answer.status, answer.body) == (204, b"")
    assert (cookie_of(answer).value, cookie_of(answer)["path"]) == ("", "/api/auth")
    assert (await elsewhere.whoami(ended["access_token"])).refusal == (401, "AUTH_FAILED")
    assert (await elsewhere.refresh(ended["refresh_token"])).refusal == (401, "AUTH_FAILED")
    assert await socket.close_code() == 4403
    assert await elsewhere.is_let_in(other["access_token"])
    assert (await elsewhere.refresh(other["refresh_token"])).status == 200


async def test_signing_out_twice_does_no_harm(program: SigningIn) -> None:
    tokens = (await program.sign_up("karin")).json

    for _ in range(2):
        assert (await program.post("/auth/logout", refresh_token=tokens["refresh_token"])).status == 204
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await program.ask("POST", "/auth/logout", **bearer)).refusal == (401, "AUTH_FAILED")


async def test_who_brings_nothing_has_nothing_to_sign_out(program: SigningIn, pool: Pool) -> None:
    user = (await program.sign_up("karin")).json["user"]["id"]

    assert (await program.ask("POST", "/auth/logout")).refusal == (401, "AUTH_FAILED")
    # Programs aren't devices.
    bearer = {"Authorization": f"Bearer {await make_token(pool, UUID(user))}"}
    assert (await program.ask("POST", "/auth/logout", **bearer)).refusal == (403, "FORBIDDEN")
    assert await pool.fetchval("select count(*) from personal_tokens") == 1


async def test_a_stale_cookie_beside_an_access_token_does_not_keep_its_session_alive(program: SigningIn) -> None:
    one, other = (await program.sign_up("karin")).json, (await program.log_in("karin")).json

    answer = await program.ask(
        "POST",
        "/auth/logout",
        Authorization=f"Bearer {one['access_token']}",
        Cookie=f"chat_refresh={other['refresh_token']}",
    )

    assert answer.status == 204
    assert not await program.is_let_in(one["access_token"])
    assert not await program.is_let_in(other["access_token"])


async def test_devices_of_the_api_are_listed_and_signed_out_like_any_other(
    browser: Browser, program: SigningIn, pool: Pool
) -> None:
    await browser.register("karin")
    named = (await program.log_in("karin", device="  Karin's   phone <3")).json
    agents = {"curl/8.5.0": "curl", "Mozilla/5.0 (X11; Linux x86_64) Gecko Firefox/140.0": "Firefox on Linux"}
    for agent in agents:
        body = {"email": "karin", "password": PASSWORD}
        assert (await program.ask("POST", "/auth/login", body, **{"User-Agent": agent})).status == 200

    page = await browser.get("/settings")
    assert sorted(devices(page)) == sorted(
        ["Firefox on Linux This device", "Karin&#39;s phone &lt;3 App", "curl App", "Firefox on Linux App"]
    )

    session_id = await pool.fetchval("select id from sessions where name is not null")
    socket = await program.open_socket(named["access_token"])
    await browser.post(f"/settings/sessions/{session_id}/revoke", {"csrf": page.csrf})
    assert not await program.is_let_in(named["access_token"])
    assert (await program.refresh(named["refresh_token"])).status == 401
    assert await socket.close_code() == 4403


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/settings/sessions/revoke-all", {}),
        ("/settings/password", {"current_password": PASSWORD, "new_password": "a better horse battery"}),
    ],
)
async def test_signing_out_everywhere_and_a_new_password_end_devices_of_the_api_too(
    browser: Browser, program: SigningIn, path: str, fields: dict[str, str]
) -> None:
    await browser.register("karin")
    tokens = (await program.log_in("karin")).json
    socket = await program.open_socket(tokens["access_token"])

    assert (await browser.submit(path, page="/settings", **fields)).status == 303

    assert not await program.is_let_in(tokens["access_token"])
    assert (await program.refresh(tokens["refresh_token"])).status == 401
    assert await socket.close_code() == 4403


async def test_a_program_that_signs_in_for_each_run_does_not_fill_the_list_of_devices(
    program: SigningIn, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "SESSIONS_MAX", 3)
    await program.sign_up("noah")
    logins = [(await program.sign_up("karin")).json]
    socket = await program.open_socket(logins[0]["access_token"])
    logins += [(await program.log_in("karin")).json for _ in range(4)]

    assert [await program.is_let_in(tokens["access_token"]) for tokens in logins] == [False, False, True, True, True]
    assert await socket.close_code() == 4403
    assert await pool.fetchval("select count(*) from sessions") == 4
