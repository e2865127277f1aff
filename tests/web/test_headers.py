"""Security headers: on every answer, whatever it is."""

import pytest
from aiohttp import WSMsgType, web

from chat.errors import NotFound
from tests.web.small_app import make_app, raising, running


async def page(_request: web.Request) -> web.Response:
    return web.Response(text="here")


async def socket(request: web.Request) -> web.WebSocketResponse:
    answer = web.WebSocketResponse()
    await answer.prepare(request)
    await answer.close()
    return answer


@pytest.mark.parametrize("path", ["/page", "/missing", "/failing", "/favicon.ico", "/gone"])
async def test_every_answer_says_how_little_it_may_do(path: str) -> None:
    routes = {
        "/page": page,
        "/failing": raising(RuntimeError("broken")),
        "/gone": raising(NotFound("It is gone.")),
    }
    async with running(make_app(routes)) as client:
        answer = await client.get(path)
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Request-ID"]
    assert "Server" not in headers


async def test_https_is_for_good_where_people_use_https() -> None:
    async with running(make_app({"/page": page})) as client:
        plain = await client.get("/page")
    async with running(make_app({"/page": page}, base_url="https://chat.example.org")) as client:
        secure = await client.get("/page")
    assert "Strict-Transport-Security" not in plain.headers
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"


async def test_a_socket_opens_with_the_headers_too() -> None:
    async with running(make_app({"/ws": socket})) as client, client.ws_connect("/ws") as opened:
        message = await opened.receive()
        assert message.type is WSMsgType.CLOSE
