"""The settings of what others are told of one."""

from uuid import UUID

from aiohttp import web

from chat.accounts import privacy_actions
from chat.accounts.privacy_model import PresenceSharing
from chat.accounts.sessions import require_viewer
from chat.errors import ChatError, RateLimited
from chat.web.forms import choice, read_form
from chat.web.keys import SERVICES
from chat.web.notices import redirect_with_notice, take_notice
from chat.web.pages import is_htmx, render_page, render_partial, wants_pane

SAVED = "Your privacy settings are saved."


async def privacy(request: web.Request) -> web.Response:
    """GET /settings/privacy."""
    return await _page(request, (await require_viewer(request)).id)


async def change_privacy(request: web.Request) -> web.Response:
    """POST /settings/privacy, with `read_receipts` and `invisible`, each a box to tick, and `presence_sharing`."""
    viewer = await require_viewer(request)
    form = await read_form(request)
    sharing: PresenceSharing | None = choice(form.get("presence_sharing"), PresenceSharing)
    try:
        shared = await privacy_actions.change_privacy(
            request.app[SERVICES],
            viewer_id=viewer.id,
            read_receipts_enabled="read_receipts" in form,
            presence_sharing=sharing,
            invisible="invisible" in form,
        )
    except RateLimited as error:
        return await _page(request, viewer.id, error=error)
    if is_htmx(request):
        return render_partial(request, "accounts/_privacy.html", {"shared": shared, "saved": True})
    return await redirect_with_notice(request, "/settings/privacy", SAVED)


async def _page(request: web.Request, viewer_id: UUID, *, error: ChatError | None = None) -> web.Response:
    shared = await privacy_actions.privacy(request.app[SERVICES], viewer_id=viewer_id)
    context = {"view": "settings", "shared": shared, "error": error}
    if is_htmx(request) and not wants_pane(request):
        # Without its status, with which the page would leave what has been ticked as it is.
        return render_partial(request, "accounts/_privacy.html", {**context, "saved": False})
    page = {**context, "notice": await take_notice(request)}
    return await render_page(request, "accounts/privacy.html", page, title="Privacy", error=error)
