"""What devices of the API do to sign in, stay signed in and sign out."""

from datetime import timedelta

from chat.accounts import actions, token_queries
from chat.accounts.access_tokens import new_access_token
from chat.accounts.model import Device, NewAccount, NewSession, Viewer
from chat.accounts.token_model import IssuedTokens
from chat.errors import AuthFailed
from chat.events import SessionsRevoked
from chat.services import Services
from chat.web.limits import Limiter
from chat.web.logs import get_logger
from chat.web.tokens import hash_token, is_token, new_token

log = get_logger()

_SIGNED_OUT = "This device is signed out. Sign in again."


async def register(
    services: Services, limiter: Limiter, *, account: NewAccount, invite: str, device: Device
) -> IssuedTokens:
    """Create an account and sign this device in. Raises what `actions.register` does."""
    session = await actions.register(services, limiter, account=account, invite=invite, device=device)
    return await _signed_in(services, session)


async def log_in(services: Services, limiter: Limiter, *, login: str, password: str, device: Device) -> IssuedTokens:
    """Sign this device in by email address or username. Raises what `actions.log_in` does."""
    session = await actions.log_in(services, limiter, login=login, password=password, device=device)
    return await _signed_in(services, session)


async def _signed_in(services: Services, session: NewSession) -> IssuedTokens:
    viewer = await token_queries.viewer_of_session(services.pool, session_id=session.id, user_id=session.user_id)
    if viewer is None:
        raise AuthFailed(_SIGNED_OUT)
    return _tokens(services, viewer, refresh_token=session.token)


async def refresh(services: Services, *, token: str) -> IssuedTokens:
    """Exchange a refresh token for new tokens; it can't be used again.

    One that comes a second time was copied, by one of the two who sent it: its session ends, with all its tokens and
    sockets. Raises `AuthFailed`.
    """
    new = new_token()
    if not is_token(token):
        raise AuthFailed(_SIGNED_OUT)
    viewer = await token_queries.rotate_refresh_token(
        services.pool,
        token_hash=hash_token(token),
        new_hash=hash_token(new),
        lifetime=_lifetime(services),
    )
    if viewer is None:
        await _end_if_used_before(services, token)
        raise AuthFailed(_SIGNED_OUT)
    return _tokens(services, viewer, refresh_token=new)


async def _end_if_used_before(services: Services, token: str) -> None:
    ended = await token_queries.delete_session_of_used_token(services.pool, token_hash=hash_token(token))
    if ended:
        log.warning("token.reused", user_id=ended["user_id"], session_id=ended["id"])
        services.emit(SessionsRevoked(user_id=ended["user_id"], session_ids=(ended["id"],)))


def _tokens(services: Services, viewer: Viewer, *, refresh_token: str) -> IssuedTokens:
    return IssuedTokens(
        viewer=viewer,
        access_token=new_access_token(services.settings, user_id=viewer.id, session_id=viewer.session_id),
        expires_in=services.settings.access_token_seconds,
        refresh_token=refresh_token,
        refresh_expires_in=int(_lifetime(services).total_seconds()),
    )


def _lifetime(services: Services) -> timedelta:
    return timedelta(days=services.settings.refresh_token_days)


async def log_out(services: Services, *, token: str) -> None:
    """End the session of this refresh token, if there is one: its access tokens are denied from here on."""
    if not is_token(token):
        return
    ended = await token_queries.delete_session_of_token(services.pool, token_hash=hash_token(token))
    if ended:
        services.emit(SessionsRevoked(user_id=ended["user_id"], session_ids=(ended["id"],)))
