"""Who opens a socket."""

from aiohttp import web

from chat.accounts.bearer import bearer_token, require_scope, viewer_of
from chat.accounts.keys import LAST_USE
from chat.accounts.sessions import require_viewer
from chat.realtime.socket import SocketSession
from chat.web.csrf import SESSION_COOKIE, check_origin
from chat.web.keys import SERVICES
from chat.web.proxies import origin_of, public_origin


def token_of_socket(request: web.Request) -> str | None:
    """The token in the header or in `?token=`. It counts wherever it comes from, as no browser adds one by itself; a
    cookie beside it doesn't count."""
    return bearer_token(request) or request.query.get("token")


async def authenticate_page(request: web.Request) -> SocketSession | None:
    """Whose page opens this socket, by the cookie of a session; None where no page of ours does.

    Raises `AuthFailed` for a browser without a session, and `Forbidden` for one that another site has sent.
    """
    if not _is_browser(request):
        return None
    check_origin(request)
    viewer = await require_viewer(request)
    return SocketSession(user_id=viewer.id, session_id=viewer.session_id)


def _is_browser(request: web.Request) -> bool:
    """Whether it brings a cookie of ours, or comes from a page of ours, which has lost it."""
    return SESSION_COOKIE in request.cookies or origin_of(request.headers.get("Origin", "")) == public_origin(request)


async def authenticate_token(app: web.Application, token: str) -> SocketSession:
    """Whose socket it is that brought this token. Raises `AuthFailed`, `TokenExpired`, and `Forbidden` where the token
    isn't for reading.

    The socket stays while the session lives, also beyond the time of the access token that opened it.
    """
    viewer = await viewer_of(app[SERVICES], token)
    require_scope(viewer, "read")
    app[LAST_USE].note(viewer.session_id)
    return SocketSession(
        user_id=viewer.id, session_id=viewer.session_id, by_token=True, may_write="write" in viewer.scopes
    )
