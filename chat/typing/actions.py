"""What follows when a person types, or stops."""

from uuid import UUID

from chat.accounts import actions as accounts
from chat.conversations.access import Deed, standing
from chat.events import TypingStarted, TypingStopped
from chat.realtime.typists import Typists
from chat.services import Services
from chat.typing.turns import Turns


async def start(services: Services, typists: Typists, turns: Turns, *, user_id: UUID, conversation_id: UUID) -> bool:
    """The person is typing; those hear it who have the conversation open. False where that was swallowed, because it
    has been told a moment ago.

    Raises `ConversationNotFound`, `NotInConversation` for a public room, and `Forbidden` where the person can't write.
    """
    if not await turns.take(conversation_id=conversation_id, user_id=user_id):
        return False
    typist = typists.of(conversation_id, user_id)
    if typist is None:
        # Once for every time that somebody begins: who goes on may still do so.
        stands = await standing(services.pool, viewer_id=user_id, conversation_id=conversation_id)
        stands.require(Deed.SEND)
        people = await accounts.people(services, user_ids=[user_id])
        if not people:
            return False  # deactivated a moment ago
        typist = TypingStarted(conversation_id, user_id, people[0].display_name)
    services.emit(typist)
    return True


def stop(services: Services, typists: Typists, *, user_id: UUID, conversation_id: UUID) -> None:
    """The person no longer types there; nothing happens where nobody thought so."""
    if typists.of(conversation_id, user_id) is not None:
        services.emit(TypingStopped(conversation_id, user_id))
