"""Receipts on the page: what a person marks as unread."""

from aiohttp import web

from chat.accounts.sessions import require_viewer
from chat.receipts import unread_actions
from chat.web.api import answer
from chat.web.forms import read_form, whole_number
from chat.web.keys import SERVICES
from chat.web.pages import go_to, wants_json
from chat.web.paths import path_id

# Nobody writes more.
_MOST_MESSAGES = 999_999_999


async def mark_unread(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/unread with `from_seq`: unread from this message on; JSON where that is asked for."""
    viewer = await require_viewer(request)
    form = await read_form(request)
    state = await unread_actions.mark_unread(
        request.app[SERVICES],
        user_id=viewer.id,
        conversation_id=path_id(request, "conversation_id"),
        from_seq=whole_number(form.get("from_seq", ""), most=_MOST_MESSAGES),
    )
    # In the conversation it would be read at once.
    return answer(state) if wants_json(request) else go_to(request, "/")
