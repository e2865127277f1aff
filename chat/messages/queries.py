"""The SQL that reads messages."""

from collections.abc import Collection, Sequence
from uuid import UUID

from chat.db import Connection, Record

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
    select json_agg(json_build_object('emoji', emoji, 'count', count, 'user_ids', array(
        select user_id from reactions
        where message_id = m.id and emoji = chosen.emoji order by created_at, user_id limit 100
    )) order by first, emoji)
    from (
        select emoji, count(*) as count, min(created_at) as first
        from reactions where message_id = m.id group by emoji
    ) chosen
"""

# A message with its sender, as `Message` wants it where it quotes nothing and nobody has reacted to it.
PLAIN = """
    m.id, m.conversation_id, m.seq, m.revision, m.sender_id, m.client_message_id, m.content, m.content_type,
    m.continues, m.created_at, m.edited_at, m.deleted_at, u.username, u.display_name, u.role
"""
# The same with quote and reactions. Where there are none, nobody looks for them.
COLUMNS = f"""
    {PLAIN},
    case when m.reply_to is not null then ({QUOTE}) end as quote,
    case when m.reacted then ({REACTIONS}) end as reactions
"""

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


async def by_ids(connection: Connection, *, message_ids: Sequence[UUID]) -> list[Record]:
    """Messages, in no order: for the server's own use, not scoped to a viewer."""
    return await connection.fetch(
        f"select {COLUMNS} from messages m join users u on u.id = m.sender_id where m.id = any ($1)", message_ids
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
