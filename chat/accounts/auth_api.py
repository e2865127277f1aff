"""How programs sign in, stay signed in and sign out.

A refresh token travels in the body, or in a cookie that only these addresses are sent, and that no script can read.
A browser adds that cookie by itself, so where it counts it is looked at which site has sent the request.
"""

from dataclasses import replace
from typing import Literal

import msgspec
from aiohttp import web

from chat.accounts import actions, token_actions
from chat.accounts.api import user_of
from chat.accounts.bearer import bearer_token, viewer_of
from chat.accounts.model import Checks, Device, check_registration
from chat.accounts.sessions import device_of
from chat.accounts.token_model import IssuedTokens, check_device_name
from chat.errors import AuthFailed, Forbidden
from chat.web.api import Call, Model, answer, no_content
from chat.web.cors import check_api_origin
from chat.web.limits import LIMITER
from chat.web.proxies import is_secure
from chat.web.shapes import Email, User
from chat.web.tokens import is_personal_token

REFRESH_COOKIE = "chat_refresh"
COOKIE_PATH = "/api/auth"


class Registration(Model, frozen=True):
    """A new account. `invite` is the token of an invite link, where one is needed; `device` what to call this one."""

    email: Email
    username: str
    display_name: str
    password: str
    invite: str = ""
    device: str = ""


class Login(Model, frozen=True):
    """Who signs in. `email` may be a username as well; `device` is what to call this one in the list of devices."""

    email: Email
    password: str
    device: str = ""


class RefreshToken(Model, frozen=True):
    """The token to refresh with; without it, that in the cookie `chat_refresh` is taken."""

    refresh_token: str | None = None


class Tokens(msgspec.Struct, frozen=True):
    """Send `access_token` with every request, for `expires_in` seconds; then get a new one for `refresh_token`.

    That is null where the one before came in the cookie, which then holds the new one as well.
    """

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str | None
    user: User


async def register(call: Call[Registration, None]) -> web.Response:
    """Create an account, and sign this device in."""
    check_api_origin(call.request)
    sent = call.body
    device = _device(call.request, sent.device)
    account = check_registration(
        username=sent.username, display_name=sent.display_name, email=sent.email, password=sent.password
    )
    limiter = call.request.app[LIMITER]
    issued = await token_actions.register(call.services, limiter, account=account, invite=sent.invite, device=device)
    return _tokens(call.request, issued, status=201)


async def login(call: Call[Login, None]) -> web.Response:
    """Sign this device in."""
    check_api_origin(call.request)
    sent = call.body
    issued = await token_actions.log_in(
        call.services,
        call.request.app[LIMITER],
        login=sent.email,
        password=sent.password,
        device=_device(call.request, sent.device),
    )
    return _tokens(call.request, issued)


async def refresh(call: Call[RefreshToken, None]) -> web.Response:
    """Get new tokens for a refresh token, which can't be used again.

    Whoever sends one a second time is refused, and the device is signed out: one of the two who sent it was a thief.
    """
    token = _refresh_token(call)
    if token is None:
        raise AuthFailed("Send the refresh token.")
    issued = await token_actions.refresh(call.services, token=token)
    return _tokens(call.request, issued, in_cookie_only=call.body.refresh_token is None)


async def logout(call: Call[RefreshToken, None]) -> web.Response:
    """Sign this device out, by its access token, its refresh token, or both. Its access token is denied at once."""
    token = _refresh_token(call)
    bearer = bearer_token(call.request)
    if token is None and bearer is None:
        raise AuthFailed("Send the access token or the refresh token.")
    if bearer is not None:
        try:
            await _log_out_bearer(call, bearer)
        except AuthFailed:
            # It may have expired; the refresh token is enough.
            if token is None:
                raise
    if token is not None:
        await token_actions.log_out(call.services, token=token)
    response = no_content()
    response.del_cookie(
        REFRESH_COOKIE, path=COOKIE_PATH, httponly=True, samesite="Strict", secure=is_secure(call.request)
    )
    return response


async def _log_out_bearer(call: Call[RefreshToken, None], token: str) -> None:
    if is_personal_token(token):
        raise Forbidden("A personal token is revoked in the settings page.")
    viewer = await viewer_of(call.services, token)
    await actions.log_out_device(call.services, viewer=viewer, session_id=viewer.session_id)


def _refresh_token(call: Call[RefreshToken, None]) -> str | None:
    """That in the body, or else in the cookie. Raises `Forbidden` where another site has had the cookie sent."""
    if call.body.refresh_token is not None:
        return call.body.refresh_token
    token = call.request.cookies.get(REFRESH_COOKIE)
    if token is not None:
        check_api_origin(call.request)
    return token


def _device(request: web.Request, name: str) -> Device:
    """Raises `ValidationFailed` for a name that can't be one."""
    checks = Checks()
    name = checks.run("device", check_device_name, name)
    checks.finish()
    return replace(device_of(request), kind="api", name=name or None)


def _tokens(
    request: web.Request, issued: IssuedTokens, *, status: int = 200, in_cookie_only: bool = False
) -> web.Response:
    response = answer(
        Tokens(
            access_token=issued.access_token,
            token_type="Bearer",  # noqa: S106 - its type, and no token
            expires_in=issued.expires_in,
            refresh_token=None if in_cookie_only else issued.refresh_token,
            user=user_of(issued.viewer),
        ),
        status=status,
    )
    response.set_cookie(
        REFRESH_COOKIE,
        issued.refresh_token,
        max_age=issued.refresh_expires_in,
        path=COOKIE_PATH,
        httponly=True,
        samesite="Strict",
        secure=is_secure(request),
    )
    return response
