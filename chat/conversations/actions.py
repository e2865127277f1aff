"""What people do with conversations."""

import unicodedata
from uuid import UUID

from chat.conversations import queries
from chat.conversations.model import ConversationNotFound, Row, pair
from chat.db import Record
from chat.errors import NotFound, ValidationFailed
from chat.events import ConversationListed
from chat.ids import new_id
from chat.markup import preview
from chat.people import hue_of, initials_of
from chat.realtime.render import LastMessage
from chat.services import Services

LIST_LIMIT = 100
SWITCHER_LIMIT = 8


async def open_direct(services: Services, *, viewer_id: UUID, other_id: UUID) -> UUID:
    """The one direct conversation of two people, made now if need be. Any number of calls give the same one.

    Raises `ValidationFailed` for a conversation with oneself, `NotFound` where there is no such active person.
    """
    if viewer_id == other_id:
        raise ValidationFailed("A direct conversation needs a second person.")
    low, high = pair(viewer_id, other_id)
    found = await queries.direct_id(services.pool, low=low, high=high)
    if found is not None:
        return found
    conversation_id = new_id()
    if await queries.create_direct(
        services.pool, conversation_id=conversation_id, low=low, high=high, created_by=viewer_id
    ):
        for user_id in (viewer_id, other_id):
            services.emit(ConversationListed(user_id=user_id, conversation_id=conversation_id))
        return conversation_id
    found = await queries.direct_id(services.pool, low=low, high=high)
    if found is None:
        raise NotFound("This person can't be found.")
    return found


async def listed(services: Services, *, viewer_id: UUID) -> list[Row]:
    """The viewer's conversations with the latest activity, at most `LIST_LIMIT`, newest first."""
    return [_row_of(record) for record in await queries.rows(services.pool, viewer_id=viewer_id, limit=LIST_LIMIT)]


async def get(services: Services, *, viewer_id: UUID, conversation_id: UUID) -> Row:
    """One conversation. Raises `ConversationNotFound`."""
    record = await queries.row(services.pool, viewer_id=viewer_id, conversation_id=conversation_id)
    if record is None:
        raise ConversationNotFound
    return _row_of(record)


async def search(services: Services, *, viewer_id: UUID, prefix: str) -> list[Row]:
    """The viewer's conversations of which a word of the name begins with `prefix`; the latest ones for none."""
    # Names are kept in normal form C, and people are called with an @.
    text = unicodedata.normalize("NFC", prefix).strip().removeprefix("@").lower()
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    records = await queries.search(services.pool, viewer_id=viewer_id, pattern=f"{escaped}%", limit=SWITCHER_LIMIT)
    return [_row_of(record) for record in records]


def _row_of(record: Record) -> Row:
    """A row of `queries.ROWS` as the templates want it."""
    last_message = None
    if record["sender_id"] is not None:
        text = "Message deleted" if record["deleted_at"] else preview(record["content"])
        last_message = LastMessage(record["sender_id"], record["sender_name"], text)
    return Row(
        id=record["id"],
        kind=record["kind"],
        name=record["name"],
        username=record["username"],
        hue=hue_of(record["other_id"] or record["id"]),
        initials=initials_of(record["name"]),
        last_seq=record["last_seq"],
        revision=record["revision"],
        read_up_to=record["read_up_to_seq"],
        activity_at=record["activity_at"],
        last_message=last_message,
        listed=record["listed"],
    )
