"""A second look at the sessions behind the open sockets, for the case that the news of their end was lost."""

import asyncio

from chat.db import UNAVAILABLE, Pool
from chat.realtime import queries
from chat.realtime.connection import REVOKED
from chat.realtime.hub import Hub
from chat.web.logs import get_logger

log = get_logger()

INTERVAL_SECONDS = 30.0


async def close_ended_sessions(hub: Hub, pool: Pool) -> None:
    """For ever: close the sockets whose session has ended, or whose account was deactivated.

    Normally an event does that within a second. This holds the promise where the event did not arrive.
    """
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        connections = hub.connections
        if not connections:
            continue
        try:
            live = await queries.live_sessions(pool, ids={connection.session_id for connection in connections})
        except UNAVAILABLE:
            log.warning("recheck.database_lost")
            continue
        for connection in connections:
            if connection.session_id not in live:
                connection.close_later(REVOKED)
