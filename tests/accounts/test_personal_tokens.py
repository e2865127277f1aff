"""Personal tokens: made in the settings, shown once, good for what their scopes say, and gone when they are revoked."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from chat.accounts import last_use, personal_token_actions
from chat.accounts.last_use import flush
from chat.db import Pool
from chat.endpoints import ENDPOINTS
from chat.redis import create_redis
from chat.routes import SOCKET_EVENTS
from chat.settings import Settings
from chat.web.tokens import hash_token
from tests.accounts.conftest import OpenBrowser, OpenProgram
from tests.accounts.signing_in import SigningIn
from tests.device import Device
from tests.factory import Factory
from tests.html import texts
from tests.plain_browser import PASSWORD, Browser, Page
from tests.servers import Serve


async def submit(browser: Browser, **fields: str) -> Page:
    """Send the form with these fields, and good ones otherwise."""
    values = {"name": "Build server", "access": "write", "days": "90", "current_password": PASSWORD}
    return await browser.submit("/settings/tokens", **(values | fields))


async def make(browser: Browser, **fields: str) -> str:
    """Make a token, and copy it."""
    found = re.search(
        r'<input id="new-token" type="text" value="(chat_pat_[A-Za-z0-9_-]{43})"',
        (await submit(browser, **fields)).text,
    )
    assert found is not None
    return found[1]


async def revoke(browser: Browser, pool: Pool, token: str) -> Page:
    token_id = await pool.fetchval("select id from personal_tokens where token_hash = $1", hash_token(token))
    return await browser.submit(f"/settings/tokens/{token_id}/revoke", page="/settings/tokens")


@pytest.fixture
async def karin(browser: Browser) -> Browser:
    """The browser of somebody who is signed in."""
    await browser.register("karin")
    return browser


async def test_a_token_is_shown_once_and_kept_as_a_hash(karin: Browser, program: SigningIn, pool: Pool) -> None:
    token = await make(karin)

    row = dict(await pool.fetchrow("select * from personal_tokens"))
    assert row["token_hash"] == hash_token(token)
    assert token not in str(row)
    assert token.removeprefix("chat_pat_") not in str(row)
    assert (row["name"], row["scopes"], row["last_used_at"]) == ("Build server", ["read", "write"], None)
    assert timedelta(days=89) < row["expires_at"] - row["created_at"] <= timedelta(days=90)
    assert token not in (await karin.get("/settings/tokens")).text
    assert (await program.whoami(token)).json["username"] == "karin"


async def test_the_settings_lead_to_the_tokens(karin: Browser) -> None:
    assert 'href="/settings/tokens"' in (await karin.get("/settings")).text
    assert "You have none yet." in (await karin.get("/settings/tokens")).text


@pytest.mark.parametrize(("days", "lifetime"), [("30", 30), ("90", 90), ("365", 365), ("never", None)])
async def test_a_token_is_good_for_as_long_as_was_chosen(
    karin: Browser, program: SigningIn, pool: Pool, days: str, lifetime: int | None
) -> None:
    token = await make(karin, days=days)
    assert await pool.fetchval("select expires_at - created_at from personal_tokens") == (
        timedelta(days=lifetime) if lifetime else None
    )
    assert await program.is_let_in(token)

    await pool.execute(
        "update personal_tokens set created_at = created_at - $1::interval, expires_at = expires_at - $1::interval",
        timedelta(days=lifetime or 3650),
    )

    assert await program.is_let_in(token) == (lifetime is None)
    if lifetime is not None:
        assert (await program.whoami(token)).refusal == (401, "TOKEN_EXPIRED")
        page = await karin.get("/settings/tokens")
        assert '<span class="tag">Expired</span>' in page.text
        assert ">Remove<" in page.text


async def test_what_can_not_be_a_token_is_refused_and_the_form_keeps_the_rest(karin: Browser, pool: Pool) -> None:
    for field, value, name in (
        ("name", " ", "name"),
        ("name", "x" * 81, "name"),
        ("name", "a\u202eb", "name"),
        ("current_password", "wrong", "current_password"),
        ("current_password", "", "current_password"),
    ):
        answer = await submit(karin, **{field: value, "access": "write"})
        assert (answer.status, len(answer.field_errors)) == (401 if name != "name" else 422, 1), (field, value)
        assert 'value="write" checked' in answer.text
    for field, value in (("access", "admin"), ("access", ""), ("days", "91"), ("days", "-1"), ("days", "")):
        answer = await submit(karin, **{field: value})
        assert (answer.status, bool(answer.form_error)) == (422, True), (field, value)
        assert PASSWORD not in answer.text
    assert await pool.fetchval("select count(*) from personal_tokens") == 0


async def test_the_password_is_not_guessed_at_in_this_form_either(serve: Serve, open_browser: OpenBrowser) -> None:
    browser = open_browser(await serve(login_limit=2))
    await browser.register("karin")

    assert [(await submit(browser, current_password="wrong")).status for _ in range(2)] == [401, 401]
    answer = await submit(browser)

    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 800


async def test_a_name_is_shown_as_text(karin: Browser) -> None:
    await make(karin, name="<b>CI</b> “one”")

    page = await karin.get("/settings/tokens")
    assert "<b>CI" not in page.text
    assert "&lt;b&gt;CI&lt;/b&gt; “one”" in page.text


async def test_of_fifty_one_tokens_the_last_is_refused_also_when_they_come_at_once(
    karin: Browser, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_token_actions, "PERSONAL_TOKENS_MAX", 5)
    csrf = (await karin.get("/settings/tokens")).csrf
    form = {"csrf": csrf, "name": "Build server", "access": "read", "days": "30", "current_password": PASSWORD}

    answers = await asyncio.gather(*(karin.post("/settings/tokens", form) for _ in range(8)))

    assert sorted(answer.status for answer in answers) == [200] * 5 + [422] * 3
    assert await pool.fetchval("select count(*) from personal_tokens") == 5
    refused = next(answer for answer in answers if answer.status == 422)
    assert refused.form_error == "You have 5 tokens. Revoke one that you no longer use first."


async def test_a_revoked_token_opens_nothing_and_its_sockets_are_closed_on_every_process(
    serve: Serve, open_browser: OpenBrowser, open_program: OpenProgram, pool: Pool
) -> None:
    here, there = await serve(), await serve()
    browser, program = open_browser(here), open_program(there)
    await browser.register("karin")
    token, other = await make(browser), await make(browser, name="Another")
    socket, stays = await program.open_socket(token), await program.open_socket(other)

    answer = await revoke(browser, pool, token)

    assert (answer.status, answer.location) == (303, "/settings/tokens")
    page = await browser.get("/settings/tokens")
    assert texts(page.text, "notice") == ["That token lets nothing in any more."]
    assert "Build server" not in texts(page.text, "settings-list")[0]
    assert await socket.close_code() == 4403
    assert (await program.whoami(token)).refusal == (401, "AUTH_FAILED")
    assert await program.is_let_in(other)
    assert stays.is_open


async def test_nobody_sees_or_revokes_another_persons_token(
    karin: Browser, open_browser: OpenBrowser, program: SigningIn, pool: Pool
) -> None:
    token = await make(karin)
    noah = open_browser()
    await noah.register("noah")

    assert "Build server" not in texts((await noah.get("/settings/tokens")).text, "settings-list")
    assert (await revoke(noah, pool, token)).status == 303
    assert (await noah.submit(f"/settings/tokens/{uuid4()}/revoke", page="/settings/tokens")).status == 303
    assert (await noah.submit("/settings/tokens/x/revoke", page="/settings/tokens")).status == 404

    assert await program.is_let_in(token)


async def test_tokens_outlive_a_new_password_and_signing_out_everywhere(karin: Browser, program: SigningIn) -> None:
    token = await make(karin)
    socket = await program.open_socket(token)

    new = "a better horse battery"
    await karin.submit("/settings/password", page="/settings", current_password=PASSWORD, new_password=new)
    await karin.submit("/settings/sessions/revoke-all", page="/settings")

    assert not await karin.is_signed_in()
    assert await program.is_let_in(token)
    await socket.say("presence:heartbeat")
    await socket.say("no:such:event")
    assert (await socket.hear())["type"] == "error"


async def test_deactivating_an_account_revokes_its_tokens_for_good(
    karin: Browser, open_browser: OpenBrowser, program: SigningIn, pool: Pool
) -> None:
    noah = open_browser()
    await noah.register("noah")
    token = await make(noah)
    socket = await program.open_socket(token)
    user_id = await pool.fetchval("select id from users where username = 'noah'")

    await karin.submit(f"/settings/people/{user_id}/deactivate", page="/settings/people")
    assert await socket.close_code() == 4403
    assert not await program.is_let_in(token)
    await karin.submit(f"/settings/people/{user_id}/reactivate", page="/settings/people")

    assert not await program.is_let_in(token)
    assert await pool.fetchval("select count(*) from personal_tokens") == 0


async def test_a_token_for_reading_changes_nothing(karin: Browser, program: SigningIn) -> None:
    reader, writer = await make(karin, access="read"), await make(karin, access="write")
    change = {"display_name": "Karin the Second"}

    refused = await program.ask("PATCH", "/users/me", change, Authorization=f"Bearer {reader}")
    assert refused.refusal == (403, "FORBIDDEN")
    assert (await program.whoami(reader)).json["display_name"] == "Karin"

    done = await program.ask("PATCH", "/users/me", change, Authorization=f"Bearer {writer}")
    assert done.json["display_name"] == "Karin the Second"


async def test_every_endpoint_that_changes_something_is_closed_to_a_token_for_reading(
    karin: Browser, program: SigningIn
) -> None:
    token = await make(karin, access="read")
    unsafe = [
        (endpoint.method, endpoint.path)
        for endpoints in ENDPOINTS.values()
        for endpoint in endpoints
        if endpoint.method != "GET" and not endpoint.public
    ]
    assert unsafe

    for method, path in unsafe:
        address = re.sub(r"\{\w+\}", str(uuid4()), path.removeprefix("/api"))
        answer = await program.ask(method, address, {}, Authorization=f"Bearer {token}")
        assert answer.refusal == (403, "FORBIDDEN"), (method, path)


async def test_a_socket_with_a_token_for_reading_hears_and_says_nothing(
    karin: Browser, program: SigningIn, factory: Factory, pool: Pool
) -> None:
    noah = await factory.user("noah")
    user_id = await pool.fetchval("select id from users where username = 'karin'")
    conversation_id = await factory.direct(user_id, noah)
    socket = await program.open_socket(await make(karin, access="read"))
    await socket.say("subscribe", conversation_id=conversation_id)
    assert (await socket.hear())["type"] == "subscribed"

    client = uuid4()
    await socket.say("message:send", conversation_id=conversation_id, client_message_id=client, content="Hello")
    refused = await socket.hear("message:error")
    assert refused["payload"]["code"] == "FORBIDDEN"
    assert await pool.fetchval("select count(*) from messages") == 0

    device = await Device.connect(program.url, pool, noah)
    await device.send(conversation_id, "Are you there?")
    heard = await socket.hear("message:received")
    await device.close()
    assert heard["payload"]["message"]["content"] == "Are you there?"


async def test_using_a_token_is_noted_and_does_not_tell_that_its_person_was_there(
    karin: Browser, program: SigningIn, pool: Pool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_use, "GATHER_SECONDS", 0.05)
    token = await make(karin)
    redis = create_redis(settings)
    await pool.execute("delete from sessions")
    await pool.execute("update users set last_seen_at = '2020-01-01'")
    await program.whoami(token)

    async with asyncio.timeout(8):
        while await pool.fetchval("select last_used_at from personal_tokens") is None:
            await flush(pool, redis)
            await asyncio.sleep(0.02)

    await redis.aclose()
    used_at = await pool.fetchval("select last_used_at from personal_tokens")
    assert datetime.now(UTC) - used_at < timedelta(minutes=1)
    assert await pool.fetchval("select last_seen_at from users") == datetime(2020, 1, 1, tzinfo=UTC)


def test_what_a_token_for_reading_may_say_on_a_socket_is_listed() -> None:
    # Whoever adds an event decides it here.
    open_to_readers = {name for name, event in SOCKET_EVENTS.items() if not event.writes}

    assert open_to_readers == {
        *("auth", "subscribe", "unsubscribe", "conversation:sync"),
        *("message:delivered", "presence:heartbeat", "presence:watch"),
    }
