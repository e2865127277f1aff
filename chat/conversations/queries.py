"""All the SQL about conversations and who is in them."""

from uuid import UUID

from chat.db import Connection, Record

# A direct conversation that nobody has written in yet is listed only for the person who opened it.
LISTED = "(c.last_seq > 0 or c.kind <> 'direct' or c.created_by = v.user_id)"

# A conversation as one member sees it: its watermarks are theirs, and a direct one has the other person's name.
ROWS = f"""
    select c.id, c.kind, coalesce(c.name, other.display_name, 'Group') as name, other.username, other.id as other_id,
        c.last_seq, c.revision, v.read_up_to_seq, coalesce(c.last_message_at, c.created_at) as activity_at,
        m.sender_id, left(m.content, 240) as content, m.deleted_at, sender.display_name as sender_name,
        {LISTED} as listed
    from members v
    join conversations c on c.id = v.conversation_id and c.deleted_at is null
    left join users other
        on other.id = case when c.direct_low = v.user_id then c.direct_high else c.direct_low end
    left join messages m on m.conversation_id = c.id and m.seq = c.last_seq
    left join users sender on sender.id = m.sender_id
    where v.user_id = $1
"""


async def rows(connection: Connection, *, viewer_id: UUID, limit: int) -> list[Record]:
    """The viewer's conversations, the latest activity first."""
    return await connection.fetch(
        f"""
        {ROWS} and {LISTED}
        order by coalesce(c.last_message_at, c.created_at) desc, c.id
        limit $2
        """,
        viewer_id,
        limit,
    )


async def row(connection: Connection, *, viewer_id: UUID, conversation_id: UUID) -> Record | None:
    """One of the viewer's conversations; None where there is none of this id, or the viewer is not in it."""
    return await connection.fetchrow(f"{ROWS} and v.conversation_id = $2", viewer_id, conversation_id)


async def search(connection: Connection, *, viewer_id: UUID, pattern: str, limit: int) -> list[Record]:
    """The viewer's conversations with a name, or a person's username, that is like `pattern` in lower case."""
    return await connection.fetch(
        f"""
        {ROWS} and {LISTED}
            and (lower(coalesce(c.name, other.display_name)) like any ($2) or other.username like any ($2))
        order by coalesce(c.last_message_at, c.created_at) desc, c.id
        limit $3
        """,
        viewer_id,
        [pattern, f"% {pattern}"],
        limit,
    )


async def ids_of(connection: Connection, *, user_id: UUID) -> list[UUID]:
    """Every conversation that the person is in: what the person's sockets listen to."""
    records = await connection.fetch(
        """
        select conversation_id from members
        join conversations c on c.id = conversation_id and c.deleted_at is null
        where user_id = $1
        """,
        user_id,
    )
    return [record["conversation_id"] for record in records]


async def direct_id(connection: Connection, *, low: UUID, high: UUID) -> UUID | None:
    """The one direct conversation of a pair, the smaller id first."""
    found: UUID | None = await connection.fetchval(
        "select id from conversations where direct_low = $1 and direct_high = $2 and deleted_at is null", low, high
    )
    return found


async def create_direct(
    connection: Connection, *, conversation_id: UUID, low: UUID, high: UUID, created_by: UUID
) -> bool:
    """Create the direct conversation of a pair with both as members; False where another was quicker, or either
    account is missing or deactivated."""
    created = await connection.fetchval(
        """
        with created as (
            insert into conversations (id, kind, direct_low, direct_high, created_by)
            select $1, 'direct', $2, $3, $4
            where (select count(*) from users where id in ($2, $3) and deactivated_at is null) = 2
            on conflict (direct_low, direct_high) do nothing
            returning id
        ), joined as (
            insert into members (conversation_id, user_id)
            select created.id, person from created, unnest(array[$2, $3]::uuid[]) as person
        )
        select id from created
        """,
        conversation_id,
        low,
        high,
        created_by,
    )
    return created is not None


async def standing(connection: Connection, *, viewer_id: UUID, conversation_id: UUID) -> Record | None:
    """What a conversation is to an active person; `role` is None for somebody who is not in it."""
    return await connection.fetchrow(
        """
        select c.kind, c.visibility, m.role, c.archived_at is not null as archived,
            c.kind = 'direct' and exists (
                select from blocks
                where (blocker_id, blocked_id) in ((c.direct_low, c.direct_high), (c.direct_high, c.direct_low))
            ) as blocked
        from conversations c
        join users u on u.id = $2 and u.deactivated_at is null
        left join members m on m.conversation_id = c.id and m.user_id = u.id
        where c.id = $1 and c.deleted_at is null
        """,
        conversation_id,
        viewer_id,
    )


async def lock(connection: Connection, *, conversation_id: UUID) -> Record | None:
    """Hold a conversation until the transaction ends, so that nobody else changes who is in it or writes there.

    What depends on who is in it is read after this, by statements of their own: this one may have waited, and would
    answer what was true before it did. None where there is no such conversation.
    """
    return await connection.fetchrow(
        "select id, kind from conversations where id = $1 and deleted_at is null for no key update", conversation_id
    )
