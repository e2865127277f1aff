"""All the SQL about messages."""

from collections.abc import Collection, Sequence
from uuid import UUID

from chat.db import Connection, Record
from chat.messages.model import NewMessage

# The message that `m.reply_to` names, as `Quote` wants it.
QUOTE = """
    select json_build_object(
        'id', q.id, 'seq', q.seq, 'revision', q.revision, 'content', left(q.content, 200), 'deleted_at', q.deleted_at,
        'sender', json_build_object('id', s.id, 'username', s.username, 'display_name', s.display_name, 'role', s.role)
    )
    from messages q join users s on s.id = q.sender_id
    where q.id = m.reply_to
"""

# The reactions to the message `m`, each as `Reaction` wants it: the emoji that was there first comes first.
REACTIONS = """
    select json_agg(json_build_object('emoji', emoji, 'count', count, 'user_ids', user_ids[:100]) order by first, emoji)
    from (
        select emoji, count(*) as count, min(created_at) as first,
            array_agg(user_id order by created_at, user_id) as user_ids
        from reactions where message_id = m.id group by emoji
    ) chosen
"""

# A message with its sender, as `Message` wants it. Everywhere the same columns, so that a row that was just stored and
# one that is read back can't differ. Where there is no quote and no reaction, nobody looks for one.
COLUMNS = f"""
    m.id, m.conversation_id, m.seq, m.revision, m.sender_id, m.client_message_id, m.content, m.content_type,
    m.continues, m.created_at, m.edited_at, m.deleted_at, u.username, u.display_name, u.role,
    case when m.reply_to is not null then ({QUOTE}) end as quote,
    case when m.reacted then ({REACTIONS}) end as reactions
"""

# One statement, and so one transaction and one round trip, for a whole batch.
#
# - `known` finds what was stored before; `fresh` is the rest, of senders who are members at this moment, and with
#   replies to messages of the same conversation only.
# - `locked` takes the conversations' rows in the order of their ids, so that two processes can't deadlock, and
#   reads the counters after the wait: numbers taken from them have no gap and no twin. It leaves out where nobody may
#   write: what is archived or deleted, and two people of whom one has blocked the other.
# - `admitted` looks for the sender's membership again, as it is now that the conversation is held: who was removed
#   while this statement waited is found gone, and who is found stays until the message is stored.
# - Who writes has read what came before, so the sender's own watermarks move along.
# - A message that another process stores while this statement waits is not in `known`. Its insert then breaks the
#   unique constraint, the statement leaves nothing behind, and the writer tries again.
STORE = f"""
    with incoming as (
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[])
            with ordinality as i (id, conversation_id, sender_id, client_message_id, content, reply_to, position)
    ), known as (
        select i.position, m.seq = c.last_seq as newest, {COLUMNS}
        from incoming i
        join messages m on m.sender_id = i.sender_id and m.client_message_id = i.client_message_id
        join conversations c on c.id = m.conversation_id
        join users u on u.id = m.sender_id
    ), fresh as (
        select i.*, u.username, u.display_name, u.role
        from incoming i
        join members on members.conversation_id = i.conversation_id and members.user_id = i.sender_id
        join users u on u.id = i.sender_id and u.deactivated_at is null
        where i.position not in (select position from known) and (
            i.reply_to is null
            or exists (select from messages q where q.id = i.reply_to and q.conversation_id = i.conversation_id)
        )
    ), locked as (
        select id, last_seq, revision, last_sender_id, last_message_at
        from conversations
        where id = any (array(select conversation_id from fresh)) and deleted_at is null and archived_at is null
            and (kind <> 'direct' or not (
                (select true from blocks where blocker_id = direct_low and blocked_id = direct_high) is not null
                or (select true from blocks where blocker_id = direct_high and blocked_id = direct_low) is not null
            ))
        order by id
        for no key update
    ), admitted as (
        select f.*, m.read_up_to_seq, l.last_seq, l.revision as last_revision, l.last_sender_id, l.last_message_at
        from fresh f
        join locked l on l.id = f.conversation_id
        join members m on m.conversation_id = f.conversation_id and m.user_id = f.sender_id
        for key share of m
    ), numbered as (
        select a.*,
            last_seq + row_number() over sequence as seq,
            last_revision + row_number() over sequence as revision,
            sender_id = coalesce(lag(sender_id) over sequence, last_sender_id)
                and (lag(sender_id) over sequence is not null
                    or now() < last_message_at + interval '5 minutes') as continues
        from admitted a
        window sequence as (partition by conversation_id order by position)
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
        set read_up_to_seq = greatest(read_up_to_seq, n.seq), delivered_up_to_seq = greatest(delivered_up_to_seq, n.seq)
        from (
            select conversation_id, sender_id, max(seq) as seq
            from numbered group by conversation_id, sender_id
        ) n
        where members.conversation_id = n.conversation_id and members.user_id = n.sender_id
    ), step as (
        insert into read_events (conversation_id, user_id, up_to_seq)
        select conversation_id, sender_id, max(seq)
        from numbered
        group by conversation_id, sender_id
        having min(read_up_to_seq) < min(seq) - 1
        on conflict do nothing
    ), stored as (
        insert into messages
            (id, conversation_id, seq, revision, sender_id, client_message_id, content, continues, reply_to, created_at)
        select id, conversation_id, seq, revision, sender_id, client_message_id, content, coalesce(continues, false),
            reply_to, now()
        from numbered
    )
    select m.position, false as duplicate, true as untold, m.id, m.conversation_id, m.seq, m.revision, m.sender_id,
        m.client_message_id, m.content, 'text' as content_type, coalesce(m.continues, false) as continues,
        now() as created_at, null::timestamptz as edited_at, null::timestamptz as deleted_at,
        m.username, m.display_name, m.role, case when m.reply_to is not null then ({QUOTE}) end as quote,
        null::json as reactions
    from numbered m
    union all
    select k.position, true, k.newest, k.id, k.conversation_id, k.seq, k.revision, k.sender_id,
        k.client_message_id, k.content, k.content_type, k.continues, k.created_at, k.edited_at, k.deleted_at,
        k.username, k.display_name, k.role, k.quote, k.reactions
    from known k
    order by 1
"""


async def store(connection: Connection, *, messages: Sequence[NewMessage]) -> list[Record]:
    """Store a batch, each message under the next sequence number of its conversation, in the batch's order.

    Answers one row per message that is stored now or was before (`duplicate`), with its 1-based `position` in the
    batch. A position without a row was refused: the sender is not an active member of a conversation of that id, may
    not write there, or replies to what isn't there.
    `untold` says that nobody may know of the message yet: it is new, or it was stored before and nothing came after
    it, so that whoever stored it may have died before it could tell.
    No two messages of a batch may share sender and client message id.

    Raises `UniqueViolationError` where another process stored one of them in the same moment; nothing is stored
    then, and calling again is safe.
    """
    return await connection.fetch(
        STORE,
        [message.id for message in messages],
        [message.conversation_id for message in messages],
        [message.sender_id for message in messages],
        [message.client_message_id for message in messages],
        [message.content for message in messages],
        [message.reply_to for message in messages],
    )


# Every read names the viewer, and finds nothing in a conversation that the viewer is not in, or that was deleted.
READ = f"""
    select {COLUMNS}
    from messages m
    join members viewer on viewer.conversation_id = m.conversation_id and viewer.user_id = $2
    join conversations c on c.id = m.conversation_id and c.deleted_at is null
    join users u on u.id = m.sender_id
    where m.conversation_id = $1
"""


async def before(
    connection: Connection, *, viewer_id: UUID, conversation_id: UUID, seq: int, limit: int
) -> list[Record]:
    """The `limit` messages before `seq`, newest first."""
    return await connection.fetch(
        f"{READ} and m.seq < $3 order by m.seq desc limit $4", conversation_id, viewer_id, seq, limit
    )


async def after(
    connection: Connection, *, viewer_id: UUID, conversation_id: UUID, seq: int, limit: int
) -> list[Record]:
    """The `limit` messages after `seq`, oldest first."""
    return await connection.fetch(
        f"{READ} and m.seq > $3 order by m.seq limit $4", conversation_id, viewer_id, seq, limit
    )


async def changed_after(
    connection: Connection, *, viewer_id: UUID, conversation_id: UUID, revision: int, limit: int
) -> list[Record]:
    """The `limit` messages that changed after `revision`, in the order of their latest change."""
    return await connection.fetch(
        f"{READ} and m.revision > $3 order by m.revision limit $4", conversation_id, viewer_id, revision, limit
    )


async def at_places(connection: Connection, *, places: Sequence[tuple[UUID, int]]) -> list[Record]:
    """The messages at these sequence numbers of these conversations; scoped to nobody."""
    return await connection.fetch(
        f"""
        select {COLUMNS} from unnest($1::uuid[], $2::bigint[]) as place (conversation_id, seq)
        join messages m on m.conversation_id = place.conversation_id and m.seq = place.seq
        join users u on u.id = m.sender_id
        """,
        [conversation_id for conversation_id, _ in places],
        [seq for _, seq in places],
    )


async def one(connection: Connection, *, viewer_id: UUID, message_id: UUID) -> Record | None:
    """One message; None where there is none of this id, or the viewer is not where it stands."""
    return await connection.fetchrow(
        f"""
        select {COLUMNS}
        from messages m
        join members viewer on viewer.conversation_id = m.conversation_id and viewer.user_id = $2
        join conversations c on c.id = m.conversation_id and c.deleted_at is null
        join users u on u.id = m.sender_id
        where m.id = $1
        """,
        message_id,
        viewer_id,
    )


async def conversation_of(connection: Connection, *, message_id: UUID) -> UUID | None:
    """The conversation in which a message stands: for the server's own use, not scoped to a viewer."""
    found: UUID | None = await connection.fetchval("select conversation_id from messages where id = $1", message_id)
    return found


async def editions(connection: Connection, *, message_id: UUID, limit: int) -> list[Record]:
    """The earlier contents of a message that the viewer may see, the latest first."""
    return await connection.fetch(
        """
        select content, edited_at as at from message_edits where message_id = $1 order by revision desc limit $2
        """,
        message_id,
        limit,
    )


async def people(connection: Connection, *, ids: Collection[UUID]) -> list[Record]:
    """These people, as `Sender` wants them."""
    return await connection.fetch("select id, username, display_name, role from users where id = any ($1)", list(ids))


async def by_id(connection: Connection, *, message_id: UUID) -> Record:
    """A message that is known to exist: for the server's own use, not scoped to a viewer."""
    return await connection.fetchrow(
        f"select {COLUMNS} from messages m join users u on u.id = m.sender_id where m.id = $1", message_id
    )


async def at_revision(connection: Connection, *, conversation_id: UUID, revision: int) -> Record | None:
    """The message whose latest change took this revision: for the server's own use, not scoped to a viewer."""
    return await connection.fetchrow(
        f"""
        select {COLUMNS} from messages m join users u on u.id = m.sender_id
        where m.conversation_id = $1 and m.revision = $2
        """,
        conversation_id,
        revision,
    )
