"""What the owner and admins do with the accounts of others."""

from uuid import UUID

from chat.accounts import invite_queries, queries, session_queries, token_queries
from chat.accounts.model import Account, Viewer
from chat.errors import Forbidden, NotFound
from chat.events import SessionsRevoked
from chat.services import Services

ACCOUNTS_LIMIT = 100


async def accounts(services: Services, *, viewer: Viewer, prefix: str) -> list[Account]:
    """At most `ACCOUNTS_LIMIT` accounts, by name, of which every word of `prefix` begins one. Raises `Forbidden`."""
    _require_manager(viewer)
    return await queries.accounts(services.pool, prefix=prefix, limit=ACCOUNTS_LIMIT)


async def deactivate(services: Services, *, viewer: Viewer, user_id: UUID) -> Account:
    """Sign an account out everywhere, let it in no more, and take back its tokens and invitations; what it wrote stays.

    Its sockets are closed within a second. Raises `NotFound`, and `Forbidden` where the viewer doesn't manage it.
    """
    account = await _managed(services, viewer=viewer, user_id=user_id)
    async with services.pool.acquire() as connection, connection.transaction():
        await queries.set_active(connection, user_id=user_id, active=False)
        await session_queries.delete_sessions(connection, user_id=user_id)
        await token_queries.delete_personal_tokens(connection, user_id=user_id)
        await invite_queries.revoke_invites_of(connection, user_id=user_id)
    services.emit(SessionsRevoked(user_id=user_id, session_ids=None))
    return account


async def reactivate(services: Services, *, viewer: Viewer, user_id: UUID) -> Account:
    """Let an account in again, with the password that it had. Raises what `deactivate` does."""
    account = await _managed(services, viewer=viewer, user_id=user_id)
    await queries.set_active(services.pool, user_id=user_id, active=True)
    return account


async def _managed(services: Services, *, viewer: Viewer, user_id: UUID) -> Account:
    _require_manager(viewer)
    account = await queries.account(services.pool, user_id=user_id)
    if account is None:
        raise NotFound("This person can't be found.")
    if not viewer.manages(account):
        raise Forbidden("You don't manage this account.")
    return account


def _require_manager(viewer: Viewer) -> None:
    if not viewer.manages_people:
        raise Forbidden("Only the owner and admins manage people.")
