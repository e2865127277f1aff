"""What follows when a person has received or read something."""

from uuid import UUID

from chat.conversations.access import standing
from chat.conversations.model import ConversationNotFound
from chat.errors import ValidationFailed
from chat.receipts.model import ReadState, Receipt
from chat.receipts.recorder import Recorder
from chat.services import Services

# No sequence number comes near; a larger one wouldn't fit into the database.
_FURTHEST = 2**62


async def read(
    services: Services, recorder: Recorder, *, user_id: UUID, conversation_id: UUID, up_to_seq: int
) -> ReadState:
    """The person has read everything up to a sequence number; all of the person's devices hear of it, and those who
    may know it.

    A number that lies behind what is known changes nothing. Raises `ConversationNotFound`, `NotInConversation` for a
    public room, `ValidationFailed` for a negative number, and `Unavailable`.
    """
    _check(up_to_seq)
    receipt = Receipt(conversation_id, user_id, read=min(up_to_seq, _FURTHEST))
    return await _record(services, recorder, receipt)


async def delivered(
    services: Services, recorder: Recorder, *, user_id: UUID, conversation_id: UUID, up_to_seq: int
) -> None:
    """One of the person's devices has everything up to a sequence number. Raises as `read` does."""
    _check(up_to_seq)
    receipt = Receipt(conversation_id, user_id, delivered=min(up_to_seq, _FURTHEST))
    await _record(services, recorder, receipt)


async def _record(services: Services, recorder: Recorder, receipt: Receipt) -> ReadState:
    state = await recorder.record(receipt)
    if state is None:
        # Says which refusal it is.
        await standing(services.pool, viewer_id=receipt.user_id, conversation_id=receipt.conversation_id)
        raise ConversationNotFound
    return state


def _check(up_to_seq: int) -> None:
    if up_to_seq < 0:
        raise ValidationFailed("A sequence number is not negative.")
