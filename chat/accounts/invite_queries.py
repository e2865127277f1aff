"""The SQL about who may join: the owner's choice, and the links that invite."""

from datetime import timedelta
from uuid import UUID

from chat.accounts.model import Invite, OpenInvite, Registration
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
    conversation_id: UUID | None,
    lifetime: timedelta,
    max_uses: int | None,
) -> None:
    """Keep a new link, into a room or only into the chat."""
    await connection.execute(
        """
        insert into invites (id, token_hash, created_by, conversation_id, expires_at, max_uses)
        values ($1, $2, $3, $4, now() + $5, $6)
        """,
        invite_id,
        token_hash,
        created_by,
        conversation_id,
        lifetime,
        max_uses,
    )


_OPEN = "revoked_at is null and expires_at > now() and (max_uses is null or uses < max_uses)"


async def open_invites(connection: Connection, *, conversation_id: UUID | None, limit: int) -> list[Invite]:
    """The links into this room, or only into the chat, that still let people in, the newest first."""
    records = await connection.fetch(
        f"""
        select invites.id, display_name as created_by, expires_at, uses, max_uses
        from invites join users on users.id = invites.created_by
        where {_OPEN} and {"conversation_id = $2" if conversation_id else "conversation_id is null"}
        order by invites.created_at desc, invites.id
        limit $1
        """,
        limit,
        *([conversation_id] if conversation_id else []),
    )
    return [Invite(**record) for record in records]


async def open_invite(connection: Connection, *, token_hash: bytes) -> OpenInvite | None:
    """A link that still lets somebody in; into a room, as long as that is there and not archived."""
    record = await connection.fetchrow(
        f"""
        select conversation_id, i.created_by, u.role in ('owner', 'admin') as by_manager
        from invites i
        join users u on u.id = i.created_by and u.deactivated_at is null
        left join conversations c on c.id = i.conversation_id
        where i.token_hash = $1 and {_OPEN} and c.deleted_at is null and c.archived_at is null
        """,
        token_hash,
    )
    return OpenInvite(**record) if record else None


async def use_invite(connection: Connection, *, token_hash: bytes) -> bool:
    """Count one use; False where the link lets nobody in any more."""
    used = await connection.fetchval(
        f"update invites set uses = uses + 1 where token_hash = $1 and {_OPEN} returning true", token_hash
    )
    return bool(used)


async def revoke_invite(connection: Connection, *, conversation_id: UUID | None, invite_id: UUID) -> None:
    """Let nobody in any more with this link, into this room or only into the chat."""
    await connection.execute(
        """
        update invites set revoked_at = now()
        where id = $1 and conversation_id is not distinct from $2 and revoked_at is null
        """,
        invite_id,
        conversation_id,
    )


async def revoke_invites_of(connection: Connection, *, user_id: UUID) -> None:
    """Let nobody in with any invitation that this person made."""
    await connection.execute(
        "update invites set revoked_at = now() where created_by = $1 and revoked_at is null", user_id
    )
