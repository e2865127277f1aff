"""The SQL about who is in whose contacts, and who has asked whom."""

from collections.abc import Sequence
from uuid import UUID

from chat.accounts.contact_model import Between, ContactStatus, Counts, PersonPlace, Relation
from chat.accounts.model import Person
from chat.db import Connection, Record

# What c, a row of contacts, is to the person $1.
_STATUS = """
    case when c.accepted_at is not null then 'contact' when c.requested_by = $1 then 'outgoing' else 'incoming' end
"""
# The contacts and requests of the person $1, with the others as u. Those who are deactivated are neither shown nor
# counted until they are back.
_MINE = """
    (
        select high as other_id, requested_by, requested_at, accepted_at from contacts where low = $1
        union all
        select low, requested_by, requested_at, accepted_at from contacts where high = $1
    ) c
    join users u on u.id = c.other_id and u.deactivated_at is null
"""
_PAIR = "low = least($1::uuid, $2::uuid) and high = greatest($1::uuid, $2::uuid)"


async def lock(connection: Connection, *, one: UUID, other: UUID) -> None:
    """Until the transaction ends nobody else changes what these two are to each other, or to anybody: whoever comes
    meanwhile waits, and finds what has become of it. Not the rows of the two: other things change those, many at once.
    """
    low, high = sorted((str(one), str(other)))
    await connection.execute(
        """
        select pg_advisory_xact_lock(hashtextextended('chat:contacts:' || $1, 0)),
            pg_advisory_xact_lock(hashtextextended('chat:contacts:' || $2, 0))
        """,
        low,
        high,
    )


async def between(connection: Connection, *, viewer_id: UUID, user_id: UUID) -> Between | None:
    """What the two are to each other; None where there is no such account."""
    record = await connection.fetchrow(
        f"""
        select u.deactivated_at is null as active,
            (select true from blocks where blocker_id = $1 and blocked_id = $2) is not null
                or (select true from blocks where blocker_id = $2 and blocked_id = $1) is not null as blocked,
            (select {_STATUS} from contacts c where {_PAIR}) as status
        from users u
        where u.id = $2
        """,
        viewer_id,
        user_id,
    )
    return Between(**record) if record else None


async def counts(connection: Connection, *, user_id: UUID) -> Counts:
    """How many contacts and open requests somebody has."""
    record = await connection.fetchrow(
        f"""
        select count(*) filter (where accepted_at is not null) as contacts,
            count(*) filter (where accepted_at is null and requested_by <> $1) as incoming,
            count(*) filter (where accepted_at is null and requested_by = $1) as outgoing
        from {_MINE}
        """,
        user_id,
    )
    return Counts(**record)


async def count_incoming(connection: Connection, *, user_id: UUID) -> int:
    """How many wait for somebody's answer: `Counts.incoming` by itself, as every page says it."""
    count: int = await connection.fetchval(
        """
        select count(*) from (
            select high as other_id from contacts where low = $1 and accepted_at is null and requested_by <> $1
            union all
            select low from contacts where high = $1 and accepted_at is null and requested_by <> $1
        ) c
        join users u on u.id = c.other_id and u.deactivated_at is null
        """,
        user_id,
    )
    return count


async def ask(connection: Connection, *, viewer_id: UUID, user_id: UUID) -> None:
    """The viewer asks. The caller holds the two, and neither has asked the other."""
    await connection.execute(
        "insert into contacts (low, high, requested_by) values (least($1::uuid, $2), greatest($1::uuid, $2), $1)",
        viewer_id,
        user_id,
    )


async def accept(connection: Connection, *, viewer_id: UUID, user_id: UUID) -> None:
    """The viewer, who was asked, accepts. The caller holds the two."""
    await connection.execute(f"update contacts set accepted_at = now() where {_PAIR}", viewer_id, user_id)


async def remove(connection: Connection, *, viewer_id: UUID, user_id: UUID) -> bool:
    """Forget that they are contacts, or that one has asked the other; False where there is nothing to forget."""
    removed = await connection.fetchval(f"delete from contacts where {_PAIR} returning true", viewer_id, user_id)
    return bool(removed)


async def relations(connection: Connection, *, viewer_id: UUID, user_ids: Sequence[UUID]) -> list[Relation]:
    """What those of these people who have active accounts are to the viewer, in their order."""
    records = await connection.fetch(
        f"""
        select u.id, u.username, u.display_name, u.role, c.requested_at, c.accepted_at,
            case when c.low is not null then {_STATUS} end as status,
            (select true from blocks where blocker_id = $1 and blocked_id = u.id) is not null as blocking
        from unnest($2::uuid[]) with ordinality as wanted (id, position)
        join users u on u.id = wanted.id and u.deactivated_at is null
        left join contacts c on c.low = least($1, u.id) and c.high = greatest($1, u.id)
        order by wanted.position
        """,
        viewer_id,
        user_ids,
    )
    return [_relation(record) for record in records]


async def listed(
    connection: Connection,
    *,
    viewer_id: UUID,
    status: ContactStatus | None,
    after: PersonPlace | None,
    limit: int,
) -> list[Relation]:
    """The viewer's contacts and requests, those of one status or all of them, by name, after a place."""
    records = await connection.fetch(
        f"""
        select * from (
            select u.id, u.username, u.display_name, u.role, c.requested_at, c.accepted_at, {_STATUS} as status,
                false as blocking
            from {_MINE}
        ) mine
        where ($2::text is null or status = $2)
            and ($4::text is null or (lower(display_name), username) > (lower($3), $4))
        order by lower(display_name), username
        limit $5
        """,
        viewer_id,
        status,
        after.display_name if after else None,
        after.username if after else None,
        limit,
    )
    return [_relation(record) for record in records]


def _relation(record: Record) -> Relation:
    return Relation(
        person=Person(record["id"], record["username"], record["display_name"], record["role"]),
        status=record["status"],
        blocking=record["blocking"],
        requested_at=record["requested_at"],
        accepted_at=record["accepted_at"],
    )
