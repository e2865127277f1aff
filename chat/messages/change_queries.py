"""All the SQL that changes a message after it was sent. Each statement runs in a transaction that holds the lock of
`lock_conversation_of`, and takes the conversation's next revision where it changes something."""

from uuid import UUID

from chat.db import Connection

# The conversation's row is locked, so the revision has no gap and no twin.
NEXT = "next as (update conversations set revision = revision + 1 where id = $2 returning revision)"


async def lock_conversation_of(connection: Connection, *, message_id: UUID) -> UUID | None:
    """Lock the conversation of a message, as sending to it does; None where there is no such message."""
    conversation_id: UUID | None = await connection.fetchval(
        """
        select c.id from messages m join conversations c on c.id = m.conversation_id where m.id = $1
        for no key update of c
        """,
        message_id,
    )
    return conversation_id


async def edit(connection: Connection, *, message_id: UUID, conversation_id: UUID, content: str) -> None:
    """Give the message another content, and keep the earlier one with the time when it was written."""
    await connection.execute(
        f"""
        with {NEXT}, kept as (
            insert into message_edits (message_id, revision, content, edited_at)
            select m.id, next.revision, m.content, coalesce(m.edited_at, m.created_at)
            from messages m, next where m.id = $1
        )
        update messages set content = $3, edited_at = now(), revision = next.revision from next where id = $1
        """,
        message_id,
        conversation_id,
        content,
    )


async def erase(connection: Connection, *, message_id: UUID, conversation_id: UUID, seq: int) -> None:
    """Leave nothing of the message but its place: who wrote there, and when."""
    await connection.execute(
        f"""
        with {NEXT}, edits as (
            delete from message_edits where message_id = $1
        ), chosen as (
            delete from reactions where message_id = $1
        ), mentioned as (
            delete from mentions where conversation_id = $2 and seq = $3
        ), pinned as (
            delete from pins where conversation_id = $2 and message_id = $1
        )
        update messages
        set content = '', reply_to = null, reacted = false, edited_at = null, deleted_at = now(),
            revision = next.revision
        from next where id = $1
        """,
        message_id,
        conversation_id,
        seq,
    )


async def add_reaction(
    connection: Connection, *, message_id: UUID, conversation_id: UUID, user_id: UUID, emoji: str
) -> bool:
    """False where this person had chosen this emoji before; nothing changes then."""
    changed = await connection.fetchval(
        """
        with added as (
            insert into reactions (message_id, user_id, emoji) values ($1, $3, $4)
            on conflict do nothing returning message_id
        ), next as (
            update conversations c set revision = c.revision + 1 from added where c.id = $2 returning c.revision
        )
        update messages set reacted = true, revision = next.revision from next where id = $1 returning id
        """,
        message_id,
        conversation_id,
        user_id,
        emoji,
    )
    return changed is not None


async def remove_reaction(
    connection: Connection, *, message_id: UUID, conversation_id: UUID, user_id: UUID, emoji: str
) -> bool:
    """False where this person had not chosen this emoji; nothing changes then."""
    changed = await connection.fetchval(
        """
        with removed as (
            delete from reactions where message_id = $1 and user_id = $3 and emoji = $4 returning message_id
        ), next as (
            update conversations c set revision = c.revision + 1 from removed where c.id = $2 returning c.revision
        )
        update messages
        set revision = next.revision, reacted = exists (
            select from reactions where message_id = $1 and (user_id, emoji) <> ($3, $4)
        )
        from next where id = $1 returning id
        """,
        message_id,
        conversation_id,
        user_id,
        emoji,
    )
    return changed is not None
