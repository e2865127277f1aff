"""Who has received and read a message, and when: for the one who wrote it."""

from collections.abc import Mapping
from functools import partial
from uuid import UUID

from chat.conversations import unflushed
from chat.conversations.unflushed import UpTo
from chat.db import Record
from chat.errors import Forbidden
from chat.events import Message, Sender
from chat.messages import actions as messages
from chat.receipts import recipient_queries
from chat.receipts.model import STATUSES, Counts, Receipts, Recipient, RecipientPlace
from chat.services import Services
from chat.web.cursors import Part
from chat.web.shapes import Status, has_status


async def receipts(
    services: Services,
    *,
    viewer_id: UUID,
    message_id: UUID,
    status: Status | None = None,
    after: RecipientPlace | None = None,
    limit: int,
) -> Receipts:
    """Recipients of the viewer's own message, after a place: who has read it, then to whom it was delivered, then the
    others, each by name. Only those of one `status` where one is given.

    Exact for every message, however old: who came later is no recipient. Whoever doesn't share what they read counts as
    somebody to whom it was delivered, and so does everybody for a viewer who doesn't.

    Raises what `messages.actions.message` raises, and `Forbidden` for what somebody else wrote.
    """
    message = await _own_message(services, viewer_id=viewer_id, message_id=message_id)
    return await _receipts(services, message, status=status, after=after, limit=limit)


async def receipts_by_status(
    services: Services, *, viewer_id: UUID, message_id: UUID, limit: int
) -> dict[Status, Receipts]:
    """The first recipients of each status that some have, the furthest first. Raises as `receipts` does."""
    message = await _own_message(services, viewer_id=viewer_id, message_id=message_id)
    found = {status: await _receipts(services, message, status=status, limit=limit) for status in STATUSES}
    return {status: receipts for status, receipts in found.items() if receipts.recipients.items}


async def _own_message(services: Services, *, viewer_id: UUID, message_id: UUID) -> Message:
    message = await messages.message(services, viewer_id=viewer_id, message_id=message_id)
    if not has_status(viewer_id, message):
        raise Forbidden("Only whoever wrote a message is told who has read it.")
    return message


async def _receipts(
    services: Services, message: Message, *, status: Status | None, after: RecipientPlace | None = None, limit: int
) -> Receipts:
    look = partial(_found, services, message, status=status, after=after, limit=limit + 1)
    records = await look(waiting={})
    if records and records[0]["large"]:
        found = await unflushed.of_conversations(services.redis, [message.conversation_id])
        if waiting := found[message.conversation_id]:
            records = await look(waiting=waiting)
    if not records:
        # The sender has left in this moment.
        return Receipts(Part([], None), Counts(0, 0, 0))
    counts = Counts(*(records[0][name] for name in STATUSES))
    listed = [record for record in records if record["user_id"] is not None]
    last = listed[limit - 1] if len(listed) > limit else None
    place = None if last is None else RecipientPlace(last["rank"], last["sort_name"], last["user_id"])
    return Receipts(Part([_recipient_of(record) for record in listed[:limit]], place), counts)


async def _found(
    services: Services,
    message: Message,
    *,
    status: Status | None,
    after: RecipientPlace | None,
    limit: int,
    waiting: Mapping[UUID, UpTo],
) -> list[Record]:
    return await recipient_queries.receipts(
        services.pool,
        conversation_id=message.conversation_id,
        sender_id=message.sender.id,
        seq=message.seq,
        rank=None if status is None else STATUSES.index(status),
        after=after,
        limit=limit,
        direct_max=services.settings.receipts_direct_max,
        waiting=waiting,
    )


def _recipient_of(record: Record) -> Recipient:
    user = Sender(record["user_id"], record["username"], record["display_name"], record["role"])
    return Recipient(user, STATUSES[record["rank"]], record["read_at"])
