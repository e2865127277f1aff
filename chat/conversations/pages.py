"""The list of conversations, and going to any of them."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web

from chat.accounts import actions as accounts
from chat.accounts import contact_actions
from chat.accounts.sessions import require_viewer
from chat.conversations import actions, room_actions
from chat.conversations.model import Room
from chat.services import Services
from chat.web.keys import SERVICES, SignedIn
from chat.web.pages import render_page, render_partial, wants_pane
from chat.web.paths import path_id
from chat.web.throttle import read_search

MOST_ROOMS = 8


async def shell_context(request: web.Request, viewer: SignedIn) -> Mapping[str, Any]:
    """What stands around every pane: the rows of the sidebar, and how many have asked to be contacts."""
    return await _sidebar(request.app[SERVICES], viewer)


async def _sidebar(services: Services, viewer: SignedIn) -> Mapping[str, Any]:
    """The version is the same for the same content, and another one where anything about it has changed."""
    rows = await actions.listed(services, viewer_id=viewer.id)
    requests = await contact_actions.requests_of(services, viewer_id=viewer.id)
    version = hashlib.blake2b(msgspec.json.encode((rows, requests, viewer.invisible)), digest_size=8).hexdigest()
    return {"conversations": rows, "requests": requests, "list_version": version}


async def home(request: web.Request) -> web.Response:
    """GET /: the list, and beside it an invitation to pick something."""
    viewer = await require_viewer(request)
    context: dict[str, Any] = {"view": "list"}
    if wants_pane(request):
        # The whole page has them from its shell.
        context["conversations"] = await actions.listed(request.app[SERVICES], viewer_id=viewer.id)
    return await render_page(request, "conversations/welcome.html", context, title="Conversations")


async def sidebar(request: web.Request) -> web.Response:
    """GET /sidebar?version=: all of it again, for a page that was away and may have missed some of its changes; 204
    where it has missed nothing."""
    viewer = await require_viewer(request)
    context = await _sidebar(request.app[SERVICES], viewer)
    if request.query.get("version") == context["list_version"]:
        return web.Response(status=204)
    return render_partial(request, "conversations/_sidebar.html", context)


async def conversation_row(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}/row: a row for the sidebar of a page that doesn't have it yet; 204 for one that has
    no place in it."""
    viewer = await require_viewer(request)
    conversation_id = path_id(request, "conversation_id")
    row = await actions.get(request.app[SERVICES], viewer_id=viewer.id, conversation_id=conversation_id)
    return render_partial(request, "live/row.html", {"row": row}) if row.listed else web.Response(status=204)


async def switcher(request: web.Request) -> web.Response:
    """GET /switcher?q=: conversations, and people and public rooms that are none of one's own yet, of which a name
    begins so."""
    viewer = await require_viewer(request)
    services = request.app[SERVICES]
    query = await read_search(request, viewer.id)
    rows = await actions.search(services, viewer_id=viewer.id, prefix=query)
    found = await accounts.find_people(services, viewer_id=viewer.id, prefix=query) if query else []
    rooms = await _rooms(services, viewer_id=viewer.id, query=query) if query else []
    known = {row.username for row in rows}
    context = {
        "query": query,
        "conversations": rows,
        "people": [person for person in found if person.username not in known],
        "rooms": rooms,
    }
    return render_partial(request, "conversations/_switcher_results.html", context)


async def _rooms(services: Services, *, viewer_id: UUID, query: str) -> list[Room]:
    part = await room_actions.public_rooms(services, viewer_id=viewer_id, prefix=query.lstrip("#"), limit=MOST_ROOMS)
    return [room for room in part.items if not room.joined]
