"""A new conversation: with one person, or with several."""

from aiohttp import web

from chat.accounts.sessions import require_viewer
from chat.conversations import actions, group_actions, picking
from chat.conversations.details_pages import REFUSALS
from chat.errors import ChatError, NotFound, ValidationFailed
from chat.web.forms import read_form, read_values
from chat.web.keys import SERVICES
from chat.web.pages import go_to, render_page, render_partial, wants_part
from chat.web.paths import path_id
from chat.web.throttle import read_search


async def people(request: web.Request) -> web.Response:
    """GET /people?q=&with=: choose whom to write to."""
    viewer = await require_viewer(request)
    chosen, query = request.query.getall("with", []), await read_search(request, viewer.id)
    return await _new_page(request, query=query, chosen=chosen, name=request.query.get("name", ""))


async def start(request: web.Request) -> web.Response:
    """POST /people, with `with` for each of them and perhaps `name`: one person's conversation, or a new group."""
    viewer = await require_viewer(request)
    services = request.app[SERVICES]
    form, chosen = await read_form(request), await read_values(request, "with")
    try:
        user_ids = picking.ids_of(chosen)
        if not user_ids:
            raise ValidationFailed("Choose at least one person.")
        if len(user_ids) == 1:
            conversation_id = await actions.open_direct(services, viewer_id=viewer.id, other_id=user_ids[0])
        else:
            conversation_id = await group_actions.create_group(
                services, viewer_id=viewer.id, user_ids=user_ids, name=form.get("name", "")
            )
    except (*REFUSALS, NotFound) as error:
        return await _new_page(request, query="", chosen=chosen, name=form.get("name", ""), error=error)
    return go_to(request, f"/c/{conversation_id}")


async def open_direct(request: web.Request) -> web.Response:
    """POST /people/{user_id}/conversation: the one conversation with that person."""
    viewer = await require_viewer(request)
    other_id = path_id(request, "user_id")
    conversation_id = await actions.open_direct(request.app[SERVICES], viewer_id=viewer.id, other_id=other_id)
    return go_to(request, f"/c/{conversation_id}")


async def _new_page(
    request: web.Request, *, query: str, chosen: list[str], name: str, error: ChatError | None = None
) -> web.Response:
    viewer = await require_viewer(request)
    picker = await picking.read_picker(request.app[SERVICES], viewer_id=viewer.id, query=query, chosen=chosen)
    context = {"view": "people", "picker": picker, "name": name, "error": error}
    if wants_part(request, "picker-results"):
        return render_partial(request, "conversations/_picker_results.html", context)
    return await render_page(request, "conversations/new.html", context, title="New conversation", error=error)
