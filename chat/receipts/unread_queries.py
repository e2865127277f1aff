"""The SQL of what a person marks as unread by hand."""

from uuid import UUID

from chat.db import Connection, Record


async def mark_unread(connection: Connection, *, user_id: UUID, conversation_id: UUID, from_seq: int) -> Record | None:
    """Have unread counted from a message on, if the conversation has it; what holds then.

    None where the person is not in the conversation.
    """
    return await connection.fetchrow(
        """
        with found as (
            select m.conversation_id, m.user_id, m.joined_seq, m.delivered_up_to_seq as delivered_up_to,
                m.read_up_to_seq as read_up_to, m.unread_from_seq as unread_from, c.last_seq, c.kind, c.members_count
            from members m
            join conversations c on c.id = m.conversation_id and c.deleted_at is null
            join users u on u.id = m.user_id and u.deactivated_at is null
            where m.conversation_id = $1 and m.user_id = $2
            for no key update of m
        ), marked as (
            update members m set unread_from_seq = $3
            from found f
            where m.conversation_id = f.conversation_id and m.user_id = f.user_id
                and $3::bigint between 1 and f.last_seq and f.unread_from is distinct from $3
        )
        select found.*, now() as at from found
        """,
        conversation_id,
        user_id,
        from_seq,
    )
