"""The page on which the owner and admins manage the accounts of others."""

from aiohttp import web

from chat.accounts import people_actions
from chat.accounts.sessions import require_viewer
from chat.web.keys import SERVICES
from chat.web.notices import redirect_with_notice, take_notice
from chat.web.pages import render_page
from chat.web.paths import path_id


async def accounts(request: web.Request) -> web.Response:
    """GET /settings/people?q=: everyone's account, active or not."""
    viewer = await require_viewer(request)
    query = request.query.get("q", "").strip()
    found = await people_actions.accounts(request.app[SERVICES], viewer=viewer, prefix=query)
    context = {
        "view": "settings",
        "query": query,
        "accounts": found,
        "limit": people_actions.ACCOUNTS_LIMIT,
        "notice": await take_notice(request),
    }
    return await render_page(request, "accounts/people.html", context, title="People")


async def deactivate(request: web.Request) -> web.Response:
    """POST /settings/people/{user_id}/deactivate."""
    viewer = await require_viewer(request)
    account = await people_actions.deactivate(request.app[SERVICES], viewer=viewer, user_id=path_id(request, "user_id"))
    notice = f"{account.display_name} is signed out everywhere and can't sign in any more."
    return await redirect_with_notice(request, "/settings/people", notice)


async def reactivate(request: web.Request) -> web.Response:
    """POST /settings/people/{user_id}/reactivate."""
    viewer = await require_viewer(request)
    account = await people_actions.reactivate(request.app[SERVICES], viewer=viewer, user_id=path_id(request, "user_id"))
    return await redirect_with_notice(request, "/settings/people", f"{account.display_name} can sign in again.")
