"""All the SQL about what people have received and read."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import msgspec

from chat.conversations.unflushed import UpTo
from chat.db import Connection, Record
from chat.receipts.model import Receipt
from chat.receipts.tally import Group, Written

# Of so many messages the counts are told as they change.
NEWEST = 50

# One statement, and so one transaction and one round trip, for the receipts of many people.
#
# - `found` is what they are about: as far as the person is in the conversation, and no further than its last message.
#   `here` says whether it is written by this statement; what isn't goes through Redis. `moves` says whether there is
#   anything to write.
# - `locked` takes the rows that move, in the order of their keys, so that two processes can't deadlock, and reads them
#   after the wait: another process may have moved them further meanwhile. Rows that don't move aren't touched.
# - `timed` reads the clock when the row is held: of two steps of one person the further one is the later one.
# - A step of reading is kept with its time. A message's readers follow from the steps: who read it, and when.
# - All that is answered of a row goes with it from `found` to `moved`. To look it up in `found` again would compare
#   each receipt with all the others.
RECORD = """
    with found as (
        select m.conversation_id, m.user_id, m.joined_seq, c.last_seq,
            c.kind = 'direct' or c.members_count <= $5 as small,
            coalesce(m.read_receipts_enabled, u.read_receipts_enabled) as shared,
            said.here, said.delivered, said.read, m.delivered_up_to_seq, m.read_up_to_seq, m.unread_from_seq,
            said.here and (
                said.delivered > m.delivered_up_to_seq or said.read > m.read_up_to_seq
                or coalesce(said.read >= m.unread_from_seq, false)
            ) as moves
        from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])
            as asked (conversation_id, user_id, delivered, read)
        join members m on m.conversation_id = asked.conversation_id and m.user_id = asked.user_id
        join conversations c on c.id = asked.conversation_id and c.deleted_at is null
        join users u on u.id = asked.user_id and u.deactivated_at is null
        cross join lateral (
            select least(asked.delivered, c.last_seq) as delivered, least(asked.read, c.last_seq) as read,
                $6 or c.kind = 'direct' or c.members_count <= $5 as here
        ) said
    ), locked as (
        select m.conversation_id, m.user_id, f.joined_seq, f.last_seq, f.small, f.shared, f.here, f.delivered, f.read,
            m.delivered_up_to_seq, m.read_up_to_seq, m.unread_from_seq
        from found f
        join members m on m.conversation_id = f.conversation_id and m.user_id = f.user_id
        where f.moves
        order by m.conversation_id, m.user_id
        for no key update of m
    ), timed as (
        select *, clock_timestamp() as at from locked
    ), moved as (
        update members m
        set delivered_up_to_seq = greatest(l.delivered_up_to_seq, l.delivered, l.read),
            read_up_to_seq = greatest(l.read_up_to_seq, l.read),
            unread_from_seq = case when l.read >= l.unread_from_seq then null else l.unread_from_seq end
        from timed l
        where m.conversation_id = l.conversation_id and m.user_id = l.user_id
        returning l.conversation_id, l.user_id, l.joined_seq, l.last_seq, l.small, l.shared, l.here, l.delivered,
            l.read, l.at, m.delivered_up_to_seq as delivered_up_to, m.read_up_to_seq as read_up_to,
            m.unread_from_seq as unread_from, m.delivered_up_to_seq > l.delivered_up_to_seq as is_delivered,
            m.read_up_to_seq > l.read_up_to_seq as is_read,
            m.unread_from_seq is distinct from l.unread_from_seq as is_marked
    ), step as (
        insert into read_events (conversation_id, user_id, up_to_seq, read_at)
        select conversation_id, user_id, read, at from timed where read > read_up_to_seq
        on conflict do nothing
    )
    select * from moved
    union all
    select conversation_id, user_id, joined_seq, last_seq, small, shared, here, delivered,
        read, clock_timestamp(), delivered_up_to_seq, read_up_to_seq, unread_from_seq, false, false, false
    from found where not moves
"""


async def record(
    connection: Connection, *, receipts: Sequence[Receipt], direct_max: int, large_too: bool = False
) -> list[Record]:
    """Keep receipts, of which no two are of the same member, in direct conversations and those of at most
    `direct_max` people, or `large_too`.

    Answers what holds now, a row for each member; those who are none are missing. Never goes back, and never beyond the
    last message.
    """
    return await connection.fetch(
        RECORD,
        [receipt.conversation_id for receipt in receipts],
        [receipt.user_id for receipt in receipts],
        [receipt.delivered for receipt in receipts],
        [receipt.read for receipt in receipts],
        direct_max,
        large_too,
    )


async def newest(connection: Connection, *, conversation_id: UUID, writers: Collection[UUID]) -> list[Written]:
    """Which of the newest `NEWEST` messages these people wrote: one for each who wrote some."""
    records = await connection.fetch(
        f"""
        select sender_id, array_agg(seq) as seqs, array(
            select blocked_id from blocks where blocker_id = sender_id
            union all
            select blocker_id from blocks where blocked_id = sender_id
        ) as blocked
        from (
            select seq, sender_id, content_type from messages
            where conversation_id = $1 order by seq desc limit {NEWEST}
        ) newest
        where sender_id = any ($2) and content_type = 'text'
        group by sender_id
        """,
        conversation_id,
        list(writers),
    )
    return [Written(record["sender_id"], record["seqs"], frozenset(record["blocked"])) for record in records]


async def groups(
    connection: Connection, *, conversation_id: UUID, apart: Collection[UUID], unflushed: Mapping[UUID, UpTo]
) -> list[Group]:
    """The members by how far they have come, those that stand `apart` each alone; with what waits in Redis counted in.

    As many rows are read as there are members, whatever the number of messages.
    """
    records = await connection.fetch(
        """
        select case when m.user_id = any ($2) then m.user_id end as user_id, m.joined_seq,
            max(greatest(m.delivered_up_to_seq, w.delivered, w.read)) as delivered_up_to,
            case when coalesce(m.read_receipts_enabled, u.read_receipts_enabled)
                then greatest(m.read_up_to_seq, w.read) else 0 end as read_up_to,
            count(*) as people
        from members m
        join users u on u.id = m.user_id
        -- Looked up by its key: to join them would compare each member with everybody of whom something waits.
        cross join lateral (
            select ($3::jsonb ->> m.user_id::text)::bigint as delivered, ($4::jsonb ->> m.user_id::text)::bigint as read
        ) w
        where m.conversation_id = $1
        group by 1, 2, 4
        """,
        conversation_id,
        list(apart),
        _json({user_id: up_to.delivered for user_id, up_to in unflushed.items()}),
        _json({user_id: up_to.read for user_id, up_to in unflushed.items()}),
    )
    return [Group(*record) for record in records]


def _json(numbers: Mapping[UUID, int]) -> str:
    return msgspec.json.encode(numbers).decode()
