"""Access tokens: what is one of ours, for how long, and that nothing else is ever taken for one."""

import asyncio
import base64
import json
import time
from typing import Any
from uuid import UUID, uuid4

import jwt
import msgspec
import pytest

from chat.accounts import access_tokens
from chat.accounts.access_tokens import new_access_token
from chat.db import Pool
from chat.settings import Settings
from tests.accounts.conftest import OpenProgram
from tests.accounts.signing_in import SigningIn
from tests.plain_browser import Browser
from tests.program import make_token
from tests.servers import Serve


def segment(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Forger:
    """Makes tokens that are nearly right: `forge(exp=…)` changes one claim, None takes it away."""

    def __init__(self, settings: Settings, good: str) -> None:
        self.settings = settings
        self.claims: dict[str, Any] = jwt.decode(good, options={"verify_signature": False})
        self.key = access_tokens._key(settings)

    def forge(self, *, key: bytes | None = None, algorithm: str = "HS256", **claims: Any) -> str:
        changed = {name: value for name, value in (self.claims | claims).items() if value is not None}
        return jwt.encode(changed, self.key if key is None else key, algorithm)

    def unsigned(self, header: dict[str, Any]) -> str:
        return f"{segment(header)}.{segment(self.claims)}."


@pytest.fixture
async def forger(program: SigningIn, settings: Settings) -> Forger:
    return Forger(settings, (await program.sign_up("karin")).json["access_token"])


async def test_the_untouched_claims_are_accepted(program: SigningIn, forger: Forger) -> None:
    # Without this the refusals below would prove nothing.
    assert (await program.whoami(forger.forge())).json["username"] == "karin"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": int(time.time()) - 60}, "TOKEN_EXPIRED"),
        ({"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200}, "AUTH_FAILED"),
        ({"nbf": int(time.time()) + 3600}, "AUTH_FAILED"),
        ({"aud": "chat:other"}, "AUTH_FAILED"),
        ({"aud": ["chat:other", ""]}, "AUTH_FAILED"),
        ({"aud": None}, "AUTH_FAILED"),
        ({"iss": "another"}, "AUTH_FAILED"),
        ({"iss": None}, "AUTH_FAILED"),
        ({"exp": None}, "AUTH_FAILED"),
        ({"iat": None}, "AUTH_FAILED"),
        ({"sub": None}, "AUTH_FAILED"),
        ({"sid": None}, "AUTH_FAILED"),
        ({"exp": "soon"}, "AUTH_FAILED"),
        ({"exp": 10**400}, "AUTH_FAILED"),
        ({"iat": "now"}, "AUTH_FAILED"),
        ({"sub": "karin"}, "AUTH_FAILED"),
        ({"sid": "1"}, "AUTH_FAILED"),
        ({"sid": 1}, "AUTH_FAILED"),
        ({"sid": ["x"]}, "AUTH_FAILED"),
        ({"sid": str(uuid4())}, "AUTH_FAILED"),
        ({"sub": str(uuid4())}, "AUTH_FAILED"),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(
    program: SigningIn, forger: Forger, claims: dict[str, Any], code: str
) -> None:
    assert (await program.whoami(forger.forge(**claims))).refusal == (401, code)


@pytest.mark.filterwarnings("ignore:The HMAC key")
async def test_a_token_that_another_has_signed_is_refused(program: SigningIn, forger: Forger) -> None:
    other = access_tokens._key(msgspec.structs.replace(forger.settings, secret_key="x" * 40))
    forged = [
        forger.forge(key=other),
        # The secret itself, as if there were no keys derived from it.
        forger.forge(key=forger.settings.secret_key.encode()),
        forger.forge(key=b"k" * 64, algorithm="HS512"),
        forger.forge(key=forger.key, algorithm="HS512"),
        forger.forge(key=forger.key, algorithm="HS384"),
        forger.unsigned({"alg": "none", "typ": "JWT"}),
        forger.unsigned({"alg": "None"}),
        forger.unsigned({"alg": "nOnE"}),
        forger.unsigned({}),
        forger.unsigned({"alg": "HS256"}),
        forger.unsigned({"alg": "HS256"}) + forger.forge().rpartition(".")[2],
        forger.unsigned({"alg": "none"}) + forger.forge().rpartition(".")[2],
        forger.unsigned({"alg": "RS256"}) + forger.forge().rpartition(".")[2],
    ]

    for token in forged:
        assert (await program.whoami(token)).refusal == (401, "AUTH_FAILED"), token


async def test_a_token_that_lacks_a_piece_or_has_one_too_many_is_refused(program: SigningIn, forger: Forger) -> None:
    good = forger.forge()
    header, payload, signature = good.split(".")
    nested = segment(b"[" * 20_000)
    broken = [
        *(good[:length] for length in (1, 10, len(header), len(header) + 20, len(good) - 20, len(good) - 1)),
        good[1:],
        f"{header}.{payload}",
        f"{header}.{payload}.",
        f".{payload}.{signature}",
        f"{header}..{signature}",
        f"{good}.{signature}",
        f"{good}A",
        f"{good}=",
        f"{good} {good}",
        f"{header}.{segment(forger.claims | {'sub': str(uuid4())})}.{signature}",
        f"{header}.{payload}.{signature[::-1]}",
        f"{nested[:3000]}.{payload}.{signature}",
        f"{segment(b'[' * 140)}.{payload}.{signature}",
        f"{segment(b'nonsense')}.{payload}.{signature}",
        f"{segment(chr(0xFF).encode('latin-1'))}.{payload}.{signature}",
        "..",
        "x",
        "null",
        "Bearer",
        "ü.ü.ü",
    ]

    for token in broken:
        assert (await program.whoami(token)).refusal == (401, "AUTH_FAILED"), token


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Basic a2FyaW46c2VjcmV0", "Token {good}", "{good}", "Bearer\t{good}"]
)
async def test_only_a_bearer_is_looked_at(program: SigningIn, forger: Forger, value: str) -> None:
    answer = await program.ask("GET", "/users/me", Authorization=value.replace("{good}", forger.forge()))

    assert answer.refusal == (401, "AUTH_FAILED")


async def test_the_scheme_may_be_written_in_any_case(program: SigningIn, forger: Forger) -> None:
    answer = await program.ask("GET", "/users/me", Authorization=f"bearer  {forger.forge()} ")

    assert answer.status == 200


async def test_a_token_is_good_for_fifteen_minutes_by_default(forger: Forger) -> None:
    assert forger.claims["exp"] - forger.claims["iat"] == 900


async def test_an_access_token_holds_ids_and_times_and_nothing_else(forger: Forger) -> None:
    assert set(forger.claims) == {"iss", "aud", "sub", "sid", "iat", "exp"}


async def test_clocks_of_several_machines_may_differ_a_little(program: SigningIn, forger: Forger) -> None:
    now = int(time.time())

    assert (await program.whoami(forger.forge(iat=now + 2))).status == 200
    assert (await program.whoami(forger.forge(iat=now + 30))).status == 401


async def test_a_token_for_the_session_of_a_browser_is_refused(
    program: SigningIn, browser: Browser, settings: Settings, pool: Pool
) -> None:
    await browser.register("karin")
    session = await pool.fetchrow("select id, user_id from sessions")

    token = new_access_token(settings, user_id=session["user_id"], session_id=session["id"])

    assert (await program.whoami(token)).refusal == (401, "AUTH_FAILED")


async def test_a_cookie_is_no_key_to_the_api(program: SigningIn, browser: Browser) -> None:
    await browser.register("karin")
    assert await browser.is_signed_in()

    for cookie in (f"chat_session={browser.token}", f"chat_refresh={browser.token}"):
        answer = await program.ask("GET", "/users/me", Cookie=cookie, Origin=program.url)
        assert answer.refusal == (401, "AUTH_FAILED")
    answer = await program.ask("GET", "/users/me", Authorization=f"Bearer {browser.token}")
    assert answer.refusal == (401, "AUTH_FAILED")


async def test_no_token_of_the_api_is_a_cookie(program: SigningIn, browser: Browser, pool: Pool) -> None:
    tokens = (await program.sign_up("karin")).json
    personal = await make_token(pool, UUID(tokens["user"]["id"]))

    for value in (tokens["access_token"], tokens["refresh_token"], personal, personal.removeprefix("chat_pat_")):
        page = await browser.get("/settings", Cookie=f"chat_session={value}")
        assert (page.status, page.location) == (303, "/login?next=/settings")
        page = await browser.get("/settings", Authorization=f"Bearer {value}")
        assert page.status == 303


async def test_whoever_is_deactivated_is_refused_at_once(program: SigningIn, forger: Forger, pool: Pool) -> None:
    assert (await program.whoami(forger.forge())).status == 200

    await pool.execute("update users set deactivated_at = now()")

    assert (await program.whoami(forger.forge())).refusal == (401, "AUTH_FAILED")


async def test_a_session_that_has_run_out_takes_its_access_tokens_along(
    program: SigningIn, forger: Forger, pool: Pool
) -> None:
    await pool.execute("update sessions set expires_at = now()")

    assert (await program.whoami(forger.forge())).refusal == (401, "AUTH_FAILED")


async def test_without_redis_tokens_are_checked_as_ever(serve: Serve, open_program: OpenProgram) -> None:
    program = open_program(await serve(redis_url="redis://127.0.0.1:1"))
    tokens = (await program.sign_up("karin")).json

    assert (await program.whoami(tokens["access_token"])).status == 200
    await program.post("/auth/logout", refresh_token=tokens["refresh_token"])
    assert (await program.whoami(tokens["access_token"])).refusal == (401, "AUTH_FAILED")


async def test_a_socket_stays_for_as_long_as_its_session_beyond_the_time_of_its_access_token(
    serve: Serve, open_program: OpenProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_tokens, "LEEWAY", 0)
    program = open_program(await serve(access_token_seconds=1))
    tokens = (await program.sign_up("karin")).json
    socket = await program.open_socket(tokens["access_token"])

    async with asyncio.timeout(8):
        while True:
            answer = await program.whoami(tokens["access_token"])
            if answer.status != 200:
                break
            await asyncio.sleep(0.1)
    assert answer.refusal == (401, "TOKEN_EXPIRED")

    await socket.say("no:such:event")
    assert (await socket.hear())["type"] == "error"
    await program.post("/auth/logout", refresh_token=tokens["refresh_token"])
    assert await socket.close_code() == 4403
