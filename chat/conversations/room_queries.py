"""The SQL of finding rooms."""

from uuid import UUID

from chat.conversations.model import Room, RoomPlace
from chat.db import Connection, Record
from chat.names import search_terms, search_words

_ROOMS = """
    select c.id, c.name, c.topic, c.visibility, c.members_count, c.name_key, (
        select true from members m where m.conversation_id = c.id and m.user_id = $1
    ) is not null as joined
    from conversations c
    where c.kind = 'room' and c.deleted_at is null
"""
_PUBLIC = "c.visibility = 'public'"
# There may be many rooms, and few have such a word: those come first.
_NAMED = """
    and c.id = any (array(
        select id from conversations
        where kind = 'room' and visibility = 'public' and deleted_at is null and name_terms @@ lower($5)::tsquery
    ))
"""


async def public_rooms(
    connection: Connection, *, viewer_id: UUID, prefix: str, after: RoomPlace | None, limit: int
) -> list[Record]:
    """The public rooms after a place, by name; those in whose name or topic every word of `prefix` begins one."""
    terms = search_terms(search_words(prefix))
    return await connection.fetch(
        f"""
        {_ROOMS} and {_PUBLIC} and c.archived_at is null and (c.name_key, c.id) > ($2, $3)
            {_NAMED if terms else ""}
        order by c.name_key, c.id
        limit $4
        """,
        viewer_id,
        after.name_key if after else "",
        after.id if after else UUID(int=0),
        limit,
        *([terms] if terms else []),
    )


async def public_room(connection: Connection, *, viewer_id: UUID, conversation_id: UUID) -> Room | None:
    """One public room, archived or not."""
    record = await connection.fetchrow(f"{_ROOMS} and {_PUBLIC} and c.id = $2", viewer_id, conversation_id)
    return room_of(record) if record else None


async def room(connection: Connection, *, viewer_id: UUID | None, conversation_id: UUID) -> Room | None:
    """One room, public or not: for whoever holds a link into it."""
    record = await connection.fetchrow(f"{_ROOMS} and c.id = $2", viewer_id, conversation_id)
    return room_of(record) if record else None


def room_of(record: Record) -> Room:
    """A room as `public_rooms` reads it."""
    return Room(
        id=record["id"],
        name=record["name"],
        topic=record["topic"],
        visibility=record["visibility"],
        members_count=record["members_count"],
        joined=record["joined"],
    )
