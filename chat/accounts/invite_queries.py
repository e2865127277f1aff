"""The SQL about who may join: the owner's choice, and the links that invite."""

from datetime import timedelta
from uuid import UUID

from chat.accounts.model import Invite, Registration
from chat.db import Connection


async def registration(connection: Connection) -> Registration | None:
    """What the owner has decided; None where nothing was."""
    value: Registration | None = await connection.fetchval("select value from preferences where name = 'registration'")
    return value


async def set_registration(connection: Connection, *, value: Registration, changed_by: UUID) -> None:
    """Keep what the owner has decided."""
    await connection.execute(
        """
        insert into preferences (name, value, changed_by) values ('registration', $1, $2)
        on conflict (name) do update
        set value = excluded.value, changed_by = excluded.changed_by, changed_at = now()
        """,
        value,
        changed_by,
    )


async def insert_invite(
    connection: Connection,
    *,
    invite_id: UUID,
    token_hash: bytes,
    created_by: UUID,
    lifetime: timedelta,
    max_uses: int | None,
) -> None:
    """Keep a new invitation."""
    await connection.execute(
        """
        insert into invites (id, token_hash, created_by, expires_at, max_uses)
        values ($1, $2, $3, now() + $4, $5)
        """,
        invite_id,
        token_hash,
        created_by,
        lifetime,
        max_uses,
    )


async def open_invites(connection: Connection) -> list[Invite]:
    """The invitations that still let people in, the newest first."""
    records = await connection.fetch(
        """
        select invites.id, display_name as created_by, expires_at, uses, max_uses
        from invites join users on users.id = invites.created_by
        where revoked_at is null and expires_at > now() and (max_uses is null or uses < max_uses)
        order by invites.created_at desc, invites.id
        """
    )
    return [Invite(**record) for record in records]


async def invite_is_open(connection: Connection, *, token_hash: bytes) -> bool:
    """Whether this invitation still lets somebody in."""
    found = await connection.fetchval(
        """
        select true from invites
        where token_hash = $1 and revoked_at is null and expires_at > now()
          and (max_uses is null or uses < max_uses)
        """,
        token_hash,
    )
    return bool(found)


async def use_invite(connection: Connection, *, token_hash: bytes) -> bool:
    """Count one use; False where the invitation lets nobody in any more."""
    used = await connection.fetchval(
        """
        update invites set uses = uses + 1
        where token_hash = $1 and revoked_at is null and expires_at > now()
          and (max_uses is null or uses < max_uses)
        returning true
        """,
        token_hash,
    )
    return bool(used)


async def revoke_invite(connection: Connection, *, invite_id: UUID) -> None:
    """Let nobody in with this invitation any more."""
    await connection.execute("update invites set revoked_at = now() where id = $1 and revoked_at is null", invite_id)


async def revoke_invites_of(connection: Connection, *, user_id: UUID) -> None:
    """Let nobody in with any invitation that this person made."""
    await connection.execute(
        "update invites set revoked_at = now() where created_by = $1 and revoked_at is null", user_id
    )
