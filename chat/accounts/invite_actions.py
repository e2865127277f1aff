"""Who may join: open to anyone, by a link, or not at all; and the links."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from chat.accounts import invite_queries, queries
from chat.accounts.model import Invite, JoinState, OpenInvite, Registration, Viewer
from chat.db import Connection
from chat.errors import Forbidden, ValidationFailed
from chat.ids import new_id
from chat.services import Services
from chat.web.forms import whole_number
from chat.web.tokens import hash_token, is_token, new_token

INVITE_DAYS_MAX = 365
INVITE_USES_MAX = 1000
INVITES_LIMIT = 100


def validity(form: Mapping[str, str]) -> tuple[int, int | None]:
    """The days and the uses for which a form asks: `days`, and perhaps `max_uses`. Raises `ValidationFailed`."""
    days = whole_number(form.get("days", ""), most=INVITE_DAYS_MAX)
    uses = form.get("max_uses", "").strip()
    return days, whole_number(uses, most=INVITE_USES_MAX) if uses else None


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
        invite_valid=admits(await find_invite(services.pool, token=invite)),
    )


async def find_invite(connection: Connection, *, token: str) -> OpenInvite | None:
    """The link of this token; None where it lets nobody in, or no more."""
    return await invite_queries.open_invite(connection, token_hash=hash_token(token)) if is_token(token) else None


def admits(invite: OpenInvite | None) -> bool:
    """Whether the link lets in who has no account yet, where that takes an invitation.

    Whoever owns a room may make links into it, for those who are here. An account comes from those who manage people.
    """
    return invite is not None and (invite.conversation_id is None or invite.by_manager)


async def use_invite(connection: Connection, *, token: str) -> bool:
    """Count one use; False where the link lets nobody in any more."""
    return await invite_queries.use_invite(connection, token_hash=hash_token(token))


async def create_invite(services: Services, *, viewer: Viewer, days: int, max_uses: int | None) -> str:
    """A new invitation's token, which can't be read again later.

    `days` is 1 to `INVITE_DAYS_MAX`, `max_uses` 1 to `INVITE_USES_MAX` or None for no limit.

    Raises `Forbidden`, and what `issue` does.
    """
    _require_manager(viewer)
    return await issue(services, created_by=viewer.id, conversation_id=None, days=days, max_uses=max_uses)


async def issue(
    services: Services, *, created_by: UUID, conversation_id: UUID | None, days: int, max_uses: int | None
) -> str:
    """A new link's token. Whether this person may make it has been asked.

    Raises `ValidationFailed`, also where there are `INVITES_LIMIT` links already: one more would be left out of the
    list, where nobody could revoke it; and `RateLimited`.
    """
    if not 1 <= days <= INVITE_DAYS_MAX or not (max_uses is None or 1 <= max_uses <= INVITE_USES_MAX):
        raise ValidationFailed(
            f"A link works for 1 to {INVITE_DAYS_MAX} days, and for 1 to {INVITE_USES_MAX:,} people or any number."
        )
    await services.count_change(created_by)
    if len(await links(services, conversation_id=conversation_id)) >= INVITES_LIMIT:
        raise ValidationFailed(f"There are {INVITES_LIMIT} links already. Revoke one that is no longer needed first.")
    token = new_token()
    await invite_queries.insert_invite(
        services.pool,
        invite_id=new_id(),
        token_hash=hash_token(token),
        created_by=created_by,
        conversation_id=conversation_id,
        lifetime=timedelta(days=days),
        max_uses=max_uses,
    )
    return token


async def open_invites(services: Services, *, viewer: Viewer) -> list[Invite]:
    """The invitations that still let people in. Raises `Forbidden`."""
    _require_manager(viewer)
    return await links(services, conversation_id=None)


async def links(services: Services, *, conversation_id: UUID | None) -> list[Invite]:
    """The newest links that still let people in, at most `INVITES_LIMIT`. Whether the viewer may know was asked."""
    return await invite_queries.open_invites(services.pool, conversation_id=conversation_id, limit=INVITES_LIMIT)


async def revoke_invite(services: Services, *, viewer: Viewer, invite_id: UUID) -> None:
    """Let nobody in with it any more. Raises `Forbidden`."""
    _require_manager(viewer)
    await revoke_link(services, conversation_id=None, invite_id=invite_id)


async def revoke_link(services: Services, *, conversation_id: UUID | None, invite_id: UUID) -> None:
    """Let nobody in with this link any more. Whether the viewer may has been asked."""
    await invite_queries.revoke_invite(services.pool, conversation_id=conversation_id, invite_id=invite_id)


def _require_manager(viewer: Viewer) -> None:
    if not viewer.manages_people:
        raise Forbidden("Only the owner and admins invite people.")
