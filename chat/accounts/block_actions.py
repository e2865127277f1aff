"""Blocking: neither starts a direct conversation with the other any more, writes in theirs, or adds the other."""

from uuid import UUID

from chat.accounts import block_queries
from chat.accounts.model import Person
from chat.errors import NotFound, ValidationFailed
from chat.events import ConversationListed
from chat.services import Services


async def block(services: Services, *, viewer_id: UUID, user_id: UUID) -> None:
    """Hear nothing more from somebody. Raises `ValidationFailed` for oneself, `NotFound` for nobody."""
    if viewer_id == user_id:
        raise ValidationFailed("You can't block yourself.")
    if not await block_queries.block(services.pool, blocker_id=viewer_id, blocked_id=user_id):
        raise NotFound("This person can't be found.")
    await _tell(services, viewer_id, user_id)


async def unblock(services: Services, *, viewer_id: UUID, user_id: UUID) -> None:
    """Take it back; nothing happens where there is nothing to take back."""
    await block_queries.unblock(services.pool, blocker_id=viewer_id, blocked_id=user_id)
    await _tell(services, viewer_id, user_id)


async def blocked(services: Services, *, viewer_id: UUID) -> list[Person]:
    """Whom the viewer has blocked, by name."""
    return await block_queries.blocked(services.pool, blocker_id=viewer_id)


async def _tell(services: Services, one: UUID, other: UUID) -> None:
    """Their conversation, if there is one, is written in or not: to both, its row has changed."""
    conversation_id = await block_queries.direct_conversation(services.pool, one=one, other=other)
    if conversation_id is not None:
        for user_id in (one, other):
            services.emit(ConversationListed(user_id=user_id, conversation_id=conversation_id))
