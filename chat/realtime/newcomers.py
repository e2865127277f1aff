"""Sockets of programs that haven't said yet whose they are: their first frame does."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import msgspec
from aiohttp import WSMsgType, web

from chat.errors import AuthFailed, RateLimited
from chat.realtime.connection import GOING_AWAY
from chat.web.proxies import client_address

# In one process, and of one address there.
MOST = 1000
MOST_OF_ADDRESS = 500


class Auth(msgspec.Struct):
    """`auth`: a device says whose it is, once, before anything else."""

    token: str


class _First(msgspec.Struct):
    type: Literal["auth"]
    payload: Auth


_decode = msgspec.json.Decoder(_First).decode


class Newcomers:
    """Reads the first frame of those sockets, and bounds how many of them there are."""

    def __init__(self) -> None:
        self._sockets: set[web.WebSocketResponse] = set()
        self._by_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._sockets)

    async def token(self, request: web.Request, socket: web.WebSocketResponse, *, within: float) -> str:
        """The token in the first frame.

        Raises `AuthFailed` where that says something else, is not there within so many seconds, or the socket was
        closed, and `RateLimited` where too many wait already.
        """
        async with self._counted(request, socket):
            try:
                async with asyncio.timeout(within):
                    return _decode(await _first_text(socket)).payload.token
            except TimeoutError:
                raise AuthFailed(f"Nothing was said for {within:g} seconds.") from None
            except (msgspec.DecodeError, RecursionError):
                raise AuthFailed("The first frame has to be “auth” with a token.") from None

    async def send_away(self) -> None:
        """Close all of them, because the process is ending."""
        await asyncio.gather(*(socket.close(code=GOING_AWAY) for socket in tuple(self._sockets)))

    @asynccontextmanager
    async def _counted(self, request: web.Request, socket: web.WebSocketResponse) -> AsyncIterator[None]:
        address = str(client_address(request))
        if len(self._sockets) >= MOST or self._by_address[address] >= MOST_OF_ADDRESS:
            raise RateLimited("Too many connections wait to sign in.")
        self._sockets.add(socket)
        self._by_address[address] += 1
        try:
            yield
        finally:
            self._sockets.discard(socket)
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]


NEWCOMERS = web.AppKey("newcomers", Newcomers)


async def _first_text(socket: web.WebSocketResponse) -> str:
    """The text of the first frame that is no ping; empty for a binary one."""
    async for message in socket:
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)
        elif message.type is not WSMsgType.PONG:
            return message.data if message.type is WSMsgType.TEXT else ""
    raise AuthFailed("The socket was closed.")
