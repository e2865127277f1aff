"""The life of one WebSocket: who is it, what does it say, who answers."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from aiohttp import WSMsgType, web

from chat.db import UNAVAILABLE
from chat.errors import AuthFailed, ChatError, RateLimited, Unavailable, ValidationFailed
from chat.realtime import queries
from chat.realtime.connection import GOING_AWAY, NOT_SIGNED_IN, REVOKED, TOO_MANY_CONNECTS, Connection
from chat.realtime.hub import Hub
from chat.realtime.render import Renderer, error_frame, frame
from chat.web import metrics
from chat.web.keys import SERVICES
from chat.web.logs import get_logger
from chat.web.throttle import THROTTLE

log = get_logger()

HUB = web.AppKey("hub", Hub)
RENDERER = web.AppKey("renderer", Renderer)

# Of one person to one process: every window that somebody may have forgotten, and no more.
MAX_CONNECTIONS = 50


class Incoming(msgspec.Struct):
    """What every frame from a device looks like."""

    type: str
    payload: msgspec.Raw = msgspec.Raw(b"{}")


Handler: TypeAlias = Callable[[web.Application, Connection, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SocketEvent:
    """What a device may say: the shape of the payload, and who answers."""

    payload: type[msgspec.Struct]
    handler: Handler


@dataclass(frozen=True, slots=True)
class SocketSession:
    """Who opened the socket, whether with a token, and whether it may be used for more than to listen."""

    user_id: UUID
    session_id: UUID
    by_token: bool = False
    may_write: bool = True


@dataclass(frozen=True, slots=True)
class SocketFeatures:
    """What the layers above give to the socket: sign-in, the events, and the conversations to listen to."""

    authenticate: Callable[[web.Request], Awaitable[SocketSession | None]]
    conversation_ids: Callable[[web.Application, UUID], Awaitable[list[UUID]]]
    events: Mapping[str, SocketEvent]


FEATURES = web.AppKey("socket_features", SocketFeatures)

_decode = msgspec.json.Decoder(Incoming).decode


async def websocket(request: web.Request) -> web.WebSocketResponse:
    """`GET /ws`. Refusals come as close codes, because a browser can't see the status of a failed upgrade."""
    app = request.app
    features = app[FEATURES]
    settings = app[SERVICES].settings
    try:
        session = await features.authenticate(request)
    except AuthFailed:
        session = None
    socket = web.WebSocketResponse(
        compress=False,
        autoping=False,
        max_msg_size=settings.frame_max_bytes,
        # `Connection.send` bounds what may wait; aiohttp's own pause would make a slow reader hold up the others.
        writer_limit=sys.maxsize,
        timeout=2.0,
    )
    await socket.prepare(request)
    # They have been sent. Kept for as long as the socket lives, they would be a tenth of what it costs.
    socket.headers.clear()
    transport = request.transport
    if session is None or transport is None:
        await socket.close(code=NOT_SIGNED_IN)
        return socket
    try:
        await app[THROTTLE].take(f"connect:{session.user_id}", per_minute=settings.connect_limit_per_minute)
    except RateLimited:
        await socket.close(code=TOO_MANY_CONNECTS)
        return socket
    hub = app[HUB]
    if hub.connections_of(session.user_id) >= MAX_CONNECTIONS:
        await socket.close(code=TOO_MANY_CONNECTS)
        return socket
    connection = Connection(
        socket,
        transport,
        user_id=session.user_id,
        session_id=session.session_id,
        buffer_bytes=settings.socket_buffer_bytes,
    )
    hub.add(connection)
    try:
        hub.join(connection, await features.conversation_ids(app, session.user_id))
        # Who was signed out between the first look and `add` was not here yet to be closed.
        if not await queries.live_sessions(app[SERVICES].pool, ids=[session.session_id]):
            await socket.close(code=REVOKED)
            return socket
        await connection.send(frame("auth:success", user_id=session.user_id, degraded=hub.degraded))
        await _converse(app, connection, socket)
    except UNAVAILABLE:
        await socket.close(code=GOING_AWAY)
    finally:
        hub.remove(connection)
    return socket


async def _converse(app: web.Application, connection: Connection, socket: web.WebSocketResponse) -> None:
    """Answer frame after frame, each before the next is read: a device's messages keep their order."""
    events = app[FEATURES].events
    async for data in _texts(socket, connection, app[SERVICES].settings.frame_limit_per_second):
        if data is None:
            await connection.send(error_frame(ValidationFailed("Only text frames are understood here.")))
            continue
        try:
            incoming = _decode(data)
            event = events.get(incoming.type)
            if event is None:
                raise ValidationFailed(f"There is no event called {incoming.type[:40]!r}.")
            payload = msgspec.json.decode(incoming.payload, type=event.payload)
        except (msgspec.DecodeError, RecursionError) as error:
            await connection.send(_refusal_of_unreadable(data, error))
            continue
        except ChatError as error:
            await connection.send(error_frame(error))
            continue
        await _answer(app, connection, event, payload)


def _refusal_of_unreadable(data: str, error: Exception) -> bytes:
    """Names the message that the frame was to bring, if any: whoever typed it has to hear that it wasn't saved.

    Python's own decoder reads more than msgspec does, above all halves of surrogate pairs, which browsers send.
    """
    try:
        client_message_id = UUID(json.loads(data)["payload"]["client_message_id"])
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return error_frame(ValidationFailed(f"This frame can't be understood: {error}."))
    refusal = ValidationFailed("This message could not be read, and was not saved. Does it hold anything but text?")
    return error_frame(refusal, client_message_id=client_message_id)


async def _answer(app: web.Application, connection: Connection, event: SocketEvent, payload: Any) -> None:
    try:
        await event.handler(app, connection, payload)
    except ChatError as error:
        await connection.send(error_frame(error))
    except UNAVAILABLE:
        await _come_back(connection, "The server can't reach its database just now.")
    except Exception:
        log.exception("websocket.event_failed", type=type(payload).__name__)
        await _come_back(connection, "Something went wrong on the server.")


async def _come_back(connection: Connection, reason: str) -> None:
    """Say what happened, and close: whatever the device wanted to know, it asks for it again when it returns."""
    await connection.send(error_frame(Unavailable(reason)))
    connection.close_later(GOING_AWAY)


async def _texts(
    socket: web.WebSocketResponse, connection: Connection, limit_per_second: int
) -> AsyncIterator[str | None]:
    """The text of each frame, None for a binary one, until the socket closes.

    Whoever sends more than `limit_per_second` is not answered with errors but read more slowly, and so is held back
    by TCP: nothing is lost, and nobody else waits.
    """
    window = time.monotonic()
    count = 0
    async for message in socket:
        connection.heard_at = now = time.monotonic()
        if now - window >= 1:
            window, count = now, 0
        count += 1
        if limit_per_second and count > limit_per_second:
            metrics.throttled_frames.inc()
            await asyncio.sleep(max(0.0, window + 1 - now))
            if socket.closed:
                # Signed out meanwhile: what came before that and was held back isn't done any more.
                return
        if message.type is WSMsgType.PING:
            await connection.pong(message.data)
        elif message.type is not WSMsgType.PONG:
            yield message.data if message.type is WSMsgType.TEXT else None
