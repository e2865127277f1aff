"""What people let others know of them: what they have read, and whether they are there."""

from uuid import UUID

from chat.accounts import privacy_queries
from chat.accounts.privacy_model import PresenceSharing, PrivacySettings
from chat.events import PersonChanged
from chat.services import Services


async def privacy(services: Services, *, viewer_id: UUID) -> PrivacySettings:
    """What the viewer shares."""
    return await privacy_queries.privacy(services.pool, user_id=viewer_id)


async def change_privacy(
    services: Services,
    *,
    viewer_id: UUID,
    read_receipts_enabled: bool | None = None,
    presence_sharing: PresenceSharing | None = None,
    invisible: bool | None = None,
) -> PrivacySettings:
    """Share this from now on; what is None stays. Answers what the viewer shares. Raises `RateLimited`."""
    if read_receipts_enabled is None and presence_sharing is None and invisible is None:
        return await privacy(services, viewer_id=viewer_id)
    await services.count_change(viewer_id)
    changed = await privacy_queries.change_privacy(
        services.pool,
        user_id=viewer_id,
        read_receipts_enabled=read_receipts_enabled,
        presence_sharing=presence_sharing,
        invisible=invisible,
    )
    services.emit(PersonChanged(viewer_id))
    return changed
