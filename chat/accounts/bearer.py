"""Who is behind a token: an access token, or a personal one.

No request for the API is ever answered because of the cookie of a session, so there is nothing to forge.
"""

from aiohttp import web

from chat.accounts import token_queries
from chat.accounts.access_tokens import read_access_token
from chat.accounts.keys import LAST_USE
from chat.accounts.model import Viewer
from chat.errors import AuthFailed, Forbidden, TokenExpired
from chat.services import Services
from chat.web.keys import SERVICES
from chat.web.tokens import Scope, hash_token, is_personal_token


def bearer_token(request: web.Request) -> str | None:
    """What stands behind "Bearer" in the request's Authorization header; None where there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


async def require_api_viewer(request: web.Request) -> Viewer:
    """Who makes this request of the API, by the token in its Authorization header.

    Whether the token's scopes reach as far as the endpoint is looked at in `chat.web.api`. Raises `AuthFailed` or
    `TokenExpired`.
    """
    token = bearer_token(request)
    if token is None:
        raise AuthFailed("Send an access token: “Authorization: Bearer …”.")
    viewer = await viewer_of(request.app[SERVICES], token)
    request.app[LAST_USE].note(viewer.session_id)
    return viewer


async def viewer_of(services: Services, token: str) -> Viewer:
    """The account behind a token, and what it may be used for. Raises `AuthFailed` or `TokenExpired`."""
    if is_personal_token(token):
        return await _by_personal_token(services, token)
    claims = read_access_token(services.settings, token)
    viewer = await token_queries.viewer_of_session(services.pool, session_id=claims.session_id, user_id=claims.user_id)
    if viewer is None:
        raise AuthFailed("This device is signed out. Sign in again.")
    return viewer


async def _by_personal_token(services: Services, token: str) -> Viewer:
    found = await token_queries.viewer_of_personal_token(services.pool, token_hash=hash_token(token))
    if found is None:
        raise AuthFailed("There is no such token, or no longer.")
    viewer, expired = found
    if expired:
        raise TokenExpired("This token has expired. Make a new one in the settings page.")
    return viewer


def require_scope(viewer: Viewer, scope: Scope) -> None:
    """Raises `Forbidden` where the viewer's token isn't for this."""
    if scope not in viewer.scopes:
        raise Forbidden(f"This token doesn't have the scope “{scope}”.")
