"""The SQL about what people let others know of them."""

from uuid import UUID

from chat.accounts.privacy_model import PresenceSharing, PrivacySettings
from chat.db import Connection


async def privacy(connection: Connection, *, user_id: UUID) -> PrivacySettings:
    """What an account, which there is, shares."""
    record = await connection.fetchrow(
        "select read_receipts_enabled, presence_sharing, invisible from users where id = $1", user_id
    )
    return PrivacySettings(**record)


async def change_privacy(
    connection: Connection,
    *,
    user_id: UUID,
    read_receipts_enabled: bool | None,
    presence_sharing: PresenceSharing | None,
    invisible: bool | None,
) -> PrivacySettings:
    """Share this from now on; what is None stays. Answers what is shared now.

    Who becomes invisible was last seen now, as is anybody who leaves: nothing older gives it away.
    """
    record = await connection.fetchrow(
        """
        update users set read_receipts_enabled = coalesce($2, read_receipts_enabled),
            presence_sharing = coalesce($3, presence_sharing), invisible = coalesce($4, invisible),
            last_seen_at = case when $4 and not invisible then now() else last_seen_at end, updated_at = now()
        where id = $1
        returning read_receipts_enabled, presence_sharing, invisible
        """,
        user_id,
        read_receipts_enabled,
        presence_sharing,
        invisible,
    )
    return PrivacySettings(**record)
