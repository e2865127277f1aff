"""The SQL of who has received and read a message, and when."""

from collections.abc import Mapping
from uuid import UUID

from chat.conversations.unflushed import UpTo
from chat.db import Connection, Record
from chat.receipts.model import RecipientPlace

# - `asker` is the sender: whoever doesn't share what they read isn't told what others have read.
# - `recipients` are the others who were there when the message came; `rank` is 0 for who has read it, 1 for whom it was
#   delivered to, 2 for the rest, and for those of whom the asker may not know.
# - The counts come in any case, in a row without anybody where the list is empty. The time of reading is that of the
#   first step that reached the message: one look into an index for each who is listed.
_RECEIPTS = """
    with asker as (
        select v.conversation_id, v.user_id, c.kind <> 'direct' and c.members_count > $9 as large,
            coalesce(v.read_receipts_enabled, u.read_receipts_enabled) as shares,
            array(
                select blocked_id from blocks where blocker_id = v.user_id
                union all
                select blocker_id from blocks where blocked_id = v.user_id
            ) as blocked
        from members v
        join users u on u.id = v.user_id
        join conversations c on c.id = v.conversation_id
        where v.conversation_id = $1 and v.user_id = $2
    ), recipients as materialized (
        select m.user_id, u.username, u.display_name, u.role, lower(u.display_name) as sort_name,
            case
                when m.user_id = any (asker.blocked) then 2
                when asker.shares and coalesce(m.read_receipts_enabled, u.read_receipts_enabled)
                    and greatest(m.read_up_to_seq, w.read) >= $3 then 0
                when greatest(m.delivered_up_to_seq, w.delivered, w.read) >= $3 then 1
                else 2
            end as rank
        from asker
        join members m on m.conversation_id = asker.conversation_id and m.user_id <> asker.user_id
        join users u on u.id = m.user_id
        left join unnest($10::uuid[], $11::bigint[], $12::bigint[]) as w (user_id, delivered, read)
            on w.user_id = m.user_id
        where m.joined_seq < $3
    ), listed as (
        select *
        from recipients
        where rank = coalesce($4, rank) and (rank, sort_name, user_id) > ($5, $6, $7)
        order by rank, sort_name, user_id
        limit $8
    )
    select counts.*, asker.large, listed.*,
        case when listed.rank = 0 then (
            select read_at from read_events
            where conversation_id = $1 and user_id = listed.user_id and up_to_seq >= $3
            order by up_to_seq
            limit 1
        ) end as read_at
    from asker
    cross join (
        select count(*) filter (where rank = 0) as read, count(*) filter (where rank = 1) as delivered,
            count(*) filter (where rank = 2) as sent
        from recipients
    ) counts
    left join listed on true
    order by listed.rank, listed.sort_name, listed.user_id
"""


async def receipts(
    connection: Connection,
    *,
    conversation_id: UUID,
    sender_id: UUID,
    seq: int,
    rank: int | None,
    after: RecipientPlace | None,
    limit: int,
    direct_max: int,
    waiting: Mapping[UUID, UpTo],
) -> list[Record]:
    """Recipients of a message after a place, as its sender may see them, each with the counts of all; one row without a
    `user_id` where there are none, and nothing where the sender has left.

    Those of one `rank` where one is given. What is `waiting` to be stored is counted in; it may where the conversation
    is `large`, with more than `direct_max` people. As many rows are read as there are members, whatever the number of
    messages.
    """
    return await connection.fetch(
        _RECEIPTS,
        conversation_id,
        sender_id,
        seq,
        rank,
        after.rank if after else -1,
        after.name if after else "",
        after.user_id if after else conversation_id,
        limit,
        direct_max,
        list(waiting),
        [up_to.delivered for up_to in waiting.values()],
        [up_to.read for up_to in waiting.values()],
    )
