"""The SQL of how far what somebody wrote has come."""

from collections.abc import Sequence
from uuid import UUID

from chat.db import Connection, Record

# Somebody and a conversation; and what of its members isn't stored yet.
Membership = tuple[UUID, UUID]
Waiting = tuple[UUID, UUID, int, int]


async def reaches(
    connection: Connection, *, of: Sequence[Membership], waiting: Sequence[Waiting], direct_max: int
) -> list[Record]:
    """How far the others have received and read in these conversations, as far as these people may know it: a row for
    all who came into a conversation after the same message.

    What is `waiting` is counted in: conversation, person, received and read up to. `large` where it may: the
    conversation is not direct, and has more than `direct_max` people. As many rows are looked at as there are members,
    whatever the number of messages.
    """
    return await connection.fetch(
        """
        -- Materialized, so that who is blocked is looked up once for each conversation and not for each member.
        with own as materialized (
            select v.user_id, v.conversation_id, c.kind <> 'direct' and c.members_count > $7 as large,
                coalesce(v.read_receipts_enabled, viewer.read_receipts_enabled) as shares,
                array(
                    select blocked_id from blocks where blocker_id = v.user_id
                    union all
                    select blocker_id from blocks where blocked_id = v.user_id
                ) as blocked
            from unnest($1::uuid[], $2::uuid[]) as asked (user_id, conversation_id)
            join members v on v.user_id = asked.user_id and v.conversation_id = asked.conversation_id
            join users viewer on viewer.id = v.user_id
            join conversations c on c.id = v.conversation_id
        )
        select own.user_id as viewer_id, own.conversation_id, own.large, m.joined_seq,
            max(greatest(m.delivered_up_to_seq, w.delivered, w.read)) as delivered_up_to,
            coalesce(max(greatest(m.read_up_to_seq, w.read)) filter (
                where own.shares and coalesce(m.read_receipts_enabled, u.read_receipts_enabled)
            ), 0) as read_up_to
        from own
        join members m on m.conversation_id = own.conversation_id and m.user_id <> own.user_id
            and m.user_id <> all (own.blocked)
        join users u on u.id = m.user_id
        left join unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[])
            as w (conversation_id, user_id, delivered, read)
            on w.conversation_id = m.conversation_id and w.user_id = m.user_id
        group by 1, 2, 3, 4
        """,
        [user_id for user_id, _ in of],
        [conversation_id for _, conversation_id in of],
        [conversation_id for conversation_id, *_ in waiting],
        [user_id for _, user_id, *_ in waiting],
        [delivered for *_, delivered, _ in waiting],
        [read for *_, read in waiting],
        direct_max,
    )
