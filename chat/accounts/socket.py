"""What a device says about itself."""

from typing import Literal

import msgspec
from aiohttp import web

from chat.accounts.keys import LAST_USE
from chat.realtime.connection import Connection


class PresenceHeartbeat(msgspec.Struct):
    """`presence:heartbeat`."""

    status: Literal["online", "away"] = "online"
    device: Literal["desktop", "mobile"] = "desktop"


async def presence_heartbeat(app: web.Application, connection: Connection, _payload: PresenceHeartbeat) -> None:
    """The session is in use: a page that stays open asks for nothing else for hours."""
    app[LAST_USE].note(connection.session_id)
