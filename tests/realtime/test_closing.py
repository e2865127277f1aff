"""How sockets end: each close code of the protocol, and that whoever was signed out hears nothing more."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web

from chat.app import create_app
from chat.db import Pool
from chat.embedded.server import free_port
from chat.realtime.socket import FEATURES, MAX_CONNECTIONS, SocketSession
from chat.settings import Settings
from tests.device import Connect, Device, sign_in
from tests.factory import Factory, client_id
from tests.json_device import JsonDevice
from tests.plain_browser import Browser
from tests.servers import Serve, WebProcess, serving

# A second is promised. On a busy machine it may take a little longer; without the event it takes 30.
SOON = 3.0


async def close_code(url: str, *, cookie: str = "", **headers: str) -> int | None:
    """The code with which a new socket is closed; fails where it stays open."""
    cookies = {"chat_session": cookie} if cookie else None
    async with (
        aiohttp.ClientSession(cookies=cookies) as http,
        http.ws_connect(f"{url}/ws", headers={"Origin": url} | headers) as socket,
    ):
        async with asyncio.timeout(5):
            frames = [json.loads(message.data)["type"] async for message in socket]
        assert "auth:success" not in frames
        return socket.close_code


async def refusal(url: str, cookie: str, **headers: str) -> int:
    """The status with which the upgrade is refused; 101 where it isn't."""
    async with aiohttp.ClientSession(cookies={"chat_session": cookie}) as http:
        try:
            async with http.ws_connect(f"{url}/ws", headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            return error.status


async def test_who_is_not_signed_in_is_told_so(url: str, factory: Factory, pool: Pool) -> None:
    expired, gone = await sign_in(pool, await factory.user()), await sign_in(pool, maria := await factory.user())
    await pool.execute("update sessions set expires_at = now() where user_id <> $1", maria)
    await pool.execute("update users set deactivated_at = now() where id = $1", maria)

    for cookie in ("", "x", "x" * 43, expired, gone):
        assert await close_code(url, cookie=cookie) == 4401


async def test_only_our_own_pages_may_open_a_socket(url: str, factory: Factory, pool: Pool) -> None:
    cookie = await sign_in(pool, await factory.user())
    port = url.rpartition(":")[2]

    forged = [
        "null",
        "",
        "https://evil.example",
        f"https://127.0.0.1:{port}",
        "http://127.0.0.1",
        f"http://127.0.0.1:{port}.evil.example",
        f"http://localhost:{port}",
        f"{url} https://evil.example",
        "//",
    ]
    for origin in forged:
        assert await refusal(url, cookie, Origin=origin) == 403, origin
    assert await refusal(url, cookie, **{"Sec-Fetch-Site": "cross-site"}) == 403
    assert await refusal(url, cookie, **{"Sec-Fetch-Site": "same-site"}) == 403
    assert await refusal(url, cookie, Origin=url) == 101
    # Browsers always send it with an upgrade; a program that has the cookie needs nobody's leave.
    assert await refusal(url, cookie) == 101


async def sign_out_of_this_device(browser: Browser, _device: Device) -> None:
    await browser.submit("/logout", page="/settings")


async def sign_out_the_other_device(browser: Browser, _device: Device) -> None:
    form = await browser.get("/settings")
    ids = [part.partition("/")[0] for part in form.text.split('action="/settings/sessions/')[1:]]
    assert len(ids) == 2, "one other device, and all of them"
    await browser.post(f"/settings/sessions/{ids[0]}/revoke", {"csrf": form.csrf})


async def sign_out_everywhere(browser: Browser, _device: Device) -> None:
    await browser.submit("/settings/sessions/revoke-all", page="/settings")


async def change_the_password(browser: Browser, _device: Device) -> None:
    answer = await browser.submit(
        "/settings/password",
        page="/settings",
        current_password="correct horse battery",
        new_password="another horse battery",
    )
    assert answer.status == 303


@pytest.mark.parametrize(
    ("sign_out", "here", "there"),
    [
        (sign_out_of_this_device, 4403, None),
        (sign_out_the_other_device, None, 4403),
        (sign_out_everywhere, 4403, 4403),
        (change_the_password, None, 4403),
    ],
)
async def test_sockets_of_ended_sessions_are_closed_within_a_second_on_every_process(
    serve: Serve,
    connect: Connect,
    pool: Pool,
    factory: Factory,
    sign_out: Callable[[Browser, Device], Awaitable[None]],
    here: int | None,
    there: int | None,
) -> None:
    """`here` belongs to the session that the browser uses, `there` to another one; both are on another process."""
    first, second = await serve(), await serve()
    browser = Browser(first)
    await browser.register("maria")
    maria = await pool.fetchval("select id from users")
    noah = await factory.user("noah")
    conversation = await factory.direct(maria, noah)
    this = Device(second, browser.token)
    await this.open()
    other, his = await connect(maria, second), await connect(noah, second)

    await sign_out(browser, other)

    async with asyncio.timeout(SOON):
        for device, code in ((this, here), (other, there)):
            if code is not None:
                assert await device.closed() == code
    await his.send(conversation, "for those who are signed in")
    for device, code in ((this, here), (other, there)):
        if code is None:
            await device.expect("message:received", conversation_id=conversation)
        else:
            assert not [frame for frame in device.frames if frame["type"] == "message:received"]
            assert await close_code(first, cookie=device.cookies["chat_session"]) == 4401
    await this.close()
    await browser.http.close()


async def test_who_is_signed_out_while_connecting_is_not_forgotten(
    settings: Settings, factory: Factory, pool: Pool
) -> None:
    app = create_app(settings)
    by_cookie = app[FEATURES].by_cookie

    async def signed_out_meanwhile(request: web.Request) -> SocketSession | None:
        session = await by_cookie(request)
        await pool.execute("delete from sessions")
        return session

    app[FEATURES] = replace(app[FEATURES], by_cookie=signed_out_meanwhile)
    async with serving(app) as url:
        assert await close_code(url, cookie=await sign_in(pool, await factory.user())) == 4403


async def test_a_device_that_gives_no_sign_of_life_is_closed_and_one_that_answers_pings_is_not(
    serve: Serve, connect_either: Connect, factory: Factory
) -> None:
    url = await serve(heartbeat_interval=0.1, heartbeat_timeout=0.4)
    quiet, other = await connect_either(await factory.user(), url), await connect_either(await factory.user(), url)
    token = {"token": other.token} if isinstance(other, JsonDevice) else {}

    async with (
        aiohttp.ClientSession(cookies=other.cookies) as http,
        http.ws_connect(f"{url}/ws", params=token, headers={"Origin": url}, autoping=False) as dead,
    ):
        kinds = [message.type async for message in dead]
        assert aiohttp.WSMsgType.PING in kinds
        assert dead.close_code == 4408

    assert quiet.close_code is None
    await quiet.say("presence:heartbeat", status="online", device="mobile")
    assert not [frame for frame in quiet.frames if frame["type"] == "error"]


async def test_too_many_connects_of_one_person_are_closed_whichever_process_they_reach(
    serve: Serve, connect: Connect, factory: Factory, pool: Pool
) -> None:
    first, second = await serve(connect_limit_per_minute=3), await serve(connect_limit_per_minute=3)
    maria = await factory.user()
    cookie = await sign_in(pool, maria)
    for url in (first, second, first):
        await connect(maria, url)

    assert await close_code(first, cookie=cookie) == 4429
    assert await close_code(second, cookie=cookie) == 4429
    await connect(await factory.user(), first)


async def test_more_windows_than_anybody_has_are_closed(
    url: str, connect: Connect, factory: Factory, pool: Pool
) -> None:
    maria = await factory.user()
    windows = [await connect(maria) for _ in range(MAX_CONNECTIONS)]

    assert await close_code(url, cookie=await sign_in(pool, maria)) == 4429
    await connect(await factory.user())
    await windows[0].close()
    await connect(maria)


async def test_without_redis_nobody_is_kept_out(serve: Serve, connect: Connect, factory: Factory) -> None:
    url = await serve(connect_limit_per_minute=1, redis_url=f"redis://127.0.0.1:{free_port()}")
    maria = await factory.user()

    assert (await connect(maria, url)).close_code is None
    assert (await connect(maria, url)).close_code is None


async def test_a_server_that_stops_says_goodbye(
    start_web: Callable[..., WebProcess], connect_either: Connect, factory: Factory
) -> None:
    web_process = start_web()
    devices = [await connect_either(await factory.user(), web_process.url) for _ in range(5)]

    assert await asyncio.to_thread(web_process.stop) == 0

    assert [await device.closed() for device in devices] == [1001] * 5


async def test_a_flood_ends_with_its_session(url: str, factory: Factory, connect: Connect) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    flood = await connect(maria)
    for number in range(1000):
        await flood.say(
            "message:send", conversation_id=conversation, client_message_id=client_id(), content=str(number)
        )
    await flood.expect("message:sent")
    browser = Browser(url)
    browser.token = flood.cookies["chat_session"]

    await sign_out_everywhere(browser, flood)

    async with asyncio.timeout(SOON):
        assert await flood.closed() == 4403
    health = await browser.get("/health/ready")
    while json.loads(health.text)["checks"]["sockets"]["connections"]:
        health = await browser.get("/health/ready")
    stored = len(await factory.history(conversation))
    assert 1 <= stored < 500
    await (await connect(noah)).send(conversation, "and nothing more comes")
    assert len(await factory.history(conversation)) == stored + 1
    await browser.http.close()
