"""The SQL of changing a conversation: holding it, who is in it, what it is called, and the line that tells of it."""

from collections.abc import Sequence
from uuid import UUID

from chat.conversations.model import Details, MemberRole, NewConversation
from chat.db import Connection, Record


async def lock(connection: Connection, *, conversation_id: UUID) -> Record | None:
    """Hold a conversation until the transaction ends, so that nobody else changes who is in it or writes there.

    What depends on who is in it is read after this, by statements of their own: this one may have waited, and would
    answer what was true before it did. None where there is no such conversation.
    """
    return await connection.fetchrow(
        """
        select kind, visibility, name, name_key, topic, members_count, archived_at is not null as archived
        from conversations where id = $1 and deleted_at is null
        for no key update
        """,
        conversation_id,
    )


async def insert_conversation(connection: Connection, *, new: NewConversation, created_by: UUID) -> bool:
    """A conversation with one member, its owner; False where there is one of this id.

    Raises `asyncpg.UniqueViolationError` where there is a room of this name.
    """
    created = await connection.fetchval(
        """
        with created as (
            insert into conversations (id, kind, visibility, name, name_key, topic, created_by, members_count)
            values ($1, $2, $3, $4, $5, $6, $7, 1)
            on conflict (id) do nothing
            returning id, created_by
        ), owner as (
            insert into members (conversation_id, user_id, role) select id, created_by, 'owner' from created
        )
        select id from created
        """,
        new.id,
        new.kind,
        new.details.visibility,
        new.details.name,
        new.details.name_key,
        new.details.topic,
        created_by,
    )
    return created is not None


async def candidates(
    connection: Connection, *, conversation_id: UUID, viewer_id: UUID, user_ids: Sequence[UUID]
) -> list[Record]:
    """The accounts of these ids, in their order, as far as there are any: `id`, `display_name`, `active`, `is_member`,
    and `blocked` where one of the viewer and this person has blocked the other."""
    return await connection.fetch(
        """
        select u.id, u.display_name, u.deactivated_at is null as active, m.user_id is not null as is_member,
            (select true from blocks where blocker_id = $2 and blocked_id = u.id) is not null
                or (select true from blocks where blocker_id = u.id and blocked_id = $2) is not null as blocked
        from unnest($3::uuid[]) with ordinality as wanted (id, position)
        join users u on u.id = wanted.id
        left join members m on m.conversation_id = $1 and m.user_id = u.id
        order by wanted.position
        """,
        conversation_id,
        viewer_id,
        user_ids,
    )


async def add_members(connection: Connection, *, conversation_id: UUID, user_ids: Sequence[UUID]) -> None:
    """Let people in who aren't in yet. What was said until now counts as read by them. The caller holds the
    conversation, and counts them."""
    await connection.execute(
        """
        with added as (
            insert into members (conversation_id, user_id, delivered_up_to_seq, read_up_to_seq, joined_seq)
            select c.id, person, c.last_seq, c.last_seq, c.last_seq
            from conversations c, unnest($2::uuid[]) as person
            where c.id = $1
        )
        delete from departures where conversation_id = $1 and user_id = any ($2)
        """,
        conversation_id,
        user_ids,
    )


async def remove_member(connection: Connection, *, conversation_id: UUID, user_id: UUID) -> bool:
    """Take somebody out, and keep for a while that they have gone. The caller holds the conversation, and counts."""
    removed = await connection.fetchval(
        """
        with removed as (
            delete from members where conversation_id = $1 and user_id = $2
            returning conversation_id, user_id
        )
        insert into departures (conversation_id, user_id, left_at)
        select conversation_id, user_id, clock_timestamp() from removed
        on conflict (conversation_id, user_id) do update set left_at = excluded.left_at
        returning true
        """,
        conversation_id,
        user_id,
    )
    return bool(removed)


async def forget_departures(connection: Connection) -> None:
    """Forget who left so long ago that every open socket has heard of it (`chat/realtime/recheck.py`)."""
    await connection.execute("delete from departures where left_at < now() - interval '1 day'")


async def other_owner(connection: Connection, *, conversation_id: UUID, user_id: UUID) -> bool:
    """Whether somebody else, with an active account, owns the conversation too."""
    found = await connection.fetchval(
        """
        select true from members m join users u on u.id = m.user_id and u.deactivated_at is null
        where m.conversation_id = $1 and m.role = 'owner' and m.user_id <> $2
        limit 1
        """,
        conversation_id,
        user_id,
    )
    return bool(found)


async def member(connection: Connection, *, conversation_id: UUID, user_id: UUID, viewer_id: UUID) -> Record | None:
    """`role`, `display_name` and `active` of somebody who is in the conversation.

    That person and the viewer are held, in the order in which receipts take members: one of them is about to be
    changed, and the line that tells of it moves the viewer's watermarks.
    """
    records = await connection.fetch(
        """
        select m.user_id, m.role, u.display_name, u.deactivated_at is null as active
        from members m join users u on u.id = m.user_id
        where m.conversation_id = $1 and m.user_id in ($2, $3)
        order by m.conversation_id, m.user_id
        for no key update of m
        """,
        conversation_id,
        user_id,
        viewer_id,
    )
    return next((record for record in records if record["user_id"] == user_id), None)


async def set_role(connection: Connection, *, conversation_id: UUID, user_id: UUID, role: MemberRole) -> None:
    """Give a member another role."""
    await connection.execute(
        "update members set role = $3 where conversation_id = $1 and user_id = $2", conversation_id, user_id, role
    )


async def set_details(connection: Connection, *, conversation_id: UUID, details: Details) -> None:
    """Raises `asyncpg.UniqueViolationError` where there is another room of this name."""
    await connection.execute(
        "update conversations set name = $2, name_key = $3, topic = $4, visibility = $5 where id = $1",
        conversation_id,
        details.name,
        details.name_key,
        details.topic,
        details.visibility,
    )


async def set_archived(connection: Connection, *, conversation_id: UUID, archived: bool) -> None:
    """Close a conversation for all that would change it, or open it again."""
    await connection.execute(
        "update conversations set archived_at = case when $2 then now() end where id = $1", conversation_id, archived
    )


async def delete(connection: Connection, *, conversation_id: UUID) -> None:
    """From now on the conversation is there for nobody; its rows stay."""
    await connection.execute(
        "update conversations set deleted_at = clock_timestamp(), updated_at = now() where id = $1", conversation_id
    )


# A system line is stored as a message is (chat/messages/store_queries.py, STORE): it takes the next sequence number and
# revision, and whoever did what it tells of has read what came before: where something was unread it `covers` that.
# Nothing continues it, so it leaves no sender.
# The caller holds the conversation: the counters can't move between this statement's snapshot and its update.
_SAY = """
    with moved as (
        update conversations
        set last_seq = last_seq + 1, revision = revision + 1, last_sender_id = null, last_message_at = now(),
            updated_at = now(), members_count = members_count + $5
        where id = $1
        returning *
    ), reader as (
        select m.user_id, m.joined_seq, moved.last_seq, m.read_up_to_seq < moved.last_seq - 1 as covers,
            m.unread_from_seq is not null as is_marked,
            coalesce(m.read_receipts_enabled, u.read_receipts_enabled) as shared
        from moved, members m join users u on u.id = m.user_id
        where m.conversation_id = $1 and m.user_id = $2
    ), own_read as (
        update members m
        set read_up_to_seq = reader.last_seq, delivered_up_to_seq = reader.last_seq, unread_from_seq = null
        from reader
        where m.conversation_id = $1 and m.user_id = reader.user_id
    ), step as (
        insert into read_events (conversation_id, user_id, up_to_seq, read_at)
        select $1, user_id, last_seq, clock_timestamp() from reader where covers
        on conflict do nothing
    ), said as (
        insert into messages
            (id, conversation_id, seq, revision, sender_id, client_message_id, content, content_type, continues)
        select $3, $1, last_seq, revision, $2, $3, $4, 'system', false from moved
        returning created_at
    )
    select moved.kind, moved.name, moved.topic, moved.visibility, moved.members_count, moved.archived_at,
        moved.last_seq as seq, moved.revision, said.created_at, u.username, u.display_name, u.role,
        coalesce(reader.covers or reader.is_marked, false) as covers, reader.joined_seq, reader.shared
    from moved
    cross join said
    join users u on u.id = $2
    left join reader on true
"""


async def say(
    connection: Connection, *, conversation_id: UUID, sender_id: UUID, message_id: UUID, content: str, joined: int
) -> Record:
    """Store a system line, and count `joined` more members, or fewer. Answers the conversation as it is now, the
    line's place, its sender's names, and whether the sender has read something by it."""
    return await connection.fetchrow(_SAY, conversation_id, sender_id, message_id, content, joined)
