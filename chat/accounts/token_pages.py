"""The settings page for the tokens that a person makes for programs."""

from collections.abc import Mapping

from aiohttp import web

from chat.accounts import personal_token_actions
from chat.accounts.guesses import WrongPassword
from chat.accounts.model import ALL_SCOPES, Viewer
from chat.accounts.pages import errors_of
from chat.accounts.sessions import require_viewer
from chat.accounts.token_model import LIFETIMES_DAYS
from chat.errors import ChatError, RateLimited, ValidationFailed
from chat.web.forms import read_form
from chat.web.keys import SERVICES
from chat.web.limits import LIMITER
from chat.web.notices import redirect_with_notice, take_notice
from chat.web.pages import render_page
from chat.web.paths import path_id
from chat.web.tokens import Scope

# What a form may choose, and what it chooses at first.
_ACCESS: Mapping[str, frozenset[Scope]] = {"read": frozenset(["read"]), "write": ALL_SCOPES}
_LIFETIMES = {"never" if days is None else str(days): days for days in LIFETIMES_DAYS}
_FRESH = {"name": "", "access": "read", "days": "90"}


async def tokens(request: web.Request) -> web.Response:
    """GET /settings/tokens."""
    viewer = await require_viewer(request)
    return await _tokens_page(request, viewer, notice=await take_notice(request))


async def _tokens_page(
    request: web.Request,
    viewer: Viewer,
    *,
    notice: str = "",
    values: Mapping[str, str] = _FRESH,
    error: ChatError | None = None,
    new_token: str = "",
) -> web.Response:
    context = {
        "view": "settings",
        "tokens": await personal_token_actions.tokens_of(request.app[SERVICES], viewer=viewer),
        "values": values,
        "errors": errors_of(error),
        "notice": notice,
        "new_token": new_token,
    }
    return await render_page(request, "accounts/tokens.html", context, title="Access tokens", error=error)


async def create_token(request: web.Request) -> web.Response:
    """POST /settings/tokens, with `name`, `access` (read or write), `days` (or "never") and `current_password`.

    The token is shown this once, in the answer itself.
    """
    viewer = await require_viewer(request)
    form = await read_form(request)
    values = {field: form.get(field, default) for field, default in _FRESH.items()}
    try:
        scopes, days = _choices(values)
        token = await personal_token_actions.create(
            request.app[SERVICES],
            request.app[LIMITER],
            viewer=viewer,
            name=values["name"],
            scopes=scopes,
            days=days,
            current_password=form.get("current_password", ""),
        )
    except (ValidationFailed, WrongPassword, RateLimited) as error:
        return await _tokens_page(request, viewer, values=values, error=error)
    return await _tokens_page(request, viewer, new_token=token)


def _choices(values: Mapping[str, str]) -> tuple[frozenset[Scope], int | None]:
    if values["access"] not in _ACCESS or values["days"] not in _LIFETIMES:
        raise ValidationFailed("Please choose what the token may do, and for how long.")
    return _ACCESS[values["access"]], _LIFETIMES[values["days"]]


async def revoke_token(request: web.Request) -> web.Response:
    """POST /settings/tokens/{token_id}/revoke."""
    viewer = await require_viewer(request)
    token_id = path_id(request, "token_id")
    await personal_token_actions.revoke(request.app[SERVICES], viewer=viewer, token_id=token_id)
    return await redirect_with_notice(request, "/settings/tokens", "That token lets nothing in any more.")
