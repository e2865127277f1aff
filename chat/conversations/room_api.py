"""Rooms over the API: finding, joining and leaving them."""

from uuid import UUID

import msgspec
from aiohttp import web

from chat.conversations import member_actions, model, room_actions
from chat.conversations.api import show
from chat.conversations.model import RoomPlace, Visibility
from chat.web.api import Call, PageQuery, answer, no_content, page_of_part
from chat.web.cursors import decode_cursor
from chat.web.shapes import Text
from chat.web.throttle import count_search


class Room(msgspec.Struct, frozen=True):
    """A room as somebody sees it who may join it: `joined` where one is in it already."""

    id: UUID
    name: str
    topic: str | None
    visibility: Visibility
    members_count: int
    joined: bool


class RoomsQuery(PageQuery, frozen=True):
    """Which rooms are looked for: every word of `q` begins a word of their names or topics. Without it, all of them."""

    q: Text = ""


async def list_rooms(call: Call[None, RoomsQuery]) -> web.Response:
    """The public rooms, by name; those that are archived are left out."""
    query = call.query
    if query.q:
        await count_search(call.request, call.viewer.id)
    after = decode_cursor(query.cursor, RoomPlace)
    part = await room_actions.public_rooms(
        call.services, viewer_id=call.viewer.id, prefix=query.q, after=after, limit=query.limit
    )
    return answer(page_of_part(part, [_shown(room) for room in part.items]))


async def join_room(call: Call[None, None]) -> web.Response:
    """Go into a public room. What was said until now counts as read. Who is in it already stays so."""
    room_id = call.id("room_id")
    await room_actions.join(call.services, viewer_id=call.viewer.id, conversation_id=room_id)
    return await show(call, room_id)


async def leave_room(call: Call[None, None]) -> web.Response:
    """Go out of a room. The last owner hands over first; whoever is the last one in it deletes it."""
    await member_actions.leave(call.services, viewer_id=call.viewer.id, conversation_id=call.id("room_id"))
    return no_content()


def _shown(room: model.Room) -> Room:
    return Room(room.id, room.name, room.topic, room.visibility, room.members_count, room.joined)
