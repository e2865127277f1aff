"""The SQL about tokens: who is behind one, refresh tokens and their rotation, and personal tokens."""

from uuid import UUID

from chat.db import Connection, Record


async def api_session(connection: Connection, *, session_id: UUID, user_id: UUID) -> Record | None:
    """The active account behind a live session of the API: `id`, `username`, `display_name`, `role`, `email`."""
    return await connection.fetchrow(
        """
        select users.id, username, display_name, role, email
        from sessions join users on users.id = sessions.user_id
        where sessions.id = $1 and users.id = $2 and kind = 'api' and expires_at > now() and deactivated_at is null
        """,
        session_id,
        user_id,
    )


async def personal_token(connection: Connection, *, token_hash: bytes) -> Record | None:
    """The active account behind a personal token, as in `api_session`, and `token_id`, `scopes`, `expired`."""
    return await connection.fetchrow(
        """
        select users.id, username, display_name, role, email,
               personal_tokens.id as token_id, scopes, coalesce(expires_at <= now(), false) as expired
        from personal_tokens join users on users.id = personal_tokens.user_id
        where token_hash = $1 and deactivated_at is null
        """,
        token_hash,
    )
