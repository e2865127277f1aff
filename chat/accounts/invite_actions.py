"""Who may join: open to anyone, by a link, or not at all; and the links."""

from datetime import timedelta
from uuid import UUID

from chat.accounts import invite_queries, queries
from chat.accounts.model import Invite, JoinState, Registration, Viewer
from chat.db import Connection
from chat.errors import Forbidden
from chat.ids import new_id
from chat.services import Services
from chat.web.tokens import hash_token, is_token, new_token

INVITE_DAYS_MAX = 365
INVITE_USES_MAX = 1000


async def registration(services: Services, connection: Connection | None = None) -> Registration:
    """What the owner has chosen in the settings page; until then what the environment says."""
    chosen = await invite_queries.registration(connection or services.pool)
    return chosen or services.settings.registration


async def set_registration(services: Services, *, viewer: Viewer, value: Registration) -> None:
    """Raises `Forbidden` for anyone but the owner."""
    if viewer.role != "owner":
        raise Forbidden("Only the owner decides who may join.")
    await invite_queries.set_registration(services.pool, value=value, changed_by=viewer.id)


async def join_state(services: Services, *, invite: str) -> JoinState:
    """What somebody finds who wants to register, perhaps with an invitation."""
    return JoinState(
        registration=await registration(services),
        first_account=not await queries.any_user(services.pool),
        invite_valid=is_token(invite)
        and await invite_queries.invite_is_open(services.pool, token_hash=hash_token(invite)),
    )


async def create_invite(services: Services, *, viewer: Viewer, days: int, max_uses: int | None) -> str:
    """A new invitation's token, which can't be read again later.

    `days` is 1 to `INVITE_DAYS_MAX`, `max_uses` 1 to `INVITE_USES_MAX` or None for no limit. Raises `Forbidden`.
    """
    _require_manager(viewer)
    token = new_token()
    await invite_queries.insert_invite(
        services.pool,
        invite_id=new_id(),
        token_hash=hash_token(token),
        created_by=viewer.id,
        lifetime=timedelta(days=days),
        max_uses=max_uses,
    )
    return token


async def open_invites(services: Services, *, viewer: Viewer) -> list[Invite]:
    """The invitations that still let people in. Raises `Forbidden`."""
    _require_manager(viewer)
    return await invite_queries.open_invites(services.pool)


async def revoke_invite(services: Services, *, viewer: Viewer, invite_id: UUID) -> None:
    """Let nobody in with it any more. Raises `Forbidden`."""
    _require_manager(viewer)
    await invite_queries.revoke_invite(services.pool, invite_id=invite_id)


def _require_manager(viewer: Viewer) -> None:
    if not viewer.manages_people:
        raise Forbidden("Only the owner and admins invite people.")
