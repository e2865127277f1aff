"""Cookie sessions in PostgreSQL: who is behind a request.

The cookie holds a random token and the database its hash. One query finds the session and its account. A visitor
who is not signed in may have a token as well, for the CSRF protection, but no row; signing in always makes another.
"""

import time
from datetime import timedelta

import aiohttp_session
import msgspec
from aiohttp import web
from aiohttp_session import Session, SessionData

from chat.accounts import session_queries
from chat.accounts.devices import clean_user_agent
from chat.accounts.keys import LAST_USE
from chat.accounts.model import Device, Viewer
from chat.errors import AuthFailed
from chat.settings import Settings
from chat.web.csrf import SESSION_COOKIE, session_cookie
from chat.web.keys import SERVICES, VIEWER
from chat.web.proxies import client_address, is_secure
from chat.web.tokens import hash_token

# A session that is used gets its full time again, but at most so many times in one lifetime: once a day with
# the thirty days of the default.
RENEWALS = 30


class PostgresStorage(aiohttp_session.AbstractStorage):
    """Where aiohttp-session keeps sessions; `session.identity` is the token in the cookie.

    What is put into the session of somebody who is signed in is stored with it, as JSON. A visitor who is not has
    nothing to store it in.
    """

    def __init__(self, settings: Settings) -> None:
        self._lifetime = timedelta(days=settings.session_days)
        super().__init__(cookie_name=SESSION_COOKIE, max_age=int(self._lifetime.total_seconds()), samesite="Lax")

    async def load_session(self, request: web.Request) -> Session:
        """The session of the request; where it is live, its account is then in `request[VIEWER]`."""
        token = session_cookie(request)
        if token is None:
            return Session(None, data=None, new=True)
        record = await session_queries.session_by_token(
            request.app[SERVICES].pool,
            token_hash=hash_token(token),
            renew_before=self._lifetime - self._lifetime / RENEWALS,
        )
        if record is None:
            return Session(token, data=None, new=True)
        request[VIEWER] = Viewer(
            id=record["id"],
            username=record["username"],
            display_name=record["display_name"],
            role=record["role"],
            email=record["email"],
            session_id=record["session_id"],
            invisible=record["invisible"],
        )
        request.app[LAST_USE].note(record["session_id"])
        data = SessionData(created=int(time.time()), session=msgspec.json.decode(record["data"]))
        session = Session(token, data=data, new=False)
        if record["renewal_due"]:
            session.changed()
        return session

    async def save_session(self, request: web.Request, response: web.StreamResponse, session: Session) -> None:
        """Send the cookie, and store what changed; the cookie is taken away where the session ended meanwhile."""
        token = session.identity
        if token is None:
            self._forget_cookie(request, response)
        elif session.new and session.empty:
            self._send_cookie(request, response, token, max_age=session.max_age)
        else:
            await self._store(request, response, session, token)

    async def _store(self, request: web.Request, response: web.StreamResponse, session: Session, token: str) -> None:
        live = await session_queries.save_session(
            request.app[SERVICES].pool,
            token_hash=hash_token(token),
            data=msgspec.json.encode(dict(session)).decode(),
            lifetime=self._lifetime,
        )
        if live:
            self._send_cookie(request, response, token, max_age=self.max_age)
        else:
            self._forget_cookie(request, response)

    def _send_cookie(
        self, request: web.Request, response: web.StreamResponse, token: str, *, max_age: int | None
    ) -> None:
        response.set_cookie(
            SESSION_COOKIE,
            token,
            max_age=max_age,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=is_secure(request),
        )

    def _forget_cookie(self, request: web.Request, response: web.StreamResponse) -> None:
        response.del_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="Lax", secure=is_secure(request))


async def get_viewer(request: web.Request) -> Viewer | None:
    """Who is signed in here; asks the database once per request."""
    await aiohttp_session.get_session(request)
    viewer = request.get(VIEWER)
    return viewer if isinstance(viewer, Viewer) else None


async def require_viewer(request: web.Request) -> Viewer:
    """Who is signed in here. Raises `AuthFailed` where nobody is, which sends a browser to the sign-in page."""
    viewer = await get_viewer(request)
    if viewer is None:
        raise AuthFailed("You are signed out. Please sign in.")
    return viewer


async def begin_session(request: web.Request, token: str) -> Session:
    """Let the response carry the cookie of a session that was just stored, instead of the one that came."""
    session = await aiohttp_session.new_session(request)
    session.set_new_identity(token)
    session.changed()
    return session


async def end_session(request: web.Request) -> None:
    """Let the response take the cookie away."""
    session = await aiohttp_session.new_session(request)
    session.changed()


def device_of(request: web.Request) -> Device:
    """What the request says of the device."""
    return Device(user_agent=clean_user_agent(request.headers.get("User-Agent", "")), address=client_address(request))
