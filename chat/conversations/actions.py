"""What people do with conversations."""

import unicodedata
from uuid import UUID

from chat.conversations import queries
from chat.conversations.access import standing
from chat.conversations.model import ConversationNotFound, Row, RowPlace, pair
from chat.conversations.rows import rows_of
from chat.errors import Forbidden, NotFound, ValidationFailed
from chat.events import ConversationListed
from chat.ids import new_id
from chat.services import Services
from chat.web.cursors import Part

LIST_LIMIT = 100
SWITCHER_LIMIT = 8


async def open_direct(services: Services, *, viewer_id: UUID, other_id: UUID) -> UUID:
    """The one direct conversation of two people, made now if need be. Any number of calls give the same one.

    Raises `ValidationFailed` for a conversation with oneself, `NotFound` where there is no such active person,
    `Forbidden` for the first conversation of two of whom one has blocked the other, and `RateLimited` for too many
    first ones.
    """
    if viewer_id == other_id:
        raise ValidationFailed("A direct conversation needs a second person.")
    low, high = pair(viewer_id, other_id)
    found = await queries.direct_id(services.pool, low=low, high=high)
    if found is not None:
        return found
    await services.count_change(viewer_id)
    conversation_id = new_id()
    if await queries.create_direct(
        services.pool, conversation_id=conversation_id, low=low, high=high, created_by=viewer_id
    ):
        for user_id in (viewer_id, other_id):
            services.emit(ConversationListed(user_id=user_id, conversation_id=conversation_id))
        return conversation_id
    found = await queries.direct_id(services.pool, low=low, high=high)
    if found is not None:
        return found
    if await queries.is_blocked(services.pool, one=viewer_id, other=other_id):
        raise Forbidden("You can't start a conversation with this person.")
    raise NotFound("This person can't be found.")


async def listed(services: Services, *, viewer_id: UUID) -> list[Row]:
    """The viewer's conversations with the latest activity, at most `LIST_LIMIT`, newest first."""
    return (await part(services, viewer_id=viewer_id, limit=LIST_LIMIT)).items


async def part(
    services: Services, *, viewer_id: UUID, after: RowPlace | None = None, limit: int = LIST_LIMIT
) -> Part[Row, RowPlace]:
    """The viewer's conversations after a place, the latest activity first. One in which something happens meanwhile
    moves to the front, and may so be missing from the parts that follow."""
    records = await queries.rows(services.pool, viewer_id=viewer_id, after=after, limit=limit + 1)
    rows = await rows_of(services, records[:limit])
    return Part(rows, RowPlace(rows[-1].activity_at, rows[-1].id) if len(records) > limit else None)


async def get(services: Services, *, viewer_id: UUID, conversation_id: UUID) -> Row:
    """One conversation. Raises `ConversationNotFound`, and `NotInConversation` for a public room that the viewer isn't
    in."""
    record = await queries.row(services.pool, viewer_id=viewer_id, conversation_id=conversation_id)
    if record is None:
        await standing(services.pool, viewer_id=viewer_id, conversation_id=conversation_id)
        raise ConversationNotFound
    (row,) = await rows_of(services, [record])
    return row


async def search(services: Services, *, viewer_id: UUID, prefix: str) -> list[Row]:
    """The viewer's conversations with a name, or a person's username, of which a word begins like this; all of them
    for an empty prefix; at most `SWITCHER_LIMIT`, the latest activity first."""
    # Names are kept in normal form C, and people are called with an @, rooms with a #.
    text = unicodedata.normalize("NFC", prefix).strip().lstrip("@#").lower()
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    records = await queries.search(services.pool, viewer_id=viewer_id, pattern=f"{escaped}%", limit=SWITCHER_LIMIT)
    return await rows_of(services, records)
