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
    """Those of the sessions, or personal tokens, that have not ended and whose account is active."""
    records = await connection.fetch(
        """
        select live.id
        from (
            select id, user_id from sessions where id = any ($1) and expires_at > now()
            union all
            select id, user_id from personal_tokens
            where id = any ($1) and (expires_at is null or expires_at > now())
        ) as live join users on users.id = live.user_id
        where deactivated_at is null
        """,
        list(ids),
    )
    return {record["id"] for record in records}
