"""Rooms: found, made and joined."""

from collections.abc import Mapping

from aiohttp import web

from chat.accounts.sessions import require_viewer
from chat.conversations import room_actions
from chat.conversations.details import shown
from chat.conversations.details_pages import REFUSALS
from chat.conversations.model import RoomPlace, Visibility
from chat.errors import ChatError, Forbidden
from chat.web.cursors import decode_cursor
from chat.web.forms import choice, read_form
from chat.web.keys import SERVICES
from chat.web.pages import go_to, is_htmx, render_page, render_partial, wants_pane
from chat.web.paths import path_id
from chat.web.throttle import read_search


async def rooms(request: web.Request) -> web.Response:
    """GET /rooms?q=&after=: the public rooms."""
    viewer = await require_viewer(request)
    query = await read_search(request, viewer.id)
    cursor = request.query.get("after", "")
    part = await room_actions.public_rooms(
        request.app[SERVICES],
        viewer_id=viewer.id,
        prefix=query,
        after=decode_cursor(cursor, RoomPlace) if cursor else None,
    )
    context = {"view": "rooms", "query": query, "rooms": shown(part, address="/rooms", query=query)}
    if is_htmx(request) and not wants_pane(request):
        return render_partial(request, "conversations/_rooms.html", context)
    return await render_page(request, "conversations/rooms.html", context, title="Rooms")


async def new_room(request: web.Request) -> web.Response:
    """GET /rooms/new: the form for one."""
    await require_viewer(request)
    return await _new_room_page(request, values={"visibility": "public"})


async def create_room(request: web.Request) -> web.Response:
    """POST /rooms, with `name`, `visibility` and perhaps `topic`."""
    viewer = await require_viewer(request)
    form = await read_form(request)
    visibility: Visibility = choice(form.get("visibility"), Visibility) or "private"
    values = {"name": form.get("name", ""), "topic": form.get("topic", ""), "visibility": visibility}
    try:
        conversation_id = await room_actions.create_room(
            request.app[SERVICES],
            viewer_id=viewer.id,
            name=values["name"],
            topic=values["topic"],
            visibility=visibility,
        )
    except REFUSALS as error:
        return await _new_room_page(request, values=values, error=error)
    return go_to(request, f"/c/{conversation_id}")


async def _new_room_page(
    request: web.Request, *, values: Mapping[str, str], error: ChatError | None = None
) -> web.Response:
    errors = {} if error is None else error.fields or {"form": error.message}
    context = {"view": "rooms", "values": {"name": "", "topic": "", **values}, "errors": errors}
    return await render_page(request, "conversations/new_room.html", context, title="New room", error=error)


async def join(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/join: go into a public room."""
    viewer = await require_viewer(request)
    conversation_id = path_id(request, "conversation_id")
    try:
        await room_actions.join(request.app[SERVICES], viewer_id=viewer.id, conversation_id=conversation_id)
    except Forbidden as error:
        room = await room_actions.public_room(
            request.app[SERVICES], viewer_id=viewer.id, conversation_id=conversation_id
        )
        context = {"view": "preview", "room": room, "join_path": f"/c/{conversation_id}/join", "error": error}
        return await render_page(request, "conversations/preview.html", context, title=room.name, error=error)
    return go_to(request, f"/c/{conversation_id}")
