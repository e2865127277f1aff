"""All the SQL of the event bus and of the open sockets."""

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from chat.db import Connection

NOTIFY_CHANNEL = "chat_events"


async def notify(connection: Connection, *, payloads: Sequence[str]) -> None:
    """Tell every process that listens to `NOTIFY_CHANNEL`. A payload holds at most 8,000 bytes."""
    await connection.execute(
        "select pg_notify($1, payload) from unnest($2::text[]) as payload", NOTIFY_CHANNEL, payloads
    )


async def give_sign_of_life(connection: asyncpg.Connection, *, timeout: float) -> None:  # noqa: ASYNC109 - asyncpg's
    """Raises one of `UNAVAILABLE` where the connection leads nowhere any more."""
    await connection.execute("select 1", timeout=timeout)


async def live_sessions(connection: Connection, *, ids: Collection[UUID]) -> set[UUID]:
    """Those of the sessions that have not ended and whose account is active."""
    records = await connection.fetch(
        """
        select s.id from sessions s join users u on u.id = s.user_id
        where s.id = any ($1) and s.expires_at > now() and u.deactivated_at is null
        """,
        list(ids),
    )
    return {record["id"] for record in records}
