"""The SQL about who has blocked whom."""

from uuid import UUID

from chat.accounts.contact_model import PersonPlace, Relation
from chat.accounts.model import Person
from chat.db import Connection


async def block(connection: Connection, *, blocker_id: UUID, blocked_id: UUID) -> bool:
    """Keep it, once; False where there is no such person to block."""
    found = await connection.fetchval(
        """
        with person as (select id from users where id = $2),
        kept as (
            insert into blocks (blocker_id, blocked_id) select $1, id from person on conflict do nothing
        )
        select true from person
        """,
        blocker_id,
        blocked_id,
    )
    return bool(found)


async def unblock(connection: Connection, *, blocker_id: UUID, blocked_id: UUID) -> bool:
    """Forget it; False where there is nothing to forget."""
    removed = await connection.fetchval(
        "delete from blocks where blocker_id = $1 and blocked_id = $2 returning true", blocker_id, blocked_id
    )
    return bool(removed)


async def blocked(connection: Connection, *, blocker_id: UUID, after: PersonPlace | None, limit: int) -> list[Relation]:
    """Whom somebody has blocked, by name, after a place."""
    records = await connection.fetch(
        """
        select u.id, u.username, u.display_name, u.role
        from blocks b join users u on u.id = b.blocked_id
        where b.blocker_id = $1
            and ($3::text is null or (lower(u.display_name), u.username) > (lower($2), $3))
        order by lower(u.display_name), u.username
        limit $4
        """,
        blocker_id,
        after.display_name if after else None,
        after.username if after else None,
        limit,
    )
    return [Relation(Person(**record), blocking=True) for record in records]


async def direct_conversation(connection: Connection, *, one: UUID, other: UUID) -> UUID | None:
    """The direct conversation of two people, if they have one."""
    found: UUID | None = await connection.fetchval(
        """
        select id from conversations
        where direct_low = least($1::uuid, $2::uuid) and direct_high = greatest($1::uuid, $2::uuid)
            and deleted_at is null
        """,
        one,
        other,
    )
    return found
