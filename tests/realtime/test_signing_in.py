"""How a program opens a socket: by a header, the address or the first frame; and how those who may not are told so."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import WSMsgType

from chat.accounts.access_tokens import new_access_token
from chat.db import Pool
from chat.ids import new_id
from chat.realtime import newcomers
from chat.settings import Settings
from chat.web.tokens import PERSONAL_PREFIX, new_token
from tests.device import Connect, sign_in
from tests.factory import Factory
from tests.json_device import JsonDevice, Way
from tests.program import make_token
from tests.realtime.conftest import ConnectJson
from tests.servers import Serve, WebProcess

WAYS: list[Way] = ["header", "query", "frame"]
SOON = 3.0


@pytest.fixture
async def visitor() -> AsyncIterator[Callable[..., JsonDevice]]:
    """A program that isn't on line yet."""
    made: list[JsonDevice] = []

    def make(url: str, token: str, way: Way) -> JsonDevice:
        made.append(JsonDevice(url, token, way))
        return made[-1]

    yield make
    await asyncio.gather(*(device.close() for device in made))


@pytest.mark.parametrize("way", WAYS)
async def test_a_token_opens_a_socket_in_three_ways_and_needs_no_origin(
    factory: Factory, connect_json: ConnectJson, way: Way
) -> None:
    maria = await factory.user()

    device = await connect_json(maria, way=way)
    assert device.raw == [{"type": "auth:success", "payload": {"user_id": str(maria), "degraded": False}}]

    await device.socket.close()
    await device.open(Origin="https://dashboard.example", **{"Sec-Fetch-Site": "cross-site"})
    assert device.raw[1:] == device.raw[:1]


@pytest.mark.parametrize("way", WAYS)
async def test_an_access_token_does_as_well_as_a_personal_one(
    url: str, factory: Factory, pool: Pool, settings: Settings, visitor: Callable[..., JsonDevice], way: Way
) -> None:
    maria, session = await factory.user(), new_id()
    await pool.execute(
        "insert into sessions (id, user_id, expires_at, kind) values ($1, $2, now() + interval '1 day', 'api')",
        session,
        maria,
    )
    device = visitor(url, new_access_token(settings, user_id=maria, session_id=session), way)

    assert (await device.open())["user_id"] == str(maria)

    await device.socket.close()
    await pool.execute("delete from sessions")
    await device.knock()
    assert await device.closed() == 4401


@pytest.mark.parametrize("way", WAYS)
async def test_who_has_no_good_token_is_told_why_and_closed(
    url: str, factory: Factory, pool: Pool, visitor: Callable[..., JsonDevice], way: Way
) -> None:
    maria, gone = await factory.user(), await factory.user(deactivated_at=datetime.now(UTC))
    expired = await make_token(pool, maria)
    await pool.execute("update personal_tokens set expires_at = $1", datetime.now(UTC) - timedelta(seconds=1))
    write_only = await make_token(pool, maria, "write")
    refused = {
        "nonsense": "AUTH_FAILED",
        "a.b.c": "AUTH_FAILED",
        PERSONAL_PREFIX + new_token(): "AUTH_FAILED",
        await sign_in(pool, maria): "AUTH_FAILED",
        await make_token(pool, gone): "AUTH_FAILED",
        expired: "TOKEN_EXPIRED",
        write_only: "FORBIDDEN",
    }

    for token, code in refused.items():
        device = visitor(url, token, way)
        await device.knock()
        assert await device.closed() == 4401, token
        (told,) = device.raw
        assert (told["type"], told["payload"]["code"]) == ("auth:error", code), token
        assert set(told["payload"]) == {"code", "message"}


async def test_who_says_anything_else_first_is_closed(url: str, factory: Factory, pool: Pool) -> None:
    token = await make_token(pool, await factory.user())
    right = json.dumps({"type": "auth", "payload": {"token": token}})
    others = [
        "",
        "[]",
        "{",
        '{"type": "auth"}',
        '{"type": "auth", "payload": {}}',
        '{"type": "auth", "payload": {"token": 5}}',
        '{"type": "auth", "payload": {"token": "\\ud800"}}',
        json.dumps({"type": "subscribe", "payload": {"token": token}}),
        json.dumps({"payload": {"token": token}}),
        "[" * 60_000,
    ]

    async with aiohttp.ClientSession() as http:
        for kind, first in [*((WSMsgType.TEXT, text) for text in others), (WSMsgType.BINARY, right)]:
            async with http.ws_connect(f"{url}/ws") as socket:
                await socket.send_frame(first.encode(), kind)
                told = await socket.receive_json(timeout=SOON)
                assert (told["type"], told["payload"]["code"]) == ("auth:error", "AUTH_FAILED"), first
                await socket.receive(timeout=SOON)
                assert socket.close_code == 4401, first


async def test_who_says_nothing_is_closed_in_time(serve: Serve) -> None:
    url = await serve(auth_timeout=0.3)

    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}/ws", autoping=False) as socket:
        # A ping says nothing of who it is.
        await socket.ping(b"hello?")
        assert (await socket.receive(timeout=SOON)).data == b"hello?"
        told = await socket.receive_json(timeout=SOON)
        assert (told["type"], told["payload"]["message"]) == ("auth:error", "Nothing was said for 0.3 seconds.")
        await socket.receive(timeout=SOON)
        assert socket.close_code == 4401


async def test_a_socket_is_authenticated_once(factory: Factory, pool: Pool, connect_json: ConnectJson) -> None:
    maria, noah = await factory.user(), await factory.user()
    device = await connect_json(maria, way="frame")

    await device.say("auth", token=await make_token(pool, noah))

    assert (await device.expect("error"))["message"] == "This socket is signed in already."
    assert len(device.payloads("auth:success")) == 1


async def test_a_cookie_beside_a_token_does_not_count(url: str, factory: Factory, pool: Pool) -> None:
    maria, noah = await factory.user(), await factory.user()
    cookie = {"chat_session": await sign_in(pool, noah)}

    async with aiohttp.ClientSession(cookies=cookie) as http:
        async with http.ws_connect(f"{url}/ws", params={"token": await make_token(pool, maria)}) as socket:
            assert (await socket.receive_json())["payload"]["user_id"] == str(maria)
        async with http.ws_connect(f"{url}/ws", params={"token": "no good"}) as socket:
            assert (await socket.receive_json())["type"] == "auth:error"
        # Without one it is a page, which says nothing of itself in a frame.
        async with http.ws_connect(f"{url}/ws", headers={"Origin": url}) as socket:
            assert (await socket.receive_json())["user_id"] == str(noah)


async def test_no_more_wait_to_sign_in_than_a_process_and_an_address_may_have(
    url: str, factory: Factory, connect_json: ConnectJson, monkeypatch: pytest.MonkeyPatch
) -> None:
    maria = await factory.user()
    for name, other in (("MOST", "MOST_OF_ADDRESS"), ("MOST_OF_ADDRESS", "MOST")):
        monkeypatch.setattr(newcomers, name, 2)
        monkeypatch.setattr(newcomers, other, 1000)
        async with aiohttp.ClientSession() as http:
            waiting = [await http.ws_connect(f"{url}/ws") for _ in range(2)]
            async with http.ws_connect(f"{url}/ws") as refused:
                await refused.receive(timeout=SOON)
                assert refused.close_code == 4429
            # Whoever brings the token along needs no place.
            await connect_json(maria, way="header")
            await waiting[0].close()
            async with asyncio.timeout(SOON):
                while True:
                    async with http.ws_connect(f"{url}/ws") as next_one:
                        await next_one.send_str("no auth")
                        if (await next_one.receive()).type is WSMsgType.TEXT:
                            break
            await waiting[1].close()


async def test_who_waits_to_sign_in_hears_goodbye_when_the_server_stops(start_web: Callable[..., WebProcess]) -> None:
    web_process = start_web()
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{web_process.url}/ws") as socket:
        stopped = asyncio.create_task(asyncio.to_thread(web_process.stop))
        await socket.receive(timeout=10)
        assert socket.close_code == 1001
        assert await stopped == 0


async def test_a_token_that_is_only_for_reading_hears_everything_and_changes_nothing(
    factory: Factory, connect: Connect, connect_json: ConnectJson
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, reader = await connect(maria), await connect_json(noah, scopes=("read",))
    await hers.send(conversation, "one")

    assert (await reader.watch(conversation, after_revision=0))["last_seq"] == 1
    assert (await reader.expect("conversation:synced"))["items"][0]["content"] == "one"
    await hers.send(conversation, "two")
    await reader.expect("message:received", seq=2)
    await reader.say("presence:heartbeat")
    sent = await reader.send(conversation, "three")
    await reader.say("receipt:read", conversation_id=conversation, up_to_seq=2)
    refused = await reader.expect("error")

    assert (sent["type"], sent["code"], sent["retryable"]) == ("message:error", "FORBIDDEN", False)
    assert (refused["code"], refused["message"]) == ("FORBIDDEN", sent["message"])
    assert [text for _, _, text in await factory.history(conversation)] == ["one", "two"]
