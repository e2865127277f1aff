"""What follows when a person has read something."""

from uuid import UUID

from chat.conversations.access import standing
from chat.conversations.model import ConversationNotFound
from chat.errors import ValidationFailed
from chat.events import ReadMoved
from chat.receipts import queries
from chat.receipts.model import ReadState
from chat.services import Services


async def read(services: Services, *, user_id: UUID, conversation_id: UUID, up_to_seq: int) -> ReadState:
    """Note that the person has read everything up to a sequence number; all of the person's devices hear of it.

    A number that lies behind what is known changes nothing. Raises `ConversationNotFound`, `NotInConversation` for a
    public room, and `ValidationFailed` for a negative number.
    """
    if up_to_seq < 0:
        raise ValidationFailed("A sequence number is not negative.")
    row = await queries.move_read(
        services.pool, user_id=user_id, conversation_id=conversation_id, up_to_seq=min(up_to_seq, 2**62)
    )
    if row is None:
        await standing(services.pool, viewer_id=user_id, conversation_id=conversation_id)
        raise ConversationNotFound
    if row["moved"]:
        services.emit(
            ReadMoved(
                conversation_id=conversation_id,
                user_id=user_id,
                read_up_to=row["read_up_to"],
                delivered_up_to=row["delivered_up_to"],
                at=row["at"],
            )
        )
    return ReadState(read_up_to=row["read_up_to"], unread=max(0, row["last_seq"] - row["read_up_to"]))
