"""All the SQL about what people have read."""

from uuid import UUID

from chat.db import Connection, Record


async def move_read(connection: Connection, *, user_id: UUID, conversation_id: UUID, up_to_seq: int) -> Record | None:
    """Move a member's read-up-to forward to `up_to_seq`, and keep the step with its time.

    Never goes back, and never beyond the last message. Answers the watermarks as they are now, with `moved` saying
    whether this call moved them; None where the user is not in the conversation.
    """
    return await connection.fetchrow(
        """
        with member as (
            select p.conversation_id, p.user_id, p.read_up_to_seq, p.delivered_up_to_seq, c.last_seq,
                least($3, c.last_seq) as target
            from members p
            join conversations c on c.id = p.conversation_id and c.deleted_at is null
            where p.conversation_id = $1 and p.user_id = $2
        ), moved as (
            update members p
            set read_up_to_seq = m.target, delivered_up_to_seq = greatest(p.delivered_up_to_seq, m.target)
            from member m
            where p.conversation_id = m.conversation_id and p.user_id = m.user_id and p.read_up_to_seq < m.target
            returning p.conversation_id, p.user_id, p.read_up_to_seq, p.delivered_up_to_seq
        ), step as (
            insert into read_events (conversation_id, user_id, up_to_seq)
            select conversation_id, user_id, read_up_to_seq from moved
            on conflict do nothing
        )
        select coalesce(u.read_up_to_seq, m.read_up_to_seq) as read_up_to,
            coalesce(u.delivered_up_to_seq, m.delivered_up_to_seq) as delivered_up_to,
            m.last_seq, u.user_id is not null as moved, now() as at
        from member m left join moved u on true
        """,
        conversation_id,
        user_id,
        up_to_seq,
    )
