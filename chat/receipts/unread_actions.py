"""What people mark as unread by hand, to come back to it."""

from uuid import UUID

from chat import redis
from chat.conversations import unflushed
from chat.conversations.access import standing
from chat.conversations.model import ConversationNotFound, is_small
from chat.db import Record
from chat.errors import ValidationFailed
from chat.events import ReceiptMoved
from chat.receipts import unread_queries
from chat.receipts.model import ReadState, read_state
from chat.services import Services


async def mark_unread(services: Services, *, user_id: UUID, conversation_id: UUID, from_seq: int) -> ReadState:
    """Count this message and all that follow it as unread, whatever was read; the person's own devices hear of it.

    No receipt moves. The mark goes when the person reads that far again. Any message may be marked, also one's own.
    Raises `ConversationNotFound`, `NotInConversation` for a public room, and `ValidationFailed` where there is no such
    message.
    """
    found = await unread_queries.mark_unread(
        services.pool, user_id=user_id, conversation_id=conversation_id, from_seq=from_seq
    )
    if found is None:
        # Says which refusal it is.
        await standing(services.pool, viewer_id=user_id, conversation_id=conversation_id)
        raise ConversationNotFound
    if not 1 <= from_seq <= found["last_seq"]:
        raise ValidationFailed("There is no message of this number.")
    small = is_small(found["kind"], found["members_count"], direct_max=services.settings.receipts_direct_max)
    delivered, read = (0, 0) if small else await _waiting(services, found)
    read_up_to = max(found["read_up_to"], read)
    # Told again when it is asked for again: nobody knows whether the first answer came through.
    services.emit(
        ReceiptMoved(
            conversation_id=conversation_id,
            user_id=user_id,
            joined_seq=found["joined_seq"],
            delivered_up_to=max(found["delivered_up_to"], delivered),
            read_up_to=read_up_to,
            at=found["at"],
            unread_from=from_seq,
            is_delivered=False,
            is_read=False,
            is_marked=True,
            small=small,
            # Nobody else's business.
            shared=False,
        )
    )
    return read_state(found["last_seq"], read_up_to, from_seq)


async def _waiting(services: Services, found: Record) -> tuple[int, int]:
    """How far the person has received and read by what isn't stored yet."""
    try:
        (waiting,) = await unflushed.of_members(services.redis, [(found["user_id"], found["conversation_id"])])
    except redis.UNAVAILABLE:
        # What is read meanwhile is written at once.
        return 0, 0
    return waiting
