"""All the SQL of the event bus and of the open sockets."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from chat.db import Connection
from chat.realtime.person import Privacy
from chat.realtime.roster import Membership

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


async def privacy(connection: Connection, *, user_ids: Collection[UUID]) -> dict[UUID, Privacy]:
    """What decides which news these people are told, and which of theirs others are told."""
    records = await connection.fetch(
        """
        select u.id, u.read_receipts_enabled, u.invisible, o.conversation_ids, o.enabled,
            array(select blocked_id from blocks where blocker_id = u.id) as blocked,
            array(select blocker_id from blocks where blocked_id = u.id) as blocked_by
        from users u
        cross join lateral (
            select array_agg(conversation_id) as conversation_ids, array_agg(read_receipts_enabled) as enabled
            from members where user_id = u.id and read_receipts_enabled is not null
        ) o
        where u.id = any ($1)
        """,
        list(user_ids),
    )
    return {
        record["id"]: Privacy(
            blocked=frozenset(record["blocked"]),
            blocked_by=frozenset(record["blocked_by"]),
            shares_reads=record["read_receipts_enabled"],
            overrides=dict(zip(record["conversation_ids"] or (), record["enabled"] or (), strict=True)),
            invisible=record["invisible"],
        )
        for record in records
    }


async def memberships(connection: Connection, *, of: Sequence[Membership]) -> set[Membership]:
    """Those of these people and conversations where the person is in the conversation."""
    records = await connection.fetch(
        """
        select m.user_id, m.conversation_id
        from unnest($1::uuid[], $2::uuid[]) as asked (user_id, conversation_id)
        join members m using (user_id, conversation_id)
        join conversations c on c.id = m.conversation_id and c.deleted_at is null
        """,
        [user_id for user_id, _ in of],
        [conversation_id for _, conversation_id in of],
    )
    return {(record["user_id"], record["conversation_id"]) for record in records}


async def departures(connection: Connection, *, user_ids: Sequence[UUID], since: timedelta) -> set[Membership]:
    """Who of these people has gone out of what, so long ago at most."""
    records = await connection.fetch(
        "select user_id, conversation_id from departures where left_at > now() - $2::interval and user_id = any ($1)",
        user_ids,
        since,
    )
    return {(record["user_id"], record["conversation_id"]) for record in records}


async def arrivals(connection: Connection, *, user_ids: Sequence[UUID], since: timedelta) -> set[Membership]:
    """Who of these people has come into what, so long ago at most."""
    records = await connection.fetch(
        "select user_id, conversation_id from members where user_id = any ($1) and joined_at > now() - $2::interval",
        user_ids,
        since,
    )
    return {(record["user_id"], record["conversation_id"]) for record in records}


async def deleted_conversations(connection: Connection, *, since: timedelta) -> list[UUID]:
    """What was deleted so long ago at most."""
    records = await connection.fetch("select id from conversations where deleted_at > now() - $1::interval", since)
    return [record["id"] for record in records]
