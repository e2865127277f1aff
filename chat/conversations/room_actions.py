"""Rooms: made, found and joined."""

from uuid import UUID

from chat.conversations import change_queries, room_queries
from chat.conversations.changes import Change, changing, creating
from chat.conversations.model import (
    ConversationNotFound,
    Details,
    NewConversation,
    Room,
    RoomPlace,
    Visibility,
    new_conversation_id,
)
from chat.conversations.names import check_room_name, check_topic
from chat.errors import Forbidden
from chat.services import Services
from chat.web.cursors import Part

ROOMS_PAGE = 50


async def create_room(
    services: Services,
    *,
    viewer_id: UUID,
    name: str,
    visibility: Visibility,
    topic: str = "",
    key: UUID | None = None,
) -> UUID:
    """A room of which the viewer is the owner and the only one in it; its id. With the same `key` a repeated call makes
    no second one.

    Raises `ValidationFailed`, and `Conflict` where there is a room whose name looks the same.
    """
    shown, name_key = check_room_name(name)
    details = Details(shown, name_key, check_topic(topic), visibility)
    new = NewConversation(new_conversation_id(viewer_id, key), "room", details)
    async with creating(services, viewer_id=viewer_id, new=new) as change:
        if change is not None:
            await change.say("created the room")
    return new.id


async def public_rooms(
    services: Services, *, viewer_id: UUID, prefix: str = "", after: RoomPlace | None = None, limit: int = ROOMS_PAGE
) -> Part[Room, RoomPlace]:
    """The public rooms that aren't archived, by name; those in whose name or topic each word of `prefix` begins one."""
    records = await room_queries.public_rooms(
        services.pool, viewer_id=viewer_id, prefix=prefix, after=after, limit=limit + 1
    )
    place = RoomPlace(records[limit - 1]["name_key"], records[limit - 1]["id"]) if len(records) > limit else None
    return Part([room_queries.room_of(record) for record in records[:limit]], place)


async def public_room(services: Services, *, viewer_id: UUID, conversation_id: UUID) -> Room:
    """One public room, for whoever may want to join it. Raises `ConversationNotFound`."""
    room = await room_queries.public_room(services.pool, viewer_id=viewer_id, conversation_id=conversation_id)
    if room is None:
        raise ConversationNotFound
    return room


async def join(services: Services, *, viewer_id: UUID, conversation_id: UUID) -> bool:
    """Go into a public room; False where the viewer was in it already. What was said until now counts as read.

    Raises `ConversationNotFound` for anything but a public room, and `Forbidden` for one that is archived.
    """
    async with changing(services, viewer_id=viewer_id, conversation_id=conversation_id) as change:
        if change.before["kind"] != "room":
            raise ConversationNotFound
        return await enter(change, invited=False)


async def enter(change: Change, *, invited: bool) -> bool:
    """Take the viewer into the room, unless it is one of theirs; a private one only lets in who is `invited`."""
    member = await change_queries.member(
        change.connection, conversation_id=change.conversation_id, user_id=change.viewer_id, viewer_id=change.viewer_id
    )
    if member is not None:
        return False
    if change.before["visibility"] != "public" and not invited:
        raise ConversationNotFound
    if change.before["archived"]:
        raise Forbidden("This room is archived, so nobody can join it.")
    await change_queries.add_members(
        change.connection, conversation_id=change.conversation_id, user_ids=[change.viewer_id]
    )
    change.gained_by([change.viewer_id])
    await change.say("joined", joined=1)
    return True
