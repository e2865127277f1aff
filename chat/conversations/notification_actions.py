"""What one member wants to be told of."""

from datetime import datetime
from uuid import UUID

from chat.conversations import member_queries
from chat.conversations.model import ConversationNotFound, Notify, check_time
from chat.errors import ValidationFailed
from chat.events import ConversationListed
from chat.services import Services


async def set_notify(services: Services, *, viewer_id: UUID, conversation_id: UUID, notify: Notify) -> None:
    """Be told of all messages there, of mentions, or of none. Raises `ConversationNotFound`."""
    changed = await member_queries.set_notify(
        services.pool, user_id=viewer_id, conversation_id=conversation_id, notify=notify
    )
    _tell(services, changed, viewer_id, conversation_id)


async def mute(services: Services, *, viewer_id: UUID, conversation_id: UUID, until: datetime) -> None:
    """Be told of nothing there until then, whatever the level is. Raises `ConversationNotFound`, `ValidationFailed`."""
    if until.tzinfo is None:
        raise ValidationFailed("The time needs its offset from UTC.", fields={"muted_until": "The offset is missing."})
    try:
        check_time(until)
    except ValueError as problem:
        raise ValidationFailed(str(problem), fields={"muted_until": str(problem)}) from None
    changed = await member_queries.set_muted_until(
        services.pool, user_id=viewer_id, conversation_id=conversation_id, until=until
    )
    _tell(services, changed, viewer_id, conversation_id)


async def unmute(services: Services, *, viewer_id: UUID, conversation_id: UUID) -> None:
    """Be told of things again, as the level says. Raises `ConversationNotFound`."""
    changed = await member_queries.set_muted_until(
        services.pool, user_id=viewer_id, conversation_id=conversation_id, until=None
    )
    _tell(services, changed, viewer_id, conversation_id)


def _tell(services: Services, is_member: bool, viewer_id: UUID, conversation_id: UUID) -> None:
    if not is_member:
        raise ConversationNotFound
    services.emit(ConversationListed(user_id=viewer_id, conversation_id=conversation_id))
