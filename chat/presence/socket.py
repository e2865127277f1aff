"""What a device says of its person, and of whom it wants to know."""

from typing import Annotated
from uuid import UUID

import msgspec
from aiohttp import web

from chat.accounts.keys import LAST_USE
from chat.presence.keys import HEARTBEATS, WATCHERS
from chat.presence.model import Activity, Kind
from chat.realtime.connection import Connection
from chat.web.keys import SERVICES

MAX_WATCHED = 200
# To look up so many people, and to tell of them, costs as much as another frame.
PEOPLE_PER_FRAME = 20


class PresenceHeartbeat(msgspec.Struct):
    """`presence:heartbeat`. `idle`: seconds since the person last did something on this device."""

    status: Activity = "online"
    device: Kind = "desktop"
    idle: Annotated[float, msgspec.Meta(ge=0)] | None = None


class PresenceWatch(msgspec.Struct):
    """`presence:watch`: the people on screen, in the place of those before."""

    user_ids: Annotated[list[UUID], msgspec.Meta(max_length=MAX_WATCHED)]


async def presence_heartbeat(app: web.Application, connection: Connection, payload: PresenceHeartbeat) -> None:
    """The person is there. The session is in use, too: a page that stays open asks for nothing else for hours."""
    app[LAST_USE].note(connection.session_id)
    app[HEARTBEATS].hear(connection, status=payload.status, kind=payload.device, idle=payload.idle)


async def presence_watch(app: web.Application, connection: Connection, payload: PresenceWatch) -> None:
    """The device wants to know who of these is there, from now on. Whoever asks about many is read the slower."""
    if limit := app[SERVICES].settings.frame_limit_per_second:
        connection.person.pace.take(limit, frames=len(payload.user_ids) / PEOPLE_PER_FRAME)
    await app[WATCHERS].watch(connection, payload.user_ids)


def gone(app: web.Application, connection: Connection) -> None:
    """The connection is no more."""
    app[HEARTBEATS].end(connection)
    app[WATCHERS].forget(connection)
