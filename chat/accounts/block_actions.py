"""Blocking: neither starts a direct conversation with the other any more, writes in theirs, adds the other, or sees
whether the other is there; and they are no contacts."""

from uuid import UUID

from chat.accounts import block_queries, contact_actions, contact_queries
from chat.accounts.contact_model import PersonPlace, Relation, part_of
from chat.errors import NotFound, ValidationFailed
from chat.events import ConversationListed, PersonChanged
from chat.services import Services
from chat.web.cursors import Part

BLOCKED_PAGE = 50


async def block(services: Services, *, viewer_id: UUID, user_id: UUID) -> None:
    """Hear nothing more from somebody. Raises `ValidationFailed` for oneself, `NotFound` for nobody, and
    `RateLimited`."""
    if viewer_id == user_id:
        raise ValidationFailed("You can't block yourself.")
    await services.count_change(viewer_id)
    async with services.pool.acquire() as connection, connection.transaction():
        # Whoever is being asked at this moment is asked before it, or refused after it.
        await contact_queries.lock(connection, one=viewer_id, other=user_id)
        if not await block_queries.block(connection, blocker_id=viewer_id, blocked_id=user_id):
            raise NotFound("This person can't be found.")
        removed = await contact_queries.remove(connection, viewer_id=viewer_id, user_id=user_id)
    if removed:
        contact_actions.tell(services, viewer_id, user_id)
    await _tell(services, viewer_id, user_id)


async def unblock(services: Services, *, viewer_id: UUID, user_id: UUID) -> None:
    """Take it back; nothing happens where there is nothing to take back. Raises `RateLimited`."""
    await services.count_change(viewer_id)
    if await block_queries.unblock(services.pool, blocker_id=viewer_id, blocked_id=user_id):
        await _tell(services, viewer_id, user_id)


async def blocked(
    services: Services, *, viewer_id: UUID, after: PersonPlace | None = None, limit: int = BLOCKED_PAGE
) -> Part[Relation, PersonPlace]:
    """Whom the viewer has blocked, by name, after a place."""
    found = await block_queries.blocked(services.pool, blocker_id=viewer_id, after=after, limit=limit + 1)
    return part_of(found, limit=limit)


async def _tell(services: Services, one: UUID, other: UUID) -> None:
    """Neither is told of the other from now on, or is again. And their conversation, if there is one, is written in or
    not: to both, its row has changed."""
    # First of all, and whether or not the database can still be asked: what one hides mustn't be told any more.
    for user_id in (one, other):
        services.emit(PersonChanged(user_id))
    conversation_id = await block_queries.direct_conversation(services.pool, one=one, other=other)
    if conversation_id is not None:
        for user_id in (one, other):
            services.emit(ConversationListed(user_id=user_id, conversation_id=conversation_id))
