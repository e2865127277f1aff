"""Proof that a request which changes something was meant by the person whose cookie came with it.

Two independent checks. The browser's own word: `Origin`, or `Sec-Fetch-Site` where that is missing. And a token
that only our pages know: an HMAC of the session token, so there is nothing to store, and it changes when the session
does. Somebody who is not signed in has a session token without a row in the database; it serves for nothing else.

The API needs no such proof: it takes no cookie of a session, only tokens, which no browser adds by itself. The one
cookie that it has, the refresh token's, is looked after where that is read (`chat.accounts.auth_api`).
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp_session import SESSION_KEY, Session

from chat.errors import Forbidden
from chat.web.forms import read_form
from chat.web.keys import SERVICES
from chat.web.paths import is_api
from chat.web.proxies import origin_of, public_origin
from chat.web.tokens import is_token, new_token

SESSION_COOKIE = "chat_session"
FIELD = "csrf"
HEADER = "X-CSRF-Token"

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def session_cookie(request: web.Request) -> str | None:
    """The session token that the browser sent; None where it sent none that could be ours."""
    token = request.cookies.get(SESSION_COOKIE, "")
    return token if is_token(token) else None


def csrf_token(request: web.Request) -> str:
    """What a form on this page has to send as `csrf`, or a script as `X-CSRF-Token`.

    Needs neither the database nor a session that was loaded before, so error pages have it too. A visitor without
    a session token gets one with the response.
    """
    return _sign(request, _session_token(request) or _begin_anonymous(request))


@web.middleware
async def csrf_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses every request that changes something and can't prove where it comes from, with `Forbidden`."""
    if request.method not in SAFE_METHODS and not is_api(request):
        check_origin(request)
        await _check_token(request)
    return await handler(request)


def check_origin(request: web.Request) -> None:
    """Raises `Forbidden` where the browser says that another site made this request.

    Programs that are no browsers send neither header, and carry no cookie that somebody else could make use of.
    """
    origin = request.headers.get("Origin")
    if origin is not None:
        # `null`, from a sandboxed frame, has no origin and equals none.
        if not origin_of(origin) or origin_of(origin) != public_origin(request):
            raise Forbidden("This request came from another site.")
    elif request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise Forbidden("This request came from another site.")


async def _check_token(request: web.Request) -> None:
    session_token = session_cookie(request)
    if session_token is None:
        raise Forbidden("Your browser sent no cookie. Allow cookies for this site, reload the page and try again.")
    # The whole body has to be here before anybody looks who is signed in: else a request could be begun with a session,
    # and finished when that has long been ended.
    form = await read_form(request)
    sent = request.headers.get(HEADER, form.get(FIELD, ""))
    if not hmac.compare_digest(sent.encode(errors="replace"), _sign(request, session_token).encode()):
        raise Forbidden("This page was open for too long. Reload it and try again.")


def _session_token(request: web.Request) -> str | None:
    """Of the session that the response will carry, where one was loaded or begun; else the browser's."""
    session = request.get(SESSION_KEY)
    return session_cookie(request) if session is None else session.identity


def _begin_anonymous(request: web.Request) -> str:
    session = request.get(SESSION_KEY)
    if session is None:
        session = request[SESSION_KEY] = Session(None, data=None, new=True)
    token = new_token()
    session.set_new_identity(token)
    session.changed()
    return token


def _sign(request: web.Request, session_token: str) -> str:
    secret = request.app[SERVICES].settings.secret_key.encode()
    digest = hmac.digest(secret, b"csrf:" + session_token.encode(), hashlib.sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
