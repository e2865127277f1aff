"""Tokens that people make for their programs, in the settings page."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from chat.accounts import token_queries
from chat.accounts.actions import confirm_password
from chat.accounts.model import Checks, Viewer
from chat.accounts.token_model import PERSONAL_TOKENS_MAX, PersonalToken, check_token_name
from chat.errors import ValidationFailed
from chat.events import SessionsRevoked
from chat.ids import new_id
from chat.services import Services
from chat.web.limits import Limiter
from chat.web.tokens import PERSONAL_PREFIX, Scope, hash_token, new_token


async def create(
    services: Services,
    limiter: Limiter,
    *,
    viewer: Viewer,
    name: str,
    scopes: Collection[Scope],
    days: int | None,
    current_password: str,
) -> str:
    """A new token, which can't be read again later; it is good for `days`, or for ever.

    Asks for the password, because a token outlives the session that made it: one left open somewhere must not be
    enough. Raises `ValidationFailed`, `WrongPassword` and `RateLimited`.
    """
    checks = Checks()
    name = checks.run("name", check_token_name, name)
    checks.finish()
    password_hash = await confirm_password(services, limiter, viewer=viewer, current=current_password)
    token = PERSONAL_PREFIX + new_token()
    async with services.pool.acquire() as connection, connection.transaction():
        stored = await token_queries.insert_personal_token(
            connection,
            token_id=new_id(),
            token_hash=hash_token(token),
            user_id=viewer.id,
            password_hash=password_hash,
            name=name,
            scopes=scopes,
            lifetime=None if days is None else timedelta(days=days),
            most=PERSONAL_TOKENS_MAX,
        )
    if not stored:
        raise ValidationFailed(f"You have {PERSONAL_TOKENS_MAX} tokens. Revoke one that you no longer use first.")
    return token


async def tokens_of(services: Services, *, viewer: Viewer) -> list[PersonalToken]:
    """The viewer's tokens, the newest first."""
    return await token_queries.personal_tokens(services.pool, user_id=viewer.id)


async def revoke(services: Services, *, viewer: Viewer, token_id: UUID) -> None:
    """Let nothing in with this token any more, and close its sockets; of another person's nothing is said."""
    if await token_queries.delete_personal_token(services.pool, user_id=viewer.id, token_id=token_id):
        services.emit(SessionsRevoked(user_id=viewer.id, session_ids=(token_id,)))
