"""The SQL about sessions: who is signed in, on which devices, until when."""

from datetime import datetime, timedelta
from uuid import UUID

from chat.accounts.model import Device
from chat.db import Connection, Record


async def session_by_token(connection: Connection, *, token_hash: bytes, renew_before: timedelta) -> Record | None:
    """The live session and its active account, in one go.

    `id`, `username`, `display_name`, `role`, `email`; `session_id`, `data` (JSON text) and `renewal_due`, which
    is true where the session ends in less than `renew_before`.
    """
    return await connection.fetchrow(
        """
        select users.id, username, display_name, role, email, invisible,
               sessions.id as session_id, data::text as data, expires_at < now() + $2 as renewal_due
        from sessions join users on users.id = sessions.user_id
        where token_hash = $1 and expires_at > now() and deactivated_at is null
        """,
        token_hash,
        renew_before,
    )


async def insert_session(
    connection: Connection,
    *,
    session_id: UUID,
    token_hash: bytes,
    user_id: UUID,
    password_hash: str,
    device: Device,
    lifetime: timedelta,
) -> bool:
    """False where the account was deactivated or its password changed since `password_hash` was read.

    The token is that of a browser's cookie; for a device of the API it is the first refresh token.

    The lock on the account makes this and a password change wait for each other: either the change comes first
    and this finds another hash, or it comes after and finds this session to end.
    """
    done = await connection.fetchval(
        """
        with account as (
            select id from users where id = $3 and password_hash = $4 and deactivated_at is null for share
        ), opened as (
            insert into sessions (id, token_hash, user_id, user_agent, address, expires_at, kind, name)
            select $1, case when $8 = 'browser' then $2::bytea end, id, $5, $6, now() + $7, $8, $9 from account
            returning id
        ), refreshable as (
            insert into refresh_tokens (token_hash, session_id) select $2, id from opened where $8 = 'api'
        )
        select true from opened
        """,
        session_id,
        token_hash,
        user_id,
        password_hash,
        device.user_agent,
        device.address,
        lifetime,
        device.kind,
        device.name,
    )
    return bool(done)


async def save_session(connection: Connection, *, token_hash: bytes, data: str, lifetime: timedelta) -> bool:
    """Keep the data (JSON text) and let the session live its full time again; False where it has ended."""
    done = await connection.fetchval(
        """
        update sessions set data = $2::text::jsonb, last_used_at = now(), expires_at = now() + $3
        where token_hash = $1 and expires_at > now()
        returning true
        """,
        token_hash,
        data,
        lifetime,
    )
    return bool(done)


async def rotate_session(connection: Connection, *, session_id: UUID, token_hash: bytes) -> bool:
    """Give the session another token; False where it has ended."""
    done = await connection.fetchval(
        "update sessions set token_hash = $2 where id = $1 and expires_at > now() returning true",
        session_id,
        token_hash,
    )
    return bool(done)


async def list_sessions(connection: Connection, *, user_id: UUID) -> list[Record]:
    """The live sessions of a person, the one used last first: `id`, `kind`, `name`, `user_agent`, `address`,
    `last_used_at`."""
    return await connection.fetch(
        """
        select id, kind, name, user_agent, host(address) as address, last_used_at from sessions
        where user_id = $1 and expires_at > now()
        order by last_used_at desc, id
        """,
        user_id,
    )


async def delete_session(connection: Connection, *, user_id: UUID, session_id: UUID) -> bool:
    """End one session of this person; False where it is not theirs, or has ended before."""
    done = await connection.fetchval(
        "delete from sessions where id = $1 and user_id = $2 returning true", session_id, user_id
    )
    return bool(done)


async def delete_session_by_token(connection: Connection, *, token_hash: bytes) -> Record | None:
    """End the session with this token, and say which it was: `id`, `user_id`."""
    return await connection.fetchrow("delete from sessions where token_hash = $1 returning id, user_id", token_hash)


async def delete_sessions(connection: Connection, *, user_id: UUID, keep: UUID | None = None) -> tuple[UUID, ...]:
    """End all sessions of a person, but `keep`; the ids of those that ended."""
    records = await connection.fetch(
        "delete from sessions where user_id = $1 and id is distinct from $2 returning id", user_id, keep
    )
    return tuple(record["id"] for record in records)


async def delete_longest_unused(connection: Connection, *, user_id: UUID, keep: int) -> tuple[UUID, ...]:
    """End all sessions of a person but the `keep` that were used last; the ids of those that ended.

    One that somebody else is changing just now is passed over, as in `touch_sessions`.
    """
    records = await connection.fetch(
        """
        delete from sessions where id in (
            select id from sessions where id in (
                select id from sessions where user_id = $1 order by last_used_at desc, id desc offset $2
            )
            for update skip locked
        )
        returning id
        """,
        user_id,
        keep,
    )
    return tuple(record["id"] for record in records)


async def delete_expired_sessions(connection: Connection) -> None:
    """Remove sessions whose time is over."""
    await connection.execute("delete from sessions where expires_at <= now()")


async def touch_sessions(connection: Connection, *, used_at: dict[UUID, datetime]) -> list[Record]:
    """Move last-used times forward, never back; `user_id` and `last_used_at` of each session that is still there.

    A session that somebody else is changing just now is passed over, so that this never takes part in a deadlock:
    what changes it is its end, or a request that sets the time itself.
    """
    return await connection.fetch(
        """
        update sessions set last_used_at = greatest(last_used_at, used.at)
        from unnest($1::uuid[], $2::timestamptz[]) as used (session_id, at)
        where sessions.id = used.session_id
          and sessions.id in (select id from sessions where id = any($1) for update skip locked)
        returning user_id, last_used_at
        """,
        list(used_at.keys()),
        list(used_at.values()),
    )
