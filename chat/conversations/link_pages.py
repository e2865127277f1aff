"""Links into rooms: made and taken back in the panel, followed at /join/{token}."""

from typing import Any

from aiohttp import web

from chat.accounts import invite_actions
from chat.accounts.sessions import get_viewer, require_viewer
from chat.conversations import link_actions
from chat.conversations.details_pages import REFUSALS, answer_with_details, whose_request
from chat.errors import NotFound
from chat.web.forms import read_form
from chat.web.keys import SERVICES
from chat.web.pages import go_to, is_htmx, render_document, render_page
from chat.web.paths import path_id
from chat.web.proxies import public_origin


async def create_link(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/links, with `days` and perhaps `max_uses`: a link, shown this once, in the answer."""
    whose = await whose_request(request)
    form = await read_form(request)
    try:
        days, max_uses = invite_actions.validity(form)
        token = await link_actions.create_link(request.app[SERVICES], **whose, days=days, max_uses=max_uses)
    except REFUSALS as error:
        return await answer_with_details(request, whose, error=error)
    link = f"{public_origin(request)}/join/{token}"
    return await answer_with_details(request, whose, new_link=link)


async def revoke_link(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/links/{link_id}/revoke."""
    whose = await whose_request(request)
    link_id = path_id(request, "link_id")
    try:
        await link_actions.revoke_link(request.app[SERVICES], **whose, link_id=link_id)
    except REFUSALS as error:
        return await answer_with_details(request, whose, error=error)
    return await answer_with_details(request, whose)


async def follow(request: web.Request) -> web.Response:
    """GET /join/{token}: the room that the link leads into, for whoever holds it, signed in or not."""
    viewer = await get_viewer(request)
    services, token = request.app[SERVICES], request.match_info["token"]
    context: dict[str, Any] = {"view": "preview", "join_path": f"/join/{token}", "token": token}
    try:
        room = await link_actions.linked_room(services, viewer_id=viewer.id if viewer else None, token=token)
    except NotFound as error:
        return _over(request, error)
    if viewer is None:
        state = await invite_actions.join_state(services, invite=token)
        # Of a link that its maker may not make for who is new here, the page for that would only say so.
        may_register = state.registration == "open" or (state.registration == "invite" and state.invite_valid)
        context |= {"room": room, "may_register": may_register}
        return render_document(request, "conversations/invited.html", context, title=room.name)
    if room.joined:
        raise web.HTTPSeeOther(room.href)
    return await render_page(request, "conversations/preview.html", {**context, "room": room}, title=room.name)


async def join(request: web.Request) -> web.Response:
    """POST /join/{token}: go into the room."""
    viewer = await require_viewer(request)
    token = request.match_info["token"]
    try:
        conversation_id = await link_actions.join_by_link(request.app[SERVICES], viewer_id=viewer.id, token=token)
    except NotFound as error:
        if is_htmx(request):
            raise
        return _over(request, error)
    return go_to(request, f"/c/{conversation_id}")


def _over(request: web.Request, error: NotFound) -> web.Response:
    context = {"view": "preview", "error": error}
    return render_document(request, "conversations/invited.html", context, title="Invite link", error=error)
