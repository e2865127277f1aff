"""The SQL about the members of a conversation, and what each of them decides for themselves."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chat.conversations.model import MemberPlace, Notify
from chat.db import Connection, Record
from chat.names import search_terms, search_words

# Somebody in a conversation, and the place in its list.
_MEMBERS = """
    select u.id, u.username, u.display_name, u.role as account_role, u.deactivated_at is null as active,
        m.role, m.joined_at, lower(u.display_name) as sort_name,
        case m.role when 'owner' then 0 when 'admin' then 1 else 2 end as rank
    from members m
    join users u on u.id = m.user_id
    where m.conversation_id = $1
"""


async def members(
    connection: Connection, *, conversation_id: UUID, prefix: str, after: MemberPlace | None, limit: int
) -> list[Record]:
    """Members after a place: owners first, then admins, then the others, each by name. With a `prefix` those in whose
    names every word of it begins one."""
    terms = search_terms(search_words(prefix))
    # Many may be in the conversation, and few have such a name: those come first.
    named = "and m.user_id = any (array(select id from users where name_terms @@ lower($6)::tsquery))" if terms else ""
    return await connection.fetch(
        f"""
        select * from ({_MEMBERS} {named}) member
        where (rank, sort_name, id) > ($2, $3, $4)
        order by rank, sort_name, id
        limit $5
        """,
        conversation_id,
        after.rank if after else -1,
        after.name if after else "",
        after.user_id if after else conversation_id,
        limit,
        *([terms] if terms else []),
    )


async def member(connection: Connection, *, conversation_id: UUID, user_id: UUID) -> Record | None:
    """One person, as in `members`; None where this person isn't in it."""
    return await connection.fetchrow(f"{_MEMBERS} and m.user_id = $2", conversation_id, user_id)


async def members_among(connection: Connection, *, conversation_id: UUID, user_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these people who are in the conversation."""
    records = await connection.fetch(
        "select user_id from members where conversation_id = $1 and user_id = any ($2)", conversation_id, user_ids
    )
    return {record["user_id"] for record in records}


async def set_notify(connection: Connection, *, user_id: UUID, conversation_id: UUID, notify: Notify) -> bool:
    """False where the person is not in the conversation."""
    done = await connection.fetchval(
        """
        update members set notify = $3
        from conversations c
        where conversation_id = $1 and user_id = $2 and c.id = conversation_id and c.deleted_at is null
        returning true
        """,
        conversation_id,
        user_id,
        notify,
    )
    return bool(done)


async def set_muted_until(
    connection: Connection, *, user_id: UUID, conversation_id: UUID, until: datetime | None
) -> bool:
    """False where the person is not in the conversation."""
    done = await connection.fetchval(
        """
        update members set muted_until = $3
        from conversations c
        where conversation_id = $1 and user_id = $2 and c.id = conversation_id and c.deleted_at is null
        returning true
        """,
        conversation_id,
        user_id,
        until,
    )
    return bool(done)


async def set_read_receipts(
    connection: Connection, *, user_id: UUID, conversation_id: UUID, enabled: bool | None
) -> bool:
    """False where the person is not in the conversation."""
    done = await connection.fetchval(
        """
        update members set read_receipts_enabled = $3
        from conversations c
        where conversation_id = $1 and user_id = $2 and c.id = conversation_id and c.deleted_at is null
        returning true
        """,
        conversation_id,
        user_id,
        enabled,
    )
    return bool(done)
