"""The statement that stores messages."""

from collections.abc import Sequence
from typing import NamedTuple

from chat.db import Connection, Record
from chat.messages.model import NewMessage
from chat.messages.queries import COLUMNS, PLAIN

# One statement, and so one transaction and one round trip, for a whole batch.
#
# - `known` finds what was stored before. Where nothing has followed it, nobody may know of it yet, nor of what its
#   sender has read by it: `covers` is true then, too. It reaches a message by sender and client message id or not at
#   all (`offset 0`): of tables without statistics the planner thinks that it may go through all that the sender has
#   written.
# - `fresh` is the rest, as far as the sender is active and a reply is to a message of the same conversation.
# - `locked` takes the conversations' rows in the order of their ids, so that two processes can't deadlock, and
#   reads the counters after the wait: numbers taken from them have no gap and no twin. It leaves out where nobody may
#   write: what is archived or deleted, and two people of whom one has blocked the other.
# - `admitted` looks for the sender's membership as it is now that the conversation is held: who was removed while this
#   statement waited is found gone, and who is found stays until the message is stored. These rows are taken in the
#   order in which receipts take them.
# - Who writes has read what came before, so the sender's own watermarks move along, and what was marked as unread is no
#   longer. It `covers` messages of others where they hadn't been read: that is a step, with its time.
# - A message that another process stores while this statement waits is not in `known`. Its insert then breaks the
#   unique constraint, the statement leaves nothing behind, and the writer tries again.
# - Quotes and reactions are left to a second look (`has_more`): to be ready for them costs every statement more than
#   looking costs the few that have some.
STORE = f"""
    with incoming as (
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[])
            with ordinality as i (id, conversation_id, sender_id, client_message_id, content, reply_to, position)
    ), known as (
        select i.position, m.seq = c.last_seq as newest, m.reply_to is not null or m.reacted as has_more,
            m.seq = c.last_seq and own.user_id is not null and own.unread_from_seq is null as covers, own.joined_seq,
            c.kind = 'direct' or c.members_count <= $7 as small,
            coalesce(own.read_receipts_enabled, u.read_receipts_enabled) as shared, {PLAIN}
        from incoming i
        cross join lateral (
            select * from messages where sender_id = i.sender_id and client_message_id = i.client_message_id offset 0
        ) m
        join conversations c on c.id = m.conversation_id
        join users u on u.id = m.sender_id
        left join members own on own.conversation_id = m.conversation_id and own.user_id = m.sender_id
    ), fresh as (
        select i.*, u.username, u.display_name, u.role, u.read_receipts_enabled
        from incoming i
        join users u on u.id = i.sender_id and u.deactivated_at is null
        where i.position not in (select position from known) and (
            i.reply_to is null
            or exists (select from messages q where q.id = i.reply_to and q.conversation_id = i.conversation_id)
        )
    ), locked as (
        select id, last_seq, revision, last_sender_id, last_message_at, kind = 'direct' or members_count <= $7 as small
        from conversations
        where id = any (array(select conversation_id from fresh)) and deleted_at is null and archived_at is null
            and (kind <> 'direct' or not (
                (select true from blocks where blocker_id = direct_low and blocked_id = direct_high) is not null
                or (select true from blocks where blocker_id = direct_high and blocked_id = direct_low) is not null
            ))
        order by id
        for no key update
    ), admitted as (
        select f.*, m.joined_seq, m.read_up_to_seq, m.unread_from_seq,
            coalesce(m.read_receipts_enabled, f.read_receipts_enabled) as shared,
            l.last_seq, l.revision as last_revision, l.last_sender_id, l.last_message_at, l.small
        from fresh f
        join locked l on l.id = f.conversation_id
        join members m on m.conversation_id = f.conversation_id and m.user_id = f.sender_id
        order by m.conversation_id, m.user_id
        for no key update of m
    ), numbered as (
        select a.*,
            last_seq + row_number() over sequence as seq,
            last_revision + row_number() over sequence as revision,
            sender_id = coalesce(lag(sender_id) over sequence, last_sender_id)
                and (lag(sender_id) over sequence is not null
                    or now() < last_message_at + interval '5 minutes') as continues
        from admitted a
        window sequence as (partition by conversation_id order by position)
    ), reader as (
        select conversation_id, sender_id, max(seq) as seq, min(read_up_to_seq) + count(*) < max(seq) as covers
        from numbered group by conversation_id, sender_id
    ), moved as (
        update conversations c
        set last_seq = n.seq, revision = n.revision, last_sender_id = n.sender_id, last_message_at = now()
        from (
            select distinct on (conversation_id) conversation_id, seq, revision, sender_id
            from numbered order by conversation_id, seq desc
        ) n
        where c.id = n.conversation_id
    ), own_read as (
        update members
        set read_up_to_seq = greatest(read_up_to_seq, reader.seq),
            delivered_up_to_seq = greatest(delivered_up_to_seq, reader.seq), unread_from_seq = null
        from reader
        where members.conversation_id = reader.conversation_id and members.user_id = reader.sender_id
    ), step as (
        insert into read_events (conversation_id, user_id, up_to_seq, read_at)
        select conversation_id, sender_id, seq, clock_timestamp() from reader where covers
        on conflict do nothing
    ), stored as (
        insert into messages
            (id, conversation_id, seq, revision, sender_id, client_message_id, content, continues, reply_to, created_at)
        select id, conversation_id, seq, revision, sender_id, client_message_id, content, coalesce(continues, false),
            reply_to, now()
        from numbered
    )
    select n.position, false as duplicate, true as untold, n.id, n.conversation_id, n.seq, n.revision, n.sender_id,
        n.client_message_id, n.content, 'text' as content_type, coalesce(n.continues, false) as continues,
        now() as created_at, null::timestamptz as edited_at, null::timestamptz as deleted_at,
        n.username, n.display_name, n.role, n.reply_to is not null as has_more, null as quote, null as reactions,
        n.seq = r.seq and (r.covers or n.unread_from_seq is not null) as covers, n.joined_seq, n.small, n.shared
    from numbered n
    join reader r on r.conversation_id = n.conversation_id and r.sender_id = n.sender_id
    union all
    select k.position, true, k.newest, k.id, k.conversation_id, k.seq, k.revision, k.sender_id,
        k.client_message_id, k.content, k.content_type, k.continues, k.created_at, k.edited_at, k.deleted_at,
        k.username, k.display_name, k.role, k.has_more, null, null, k.covers, k.joined_seq, k.small, k.shared
    from known k
    order by 1
"""

# The second look. Who has left sees no quote any more in what they wrote: that is somebody else's message.
MORE = f"""
    select {COLUMNS}
    from messages m
    join members viewer on viewer.conversation_id = m.conversation_id and viewer.user_id = m.sender_id
    join users u on u.id = m.sender_id
    where m.id = any ($1)
"""


class Covered(NamedTuple):
    """By sending a message its sender, who came in after message `joined_seq`, has read what was unread before: in a
    `small` conversation or a larger one, and `shared` with the others or not."""

    joined_seq: int
    small: bool
    shared: bool


class Stored(NamedTuple):
    """What became of the message at a 1-based position in the batch, and its row with `COLUMNS`.

    `duplicate`: it had been stored before. `untold` says that nobody may know of it yet: it is new, or it was stored
    before and nothing came after it, so that whoever stored it may have died before it could tell.
    """

    position: int
    duplicate: bool
    untold: bool
    covered: Covered | None
    row: Record


async def store(connection: Connection, *, messages: Sequence[NewMessage], direct_max: int) -> list[Stored]:
    """Store a batch, each message under the next sequence number of its conversation, in the batch's order. Groups of
    up to `direct_max` people are small.

    A position that is missing in the answer was refused: the sender is not an active member of a conversation of that
    id, may not write there, or replies to what isn't there.
    No two messages of a batch may share sender and client message id.

    Raises `UniqueViolationError` where another process stored one of them in the same moment; nothing is stored
    then, and calling again is safe.
    """
    rows = await connection.fetch(
        STORE,
        [message.id for message in messages],
        [message.conversation_id for message in messages],
        [message.sender_id for message in messages],
        [message.client_message_id for message in messages],
        [message.content for message in messages],
        [message.reply_to for message in messages],
        direct_max,
    )
    ids = [row["id"] for row in rows if row["has_more"]]
    whole = {row["id"]: row for row in await connection.fetch(MORE, ids)} if ids else {}
    return [
        Stored(
            row["position"],
            row["duplicate"],
            row["untold"],
            Covered(row["joined_seq"], row["small"], row["shared"]) if row["covers"] else None,
            whole.get(row["id"], row),
        )
        for row in rows
    ]
