"""What one member lets the others in a conversation know."""

from uuid import UUID

from chat.conversations import member_queries
from chat.conversations.model import ConversationNotFound
from chat.events import ConversationListed, PersonChanged
from chat.services import Services


async def share_reads(services: Services, *, viewer_id: UUID, conversation_id: UUID, enabled: bool | None) -> None:
    """Let the others there see what one has read, and see what they have read; or neither. None: as one's settings say.

    Raises `ConversationNotFound`, and `RateLimited`.
    """
    await services.count_change(viewer_id)
    is_member = await member_queries.set_read_receipts(
        services.pool, user_id=viewer_id, conversation_id=conversation_id, enabled=enabled
    )
    if not is_member:
        raise ConversationNotFound
    services.emit(PersonChanged(viewer_id))
    services.emit(ConversationListed(user_id=viewer_id, conversation_id=conversation_id))
