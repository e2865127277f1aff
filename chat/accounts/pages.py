"""The pages for joining, signing in and signing out."""

from collections.abc import Mapping

from aiohttp import web

from chat.accounts import actions, invite_actions
from chat.accounts.model import check_registration
from chat.accounts.sessions import begin_session, device_of, end_session, get_viewer
from chat.errors import AuthFailed, ChatError, Forbidden, RateLimited
from chat.web.csrf import session_cookie
from chat.web.forms import read_form
from chat.web.keys import SERVICES
from chat.web.limits import LIMITER
from chat.web.pages import render_document
from chat.web.paths import own_path

REGISTER_FIELDS = ("username", "display_name", "email")


async def login_form(request: web.Request) -> web.Response:
    """GET /login: for somebody who is not signed in; where nobody has an account yet, that comes first."""
    following = own_path(request.query.get("next"))
    if await get_viewer(request) is not None:
        raise web.HTTPSeeOther(following)
    if (await invite_actions.join_state(request.app[SERVICES], invite="")).first_account:
        raise web.HTTPSeeOther("/register")
    return await _login_page(request, following=following)


async def login(request: web.Request) -> web.Response:
    """POST /login, with `login` (an email address or a username), `password` and perhaps `next`."""
    form = await read_form(request)
    following = own_path(form.get("next"))
    try:
        session = await actions.log_in(
            request.app[SERVICES],
            request.app[LIMITER],
            login=form.get("login", ""),
            password=form.get("password", ""),
            device=device_of(request),
            old_token=session_cookie(request),
        )
    except (AuthFailed, RateLimited) as error:
        return await _login_page(request, following=following, login=form.get("login", ""), error=error)
    await begin_session(request, session.token)
    raise web.HTTPSeeOther(following)


async def _login_page(
    request: web.Request, *, following: str, login: str = "", error: ChatError | None = None
) -> web.Response:
    context = {
        "values": {"login": login},
        "errors": errors_of(error),
        "next": following if following != "/" else "",
        "registration": await invite_actions.registration(request.app[SERVICES]),
    }
    return render_document(request, "accounts/login.html", context, title="Sign in", error=error)


async def logout(request: web.Request) -> web.Response:
    """POST /logout: end the session of this device."""
    token = session_cookie(request)
    if token is not None:
        await actions.log_out(request.app[SERVICES], token=token)
    await end_session(request)
    raise web.HTTPSeeOther("/login")


async def register_form(request: web.Request) -> web.Response:
    """GET /register, perhaps with `?invite=` and `?next=`."""
    following = own_path(request.query.get("next"))
    if await get_viewer(request) is not None:
        raise web.HTTPSeeOther(following)
    return await _register_page(request, invite=request.query.get("invite", ""), following=following, values={})


async def register(request: web.Request) -> web.Response:
    """POST /register, with `username`, `display_name`, `email`, `password` and perhaps `invite` and `next`."""
    form = await read_form(request)
    values = {field: form.get(field, "") for field in REGISTER_FIELDS}
    invite, following = form.get("invite", ""), own_path(form.get("next"))
    try:
        session = await actions.register(
            request.app[SERVICES],
            request.app[LIMITER],
            account=check_registration(password=form.get("password", ""), **values),
            invite=invite,
            device=device_of(request),
        )
    except (Forbidden, RateLimited) as error:
        return await _register_page(request, invite=invite, following=following, values=values, error=error)
    except ChatError as error:
        if not error.fields:
            raise
        return await _register_page(request, invite=invite, following=following, values=values, error=error)
    await begin_session(request, session.token)
    raise web.HTTPSeeOther(following)


async def _register_page(
    request: web.Request, *, invite: str, following: str, values: Mapping[str, str], error: ChatError | None = None
) -> web.Response:
    state = await invite_actions.join_state(request.app[SERVICES], invite=invite)
    context = {
        "values": {field: values.get(field, "") for field in REGISTER_FIELDS},
        "errors": errors_of(error),
        "invite": invite,
        "next": following if following != "/" else "",
        "registration": state.registration,
        "first_account": state.first_account,
        "invite_valid": state.invite_valid,
    }
    return render_document(request, "accounts/register.html", context, title="Create an account", error=error)


def errors_of(error: ChatError | None) -> dict[str, str]:
    """A sentence for each field that was wrong, or under "form" where it concerns no single field."""
    if error is None:
        return {}
    return error.fields or {"form": error.message}
