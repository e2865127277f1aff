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
            select conversation_id, user_id, read_up_to_seq, delivered_up_to_seq, least($3, c.last_seq) as target,
                c.last_seq
            from members
            join conversations c on c.id = conversation_id and c.deleted_at is null
            where conversation_id = $1 and user_id = $2
        ), moved as (
            update members
            set read_up_to_seq = target, delivered_up_to_seq = greatest(members.delivered_up_to_seq, target)
            from member
            where members.conversation_id = member.conversation_id and members.user_id = member.user_id
                and members.read_up_to_seq < target
            returning members.conversation_id, members.user_id, members.read_up_to_seq, members.delivered_up_to_seq
        ), step as (
            insert into read_events (conversation_id, user_id, up_to_seq)
            select conversation_id, user_id, read_up_to_seq from moved
            on conflict do nothing
        )
        select coalesce(moved.read_up_to_seq, member.read_up_to_seq) as read_up_to,
            coalesce(moved.delivered_up_to_seq, member.delivered_up_to_seq) as delivered_up_to,
            moved.user_id is not null as moved, member.last_seq, now() as at
        from member left join moved on true
        """,
        conversation_id,
        user_id,
        up_to_seq,
    )
