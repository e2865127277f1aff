"""Who is behind a token: an access token, or a personal one.

No request for the API is ever answered because of the cookie of a session, so there is nothing to forge.
"""

from uuid import UUID

from aiohttp import web

from chat.accounts import token_queries
from chat.accounts.access_tokens import read_access_token
from chat.accounts.keys import LAST_USE
from chat.accounts.model import ALL_SCOPES, Scope, Viewer
from chat.db import Record
from chat.errors import AuthFailed, Forbidden, TokenExpired
from chat.services import Services
from chat.web.keys import SERVICES
from chat.web.tokens import hash_token, is_personal_token


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
    record = await token_queries.api_session(services.pool, session_id=claims.session_id, user_id=claims.user_id)
    if record is None:
        raise AuthFailed("This device is signed out. Sign in again.")
    return _viewer(record, session_id=claims.session_id)


async def _by_personal_token(services: Services, token: str) -> Viewer:
    record = await token_queries.personal_token(services.pool, token_hash=hash_token(token))
    if record is None:
        raise AuthFailed("There is no such token, or no longer.")
    if record["expired"]:
        raise TokenExpired("This token has expired. Make a new one in the settings page.")
    return _viewer(record, session_id=record["token_id"], scopes=frozenset(record["scopes"]))


def _viewer(record: Record, *, session_id: UUID, scopes: frozenset[Scope] = ALL_SCOPES) -> Viewer:
    return Viewer(
        id=record["id"],
        username=record["username"],
        display_name=record["display_name"],
        role=record["role"],
        email=record["email"],
        session_id=session_id,
        scopes=scopes,
    )


def require_scope(viewer: Viewer, scope: Scope) -> None:
    """Raises `Forbidden` where the viewer's token isn't for this."""
    if scope not in viewer.scopes:
        raise Forbidden(f"This token doesn't have the scope “{scope}”.")
