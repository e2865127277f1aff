"""The SQL of what somebody is told of receipts who opens a conversation."""

from uuid import UUID

from chat.db import Connection, Record


async def seen_by(connection: Connection, *, viewer_id: UUID, conversation_id: UUID, direct_max: int) -> list[Record]:
    """Whether a conversation of the viewer's is `small`, direct or of `direct_max` people at most, and whether the
    viewer `shares` reads there; in a small one, a row for each other member, as far as the viewer may know of them, or
    one without a `user_id`. Nothing where the viewer is not in it.

    `read_up_to` is None where one of the two doesn't share that; where one has blocked the other, there is no row.
    """
    return await connection.fetch(
        """
        select own.small, own.shares, m.user_id, m.joined_seq, m.delivered_up_to_seq as delivered_up_to,
            case when own.shares and coalesce(m.read_receipts_enabled, u.read_receipts_enabled)
                then m.read_up_to_seq end as read_up_to,
            case when own.shares and coalesce(m.read_receipts_enabled, u.read_receipts_enabled) then (
                select read_at from read_events
                where conversation_id = m.conversation_id and user_id = m.user_id
                order by up_to_seq desc
                limit 1
            ) end as read_at
        from (
            select v.conversation_id, v.user_id, c.kind = 'direct' or c.members_count <= $3 as small,
                coalesce(v.read_receipts_enabled, viewer.read_receipts_enabled) as shares
            from members v
            join conversations c on c.id = v.conversation_id and c.deleted_at is null
            join users viewer on viewer.id = v.user_id
            where v.conversation_id = $1 and v.user_id = $2
        ) own
        left join members m on own.small and m.conversation_id = own.conversation_id and m.user_id <> own.user_id
            and (select true from blocks where blocker_id = own.user_id and blocked_id = m.user_id) is null
            and (select true from blocks where blocker_id = m.user_id and blocked_id = own.user_id) is null
        left join users u on u.id = m.user_id
        """,
        conversation_id,
        viewer_id,
        direct_max,
    )
