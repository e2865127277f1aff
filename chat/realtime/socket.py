"""The life of one WebSocket: who is it, what does it say, who answers."""

import asyncio
import contextlib
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
from chat.errors import AuthFailed, ChatError, Forbidden, RateLimited, Unavailable, ValidationFailed
from chat.realtime import queries
from chat.realtime.connection import GOING_AWAY, NOT_SIGNED_IN, REVOKED, TOO_MANY_CONNECTS, Connection
from chat.realtime.frames import AuthError, AuthSuccess, Frame, json_form, refusal
from chat.realtime.hub import Hub
from chat.realtime.newcomers import NEWCOMERS, Auth
from chat.realtime.recheck import look_up_people
from chat.realtime.render import Renderer
from chat.web import metrics
from chat.web.keys import SERVICES
from chat.web.logs import get_logger
from chat.web.throttle import THROTTLE

log = get_logger()

HUB = web.AppKey("hub", Hub)
RENDERER = web.AppKey("renderer", Renderer)

# Of one person to one process: every window that somebody may have forgotten, and no more.
MAX_CONNECTIONS = 50
# What a refusal names, where it is in the payload of what is refused.
ABOUT = ("client_message_id", "message_id")


class Incoming(msgspec.Struct):
    """What every frame from a device looks like."""

    type: str
    payload: msgspec.Raw = msgspec.Raw(b"{}")


Handler: TypeAlias = Callable[[web.Application, Connection, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SocketEvent:
    """What a device may say: the shape of the payload, who answers, and whether a token has to allow writing for it.
    Where that is answered well, others have something to say to it as well (`then`)."""

    payload: type[msgspec.Struct]
    handler: Handler
    writes: bool = False
    then: tuple[Handler, ...] = ()


@dataclass(frozen=True, slots=True)
class SocketSession:
    """Who opened the socket, whether with a token, and whether it may be used for more than to listen."""

    user_id: UUID
    session_id: UUID
    by_token: bool = False
    may_write: bool = True


@dataclass(frozen=True, slots=True)
class SocketFeatures:
    """What the layers above give to the socket: sign-in, the events, and the conversations to listen to.

    `token_of` finds a token that came with the request, and `by_token` says whose it is. Without one, `by_cookie` says
    whose page it is; its None means that it is no page, but a program that sends its token in the first frame. Those in
    `gone` look after what a device leaves behind.
    """

    token_of: Callable[[web.Request], str | None]
    by_token: Callable[[web.Application, str], Awaitable[SocketSession]]
    by_cookie: Callable[[web.Request], Awaitable[SocketSession | None]]
    conversation_ids: Callable[[web.Application, UUID], Awaitable[list[UUID]]]
    events: Mapping[str, SocketEvent]
    gone: tuple[Callable[[web.Application, Connection], None], ...] = ()


FEATURES = web.AppKey("socket_features", SocketFeatures)

_decode = msgspec.json.Decoder(Incoming).decode
_ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)


async def websocket(request: web.Request) -> web.WebSocketResponse:
    """`GET /ws`. Refusals come as close codes, because a browser can't see the status of a failed upgrade."""
    features = request.app[FEATURES]
    token = features.token_of(request)
    session, is_program = None, True
    if token is None:
        try:
            session = await features.by_cookie(request)
            is_program = session is None
        except AuthFailed:
            is_program = False
    socket = web.WebSocketResponse(
        compress=False,
        autoping=False,
        max_msg_size=request.app[SERVICES].settings.frame_max_bytes,
        # `Connection.send` bounds what may wait; aiohttp's own pause would make a slow reader hold up the others.
        writer_limit=sys.maxsize,
        timeout=2.0,
    )
    await socket.prepare(request)
    # They have been sent. Kept for as long as the socket lives, they would be a tenth of what it costs.
    socket.headers.clear()
    try:
        if is_program:
            session = await _session_of_program(request, socket, token)
        code = NOT_SIGNED_IN if session is None else await _serve(request, socket, session)
    except RateLimited:
        code = TOO_MANY_CONNECTS
    except UNAVAILABLE:
        code = GOING_AWAY
    if code is not None:
        await socket.close(code=code)
    return socket


async def _session_of_program(
    request: web.Request, socket: web.WebSocketResponse, token: str | None
) -> SocketSession | None:
    """Whose token it is, which comes in the first frame where it is None. Who is refused is told why."""
    app = request.app
    try:
        if token is None:
            token = await app[NEWCOMERS].token(request, socket, within=app[SERVICES].settings.auth_timeout)
        return await app[FEATURES].by_token(app, token)
    except RateLimited:
        raise
    except ChatError as error:
        with contextlib.suppress(ConnectionError):
            await socket.send_frame(json_form(AuthError(error.code, error.message)), WSMsgType.TEXT)
        return None


async def _serve(request: web.Request, socket: web.WebSocketResponse, session: SocketSession) -> int | None:
    """Listen and answer until the socket closes; the code to close it with, where that is for us to do.

    Raises `RateLimited`, and one of `UNAVAILABLE` while it begins.
    """
    app = request.app
    settings, hub = app[SERVICES].settings, app[HUB]
    await app[THROTTLE].take(f"connect:{session.user_id}", per_minute=settings.connect_limit_per_minute)
    if len(hub.roster.of(session.user_id)) >= MAX_CONNECTIONS or request.transport is None:
        return TOO_MANY_CONNECTS
    connection = Connection(
        socket,
        request.transport,
        person=hub.roster.person_of(session.user_id),
        session_id=session.session_id,
        buffer_bytes=settings.socket_buffer_bytes,
        speaks_json=session.by_token,
        may_write=session.may_write,
    )
    hub.roster.add(connection)
    try:
        await look_up_people(hub, app[SERVICES].pool, user_ids=[session.user_id])
        hub.roster.arrive(connection, await app[FEATURES].conversation_ids(app, session.user_id))
        # Who was signed out between the first look and `add` was not here yet to be closed.
        if not await queries.live_sessions(app[SERVICES].pool, ids=[session.session_id]):
            return REVOKED
        await connection.tell(AuthSuccess(session.user_id, hub.degraded))
        await _converse(app, connection, socket)
    finally:
        hub.roster.remove(connection)
        for look_after in app[FEATURES].gone:
            look_after(app, connection)
    return None


async def _converse(app: web.Application, connection: Connection, socket: web.WebSocketResponse) -> None:
    """Answer frame after frame, each before the next is read: a device's messages keep their order."""
    events = app[FEATURES].events
    async for data in _texts(socket, connection, app[SERVICES].settings.frame_limit_per_second):
        if data is None:
            await connection.tell(refusal(ValidationFailed("Only text frames are understood here.")))
            continue
        try:
            incoming = _decode(data)
            event = events.get(incoming.type)
            if event is None:
                raise ValidationFailed(f"There is no event called {incoming.type[:40]!r}.")
            payload = msgspec.json.decode(incoming.payload, type=event.payload)
        except (msgspec.DecodeError, RecursionError) as error:
            await connection.tell(_refusal_of_unreadable(data, error))
        except ChatError as error:
            await connection.tell(refusal(error))
        else:
            await _answer(app, connection, event, payload)


def _refusal_of_unreadable(data: str, error: Exception) -> Frame:
    """Names the message that the frame was to bring or to change, if any: whoever typed it has to hear that it wasn't
    saved.

    Python's own decoder reads more than msgspec does, above all halves of surrogate pairs, which browsers send.
    """
    about = {}
    with contextlib.suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError):
        payload = json.loads(data)["payload"]
        about = {name: UUID(payload[name]) for name in ABOUT if name in payload}
    if not about:
        return refusal(ValidationFailed(f"This frame can't be understood: {error}."))
    unreadable = ValidationFailed("This message could not be read, and was not saved. Does it hold anything but text?")
    return refusal(unreadable, **about)


async def _answer(app: web.Application, connection: Connection, event: SocketEvent, payload: Any) -> None:
    try:
        _check_scope(connection, event)
        for handler in (event.handler, *event.then):
            await handler(app, connection, payload)
    except ChatError as error:
        about = {name: getattr(payload, name, None) for name in ABOUT}
        await connection.tell(refusal(error, **about))
    except UNAVAILABLE:
        await _come_back(connection, "The server can't reach its database just now.")
    except Exception:
        log.exception("websocket.event_failed", type=type(payload).__name__)
        await _come_back(connection, "Something went wrong on the server.")


def _check_scope(connection: Connection, event: SocketEvent) -> None:
    if event.writes and not connection.may_write:
        raise Forbidden("This token doesn't allow to write.")


async def _come_back(connection: Connection, reason: str) -> None:
    """Say what happened, and close: whatever the device wanted to know, it asks for it again when it returns."""
    await connection.tell(refusal(Unavailable(reason)))
    connection.close_later(GOING_AWAY)


async def authenticated_already(_app: web.Application, _connection: Connection, _payload: Auth) -> None:
    """`auth` counts as the first frame, of a socket that has said nothing of itself before."""
    raise ValidationFailed("This socket is signed in already.")


async def _texts(
    socket: web.WebSocketResponse, connection: Connection, limit_per_second: int
) -> AsyncIterator[str | None]:
    """The text of each frame, None for a binary one, until the socket closes.

    A person who sends more than `limit_per_second`, over however many sockets, is not answered with errors but read
    more slowly, and so is held back by TCP: nothing is lost, and nobody else waits.
    """
    while (message := await socket.receive()).type not in _ENDS:
        connection.heard_at = time.monotonic()
        wait = connection.person.pace.take(limit_per_second) if limit_per_second else 0.0
        if wait:
            metrics.throttled_frames.inc()
            await asyncio.sleep(wait)
            if socket.closed:
                # Signed out meanwhile: what came before that and was held back isn't done any more.
                return
        if message.type is WSMsgType.PING:
            await connection.pong(message.data)
        elif message.type is not WSMsgType.PONG:
            yield message.data if message.type is WSMsgType.TEXT else None
    # What we have closed ends otherwise, and so does what was lost.
    connection.has_left = message.type is WSMsgType.CLOSE
