"""The settings page: names, password, devices, and who may join."""

from collections.abc import Mapping

from aiohttp import web

from chat.accounts import actions, invite_actions
from chat.accounts.guesses import WrongPassword
from chat.accounts.model import Registration, Viewer
from chat.accounts.pages import errors_of
from chat.accounts.sessions import begin_session, end_session, require_viewer
from chat.errors import ChatError, RateLimited, ValidationFailed
from chat.web.forms import choice, read_form
from chat.web.keys import SERVICES
from chat.web.limits import LIMITER
from chat.web.notices import redirect_with_notice, take_notice
from chat.web.pages import render_page
from chat.web.paths import path_id
from chat.web.proxies import public_origin


async def settings(request: web.Request) -> web.Response:
    """GET /settings."""
    viewer = await require_viewer(request)
    return await _settings_page(request, viewer, notice=await take_notice(request))


async def _settings_page(
    request: web.Request,
    viewer: Viewer,
    *,
    notice: str = "",
    names: Mapping[str, str] | None = None,
    error: ChatError | None = None,
    new_invite_url: str = "",
) -> web.Response:
    services = request.app[SERVICES]
    invites = await invite_actions.open_invites(services, viewer=viewer) if viewer.manages_people else []
    context = {
        "view": "settings",
        "profile": {
            "username": viewer.username,
            "display_name": viewer.display_name,
            "email": viewer.email,
            **(names or {}),
        },
        "errors": errors_of(error),
        "notice": notice,
        "sessions": await actions.sessions_of(services, viewer=viewer),
        "registration": await invite_actions.registration(services),
        "invites": invites,
        "new_invite_url": new_invite_url,
    }
    return await render_page(request, "accounts/settings.html", context, title="Settings", error=error)


async def _back_to_settings(request: web.Request, notice: str) -> web.Response:
    return await redirect_with_notice(request, "/settings", notice)


async def change_profile(request: web.Request) -> web.Response:
    """POST /settings/profile, with `display_name` and `username`."""
    viewer = await require_viewer(request)
    form = await read_form(request)
    names = {
        "display_name": form.get("display_name", viewer.display_name),
        "username": form.get("username", viewer.username),
    }
    try:
        await actions.change_names(request.app[SERVICES], viewer=viewer, **names)
    except ValidationFailed as error:
        return await _settings_page(request, viewer, names=names, error=error)
    return await _back_to_settings(request, "Your name is saved.")


async def change_password(request: web.Request) -> web.Response:
    """POST /settings/password, with `current_password` and `new_password`."""
    viewer = await require_viewer(request)
    form = await read_form(request)
    try:
        token = await actions.change_password(
            request.app[SERVICES],
            request.app[LIMITER],
            viewer=viewer,
            current=form.get("current_password", ""),
            new=form.get("new_password", ""),
        )
    except (ValidationFailed, WrongPassword, RateLimited) as error:
        return await _settings_page(request, viewer, error=error)
    await begin_session(request, token)
    return await _back_to_settings(request, "Your password is changed, and your other devices are signed out.")


async def revoke_session(request: web.Request) -> web.Response:
    """POST /settings/sessions/{session_id}/revoke: sign one device out."""
    viewer = await require_viewer(request)
    session_id = path_id(request, "session_id")
    await actions.log_out_device(request.app[SERVICES], viewer=viewer, session_id=session_id)
    if session_id == viewer.session_id:
        await end_session(request)
        raise web.HTTPSeeOther("/login")
    return await _back_to_settings(request, "That device is signed out.")


async def revoke_all_sessions(request: web.Request) -> web.Response:
    """POST /settings/sessions/revoke-all: sign out everywhere, here too."""
    viewer = await require_viewer(request)
    await actions.log_out_everywhere(request.app[SERVICES], viewer=viewer)
    await end_session(request)
    raise web.HTTPSeeOther("/login")


async def change_registration(request: web.Request) -> web.Response:
    """POST /settings/registration, with `registration`: open, invite or closed; for the owner."""
    viewer = await require_viewer(request)
    wanted = (await read_form(request)).get("registration", "")
    value: Registration | None = choice(wanted, Registration)
    if value is None:
        return await _settings_page(request, viewer, error=ValidationFailed("Please choose who may join."))
    await invite_actions.set_registration(request.app[SERVICES], viewer=viewer, value=value)
    return await _back_to_settings(request, "Who can join is saved.")


async def create_invite(request: web.Request) -> web.Response:
    """POST /settings/invites, with `days` and perhaps `max_uses`: a link, shown this once, in the answer itself."""
    viewer = await require_viewer(request)
    form = await read_form(request)
    try:
        days, max_uses = invite_actions.validity(form)
        token = await invite_actions.create_invite(request.app[SERVICES], viewer=viewer, days=days, max_uses=max_uses)
    except ValidationFailed as error:
        return await _settings_page(request, viewer, error=error)
    url = f"{public_origin(request)}/register?invite={token}"
    return await _settings_page(request, viewer, new_invite_url=url)


async def revoke_invite(request: web.Request) -> web.Response:
    """POST /settings/invites/{invite_id}/revoke."""
    viewer = await require_viewer(request)
    invite_id = path_id(request, "invite_id")
    await invite_actions.revoke_invite(request.app[SERVICES], viewer=viewer, invite_id=invite_id)
    return await _back_to_settings(request, "That link lets nobody in any more.")
