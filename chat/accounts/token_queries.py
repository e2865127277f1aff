"""The SQL about tokens: who is behind one, refresh tokens and their rotation, and personal tokens."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from chat.accounts.model import ALL_SCOPES, Viewer
from chat.accounts.token_model import PersonalToken
from chat.db import Connection, Record
from chat.web.tokens import Scope


async def viewer_of_session(connection: Connection, *, session_id: UUID, user_id: UUID) -> Viewer | None:
    """The active account behind a live session of the API."""
    record = await connection.fetchrow(
        """
        select users.id, username, display_name, role, email, sessions.id as session_id
        from sessions join users on users.id = sessions.user_id
        where sessions.id = $1 and users.id = $2 and kind = 'api' and expires_at > now() and deactivated_at is null
        """,
        session_id,
        user_id,
    )
    return _viewer(record) if record else None


async def viewer_of_personal_token(connection: Connection, *, token_hash: bytes) -> tuple[Viewer, bool] | None:
    """The active account behind a personal token, and whether the token has expired."""
    record = await connection.fetchrow(
        """
        select users.id, username, display_name, role, email, personal_tokens.id as session_id, scopes,
               coalesce(expires_at <= now(), false) as expired
        from personal_tokens join users on users.id = personal_tokens.user_id
        where token_hash = $1 and deactivated_at is null
        """,
        token_hash,
    )
    return (_viewer(record, scopes=frozenset(record["scopes"])), record["expired"]) if record else None


def _viewer(record: Record, *, scopes: frozenset[Scope] = ALL_SCOPES) -> Viewer:
    return Viewer(
        id=record["id"],
        username=record["username"],
        display_name=record["display_name"],
        role=record["role"],
        email=record["email"],
        session_id=record["session_id"],
        scopes=scopes,
    )


async def rotate_refresh_token(
    connection: Connection, *, token_hash: bytes, new_hash: bytes, lifetime: timedelta
) -> Viewer | None:
    """Use a refresh token up, give its session another one, and let it live its full `lifetime` again.

    None, and nothing changed, where the token is unknown or used, its session has ended, or the account is
    deactivated. Of several at once for one token, one gets the account. The session is locked before its tokens, as
    it is by whoever ends it, so that the two wait for each other and never cross.
    """
    record = await connection.fetchrow(
        """
        with live as (
            select sessions.id from refresh_tokens
                join sessions on sessions.id = session_id
                join users on users.id = user_id
            where refresh_tokens.token_hash = $1 and expires_at > now() and deactivated_at is null
            for no key update of sessions
        ), used as (
            update refresh_tokens set used_at = now() from live
            where token_hash = $1 and used_at is null and session_id = live.id
            returning session_id
        ), added as (
            insert into refresh_tokens (token_hash, session_id) select $2, session_id from used
        ), renewed as (
            update sessions set last_used_at = now(), expires_at = now() + $3 from used
            where sessions.id = used.session_id
            returning sessions.id, user_id
        )
        select users.id, username, display_name, role, email, renewed.id as session_id
        from renewed join users on users.id = renewed.user_id
        """,
        token_hash,
        new_hash,
        lifetime,
    )
    return _viewer(record) if record else None


async def delete_session_of_used_token(connection: Connection, *, token_hash: bytes) -> Record | None:
    """End the session whose refresh token this was, where it was used before: `id`, `user_id`."""
    return await connection.fetchrow(
        """
        delete from sessions where id = (
            select session_id from refresh_tokens where token_hash = $1 and used_at is not null
        )
        returning id, user_id
        """,
        token_hash,
    )


async def delete_session_of_token(connection: Connection, *, token_hash: bytes) -> Record | None:
    """End the session that this refresh token is or was one of: `id`, `user_id`."""
    return await connection.fetchrow(
        """
        delete from sessions where id = (select session_id from refresh_tokens where token_hash = $1)
        returning id, user_id
        """,
        token_hash,
    )


async def delete_used_refresh_tokens(connection: Connection, *, older_than: timedelta) -> None:
    """Forget refresh tokens that were used so long ago. One whose session is being ended just now is passed over."""
    await connection.execute(
        """
        delete from refresh_tokens where token_hash in (
            select token_hash from refresh_tokens where used_at < now() - $1::interval for update skip locked
        )
        """,
        older_than,
    )


async def insert_personal_token(
    connection: Connection,
    *,
    token_id: UUID,
    token_hash: bytes,
    user_id: UUID,
    password_hash: str,
    name: str,
    scopes: Collection[Scope],
    lifetime: timedelta | None,
    most: int,
) -> bool:
    """False where the person has `most` of them already, or the password is another than `password_hash` by now.

    Call it in a transaction: the lock on the account has those that come together count one after the other.
    """
    await connection.execute("select from users where id = $1 for no key update", user_id)
    done = await connection.fetchval(
        """
        insert into personal_tokens (id, token_hash, user_id, name, scopes, expires_at)
        select $1, $2, id, $5, $6, now() + $7::interval from users
        where id = $3 and password_hash = $4 and deactivated_at is null
          and (select count(*) from personal_tokens where user_id = $3) < $8
        returning true
        """,
        token_id,
        token_hash,
        user_id,
        password_hash,
        name,
        sorted(scopes),
        lifetime,
        most,
    )
    return bool(done)


async def personal_tokens(connection: Connection, *, user_id: UUID) -> list[PersonalToken]:
    """A person's tokens, those that have expired too, the newest first."""
    records = await connection.fetch(
        """
        select id, name, scopes, created_at, last_used_at, expires_at, coalesce(expires_at <= now(), false) as expired
        from personal_tokens where user_id = $1
        order by created_at desc, id desc
        """,
        user_id,
    )
    return [PersonalToken(**{**record, "scopes": frozenset(record["scopes"])}) for record in records]


async def delete_personal_token(connection: Connection, *, user_id: UUID, token_id: UUID) -> bool:
    """Revoke a token of this person; False where it is not theirs, or is gone already."""
    done = await connection.fetchval(
        "delete from personal_tokens where id = $1 and user_id = $2 returning true", token_id, user_id
    )
    return bool(done)


async def delete_personal_tokens(connection: Connection, *, user_id: UUID) -> None:
    """Revoke all tokens of a person."""
    await connection.execute("delete from personal_tokens where user_id = $1", user_id)


async def touch_personal_tokens(connection: Connection, *, used_at: dict[UUID, datetime]) -> None:
    """Move last-used times forward, never back; one that somebody else is changing just now is passed over."""
    await connection.execute(
        """
        update personal_tokens set last_used_at = greatest(last_used_at, used.at)
        from unnest($1::uuid[], $2::timestamptz[]) as used (token_id, at)
        where personal_tokens.id = used.token_id
          and personal_tokens.id in (select id from personal_tokens where id = any($1) for update skip locked)
        """,
        list(used_at.keys()),
        list(used_at.values()),
    )
