"""The reference for fan-out: aiohttp alone, writing one text to every socket in a loop.

Run as a program, with a port: `GET /ws` is a socket, `POST /send` writes its body to every socket.
"""

import asyncio
import sys

import uvloop
from aiohttp import web

_SOCKETS = web.AppKey("sockets", set[web.WebSocketResponse])


async def _socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    request.app[_SOCKETS].add(socket)
    async for _ in socket:
        pass
    return socket


async def _send(request: web.Request) -> web.Response:
    text = await request.text()
    for socket in request.app[_SOCKETS]:
        await socket.send_str(text)
    return web.Response()


async def _serve(port: int) -> None:
    app = web.Application()
    app[_SOCKETS] = set()
    app.add_routes([web.get("/ws", _socket), web.post("/send", _send)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as _runner:
        _runner.run(_serve(int(sys.argv[1])))
