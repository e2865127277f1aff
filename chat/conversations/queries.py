"""The SQL about conversations as their members see them."""

from collections.abc import Sequence
from uuid import UUID

from chat.conversations.model import RowPlace
from chat.conversations.unflushed import UpTo
from chat.db import Connection, Record

# Of a group without a name, so many of the others give it theirs.
NAMES = 3

_ACTIVITY = "coalesce(c.last_message_at, c.created_at)"
# A direct conversation that nobody has written in yet is listed only for the person who opened it.
_LISTED = "(c.last_seq > 0 or c.kind <> 'direct' or c.created_by = v.user_id)"
# Two steps in the index, by whatever plan: written as `exists`, the table may be read as a whole, once for each list.
_BLOCKED = """(
    (select true from blocks where blocker_id = {low} and blocked_id = {high}) is not null
    or (select true from blocks where blocker_id = {high} and blocked_id = {low}) is not null
)"""
# Whose list it is: `members` as v, and the conversations that v is in as c.
_MINE = "members v join conversations c on c.id = v.conversation_id and c.deleted_at is null"


def _rows(which: str) -> str:
    """Conversations as one member sees them, `which` of them chosen before anything else is looked up: the other one of
    a direct conversation, the people of a group without a name, the last message."""
    return f"""
        select mine.*, other.display_name as other_name, other.username,
            case when mine.kind = 'group' and mine.name is null then array(
                select u.display_name
                from members x join users u on u.id = x.user_id
                where x.conversation_id = mine.id and x.user_id <> mine.viewer_id
                order by x.user_id
                limit {NAMES}
            ) end as names,
            m.sender_id, sender.display_name as sender_name, left(m.content, 240) as content, m.content_type,
            m.deleted_at,
            mine.other_id is not null and {_BLOCKED.format(low="mine.viewer_id", high="mine.other_id")} as blocked,
            mine.other_id is not null and (
                select true from blocks where blocker_id = mine.viewer_id and blocked_id = mine.other_id
            ) is not null as blocking,
            case when mine.last_seq > mine.seen_up_to then (
                select count(*) from mentions
                where conversation_id = mine.id and user_id = mine.viewer_id and seq > mine.seen_up_to
            ) else 0 end as mentions
        from (
            select c.id, c.kind, c.name, c.topic, c.visibility, c.members_count, c.archived_at, c.created_at,
                c.updated_at, c.last_seq, c.revision, {_ACTIVITY} as activity_at, v.user_id as viewer_id, v.role,
                v.notify, v.muted_until, v.read_receipts_enabled, v.read_up_to_seq as read_up_to,
                v.unread_from_seq as unread_from, v.seen_up_to_seq as seen_up_to,
                v.delivered_up_to_seq as delivered_up_to, {_LISTED} as listed,
                case when c.direct_low = v.user_id then c.direct_high else c.direct_low end as other_id
            from {_MINE}
            where {which}
        ) mine
        left join users other on other.id = mine.other_id
        left join messages m on m.conversation_id = mine.id and m.seq = mine.last_seq
        left join users sender on sender.id = m.sender_id
        order by mine.activity_at desc, mine.id
    """


async def rows(connection: Connection, *, viewer_id: UUID, after: RowPlace | None, limit: int) -> list[Record]:
    """The viewer's conversations after a place, the latest activity first."""
    beyond = f"and ({_ACTIVITY} < $3 or ({_ACTIVITY} = $3 and c.id > $4))" if after else ""
    return await connection.fetch(
        _rows(f"v.user_id = $1 and {_LISTED} {beyond} order by {_ACTIVITY} desc, c.id limit $2"),
        viewer_id,
        limit,
        *([after.activity_at, after.id] if after else []),
    )


async def row(connection: Connection, *, viewer_id: UUID, conversation_id: UUID) -> Record | None:
    """One of the viewer's conversations; None where there is none of this id, or the viewer is not in it."""
    return await connection.fetchrow(_rows("v.user_id = $1 and v.conversation_id = $2"), viewer_id, conversation_id)


async def rows_of(connection: Connection, *, memberships: Sequence[tuple[UUID, UUID]]) -> list[Record]:
    """Conversations as several people see them, each a person, `viewer_id`, and a conversation; without those that
    the person is not in."""
    return await connection.fetch(
        _rows("(v.user_id, v.conversation_id) in (select * from unnest($1::uuid[], $2::uuid[]))"),
        [user_id for user_id, _ in memberships],
        [conversation_id for _, conversation_id in memberships],
    )


async def search(connection: Connection, *, viewer_id: UUID, pattern: str, limit: int) -> list[Record]:
    """The viewer's conversations with a name, or a person's username, that is like `pattern` in lower case."""
    return await connection.fetch(
        _rows(f"""
            v.user_id = $1 and {_LISTED} and (
                lower(c.name) like any ($2) or exists (
                    select from users u
                    where u.id = case when c.direct_low = v.user_id then c.direct_high else c.direct_low end
                        and (lower(u.display_name) like any ($2) or u.username like any ($2))
                ) or (c.kind = 'group' and c.name is null and exists (
                    select from members x join users u on u.id = x.user_id
                    where x.conversation_id = c.id and x.user_id <> v.user_id and lower(u.display_name) like any ($2)
                ))
            )
            order by {_ACTIVITY} desc, c.id
            limit $3
        """),
        viewer_id,
        [pattern, f"% {pattern}"],
        limit,
    )


async def read_marks(
    connection: Connection, *, memberships: Sequence[tuple[UUID, UUID]], waiting: Sequence[UpTo]
) -> list[Record]:
    """How far each of these, a person and a conversation, has received and read, with what was found `waiting` of each
    counted in."""
    return await connection.fetch(
        """
        select mark.viewer_id, mark.conversation_id, mark.delivered_up_to, mark.read_up_to, mark.unread_from,
            (
                select count(*) from mentions
                where conversation_id = mark.conversation_id and user_id = mark.viewer_id
                    and seq > least(mark.read_up_to, mark.unread_from - 1)
            ) as mentions
        from (
            select m.user_id as viewer_id, m.conversation_id, m.unread_from_seq as unread_from,
                greatest(m.delivered_up_to_seq, asked.delivered, asked.read) as delivered_up_to,
                greatest(m.read_up_to_seq, asked.read) as read_up_to
            from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])
                as asked (user_id, conversation_id, delivered, read)
            join members m on m.user_id = asked.user_id and m.conversation_id = asked.conversation_id
        ) mark
        """,
        [user_id for user_id, _ in memberships],
        [conversation_id for _, conversation_id in memberships],
        [up_to.delivered for up_to in waiting],
        [up_to.read for up_to in waiting],
    )


async def ids_of(connection: Connection, *, user_id: UUID) -> list[UUID]:
    """Every conversation that the person is in: what the person's sockets listen to."""
    records = await connection.fetch(
        """
        select conversation_id from members
        join conversations c on c.id = conversation_id and c.deleted_at is null
        where user_id = $1
        """,
        user_id,
    )
    return [record["conversation_id"] for record in records]


async def direct_id(connection: Connection, *, low: UUID, high: UUID) -> UUID | None:
    """The one direct conversation of a pair, the smaller id first."""
    found: UUID | None = await connection.fetchval(
        "select id from conversations where direct_low = $1 and direct_high = $2 and deleted_at is null", low, high
    )
    return found


async def create_direct(
    connection: Connection, *, conversation_id: UUID, low: UUID, high: UUID, created_by: UUID
) -> bool:
    """Create the direct conversation of a pair with both as members; False where another was quicker, either account is
    missing or deactivated, or one of the two has blocked the other."""
    created = await connection.fetchval(
        f"""
        with created as (
            insert into conversations (id, kind, direct_low, direct_high, created_by, members_count)
            select $1, 'direct', $2, $3, $4, 2
            where (select count(*) from users where id in ($2, $3) and deactivated_at is null) = 2
                and not {_BLOCKED.format(low="$2", high="$3")}
            on conflict (direct_low, direct_high) do nothing
            returning id
        ), joined as (
            insert into members (conversation_id, user_id)
            select created.id, person from created, unnest(array[$2, $3]::uuid[]) as person
        )
        select id from created
        """,
        conversation_id,
        low,
        high,
        created_by,
    )
    return created is not None


async def is_blocked(connection: Connection, *, one: UUID, other: UUID) -> bool:
    """Whether one of the two has blocked the other."""
    return bool(await connection.fetchval(f"select {_BLOCKED.format(low='$1', high='$2')}", one, other))


async def standing(connection: Connection, *, viewer_id: UUID, conversation_id: UUID) -> Record | None:
    """What a conversation is to an active person; `role` is None for somebody who is not in it."""
    return await connection.fetchrow(
        f"""
        select c.kind, c.visibility, m.role, c.archived_at is not null as archived,
            c.kind = 'direct' and {_BLOCKED.format(low="c.direct_low", high="c.direct_high")} as blocked
        from conversations c
        join users u on u.id = $2 and u.deactivated_at is null
        left join members m on m.conversation_id = c.id and m.user_id = u.id
        where c.id = $1 and c.deleted_at is null
        """,
        conversation_id,
        viewer_id,
    )
