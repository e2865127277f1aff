"""What a device says about itself."""

from aiohttp import web

from chat.accounts.keys import LAST_USE
from chat.realtime.connection import Connection
from chat.realtime.socket import Heartbeat


async def heartbeat(app: web.Application, connection: Connection, _payload: Heartbeat) -> None:
    """The session is in use: a page that stays open asks for nothing else for hours."""
    app[LAST_USE].note(connection.session_id)
