"""What has been read, over the API."""

from aiohttp import web
from msgspec import UNSET, UnsetType

from chat.receipts import actions, recipient_actions, unread_actions
from chat.receipts.keys import RECORDER
from chat.receipts.model import Counts, Recipient, RecipientPlace
from chat.web.api import Call, Model, Page, PageQuery, Seq, answer
from chat.web.cursors import decode_cursor, encode_cursor
from chat.web.shapes import Status
from chat.web.throttle import count_history


class ReadUpTo(Model, frozen=True):
    """The sequence number of the last message that was seen; 0 for none."""

    up_to_seq: Seq


class UnreadFrom(Model, frozen=True):
    """The sequence number of the message from which on all is unread again."""

    from_seq: Seq


class ReceiptsQuery(PageQuery, frozen=True):
    """Which recipients: all of them, or those of one status."""

    status: Status | UnsetType = UNSET


class ReceiptsPage(Page[Recipient], frozen=True):
    """Recipients of a message, and how many of them there are of each status."""

    counts: Counts


async def mark_read(call: Call[ReadUpTo, None]) -> web.Response:
    """Everything up to this message has been read. The mark only moves forward, and never beyond the last message."""
    return answer(
        await actions.read(
            call.services,
            call.request.app[RECORDER],
            user_id=call.viewer.id,
            conversation_id=call.id("conversation_id"),
            up_to_seq=call.body.up_to_seq,
        )
    )


async def mark_unread(call: Call[UnreadFrom, None]) -> web.Response:
    """Count this message and what follows it as unread, to come back to it. Nobody else learns of it, and no receipt
    moves. The mark goes when that message is read again."""
    return answer(
        await unread_actions.mark_unread(
            call.services,
            user_id=call.viewer.id,
            conversation_id=call.id("conversation_id"),
            from_seq=call.body.from_seq,
        )
    )


async def list_receipts(call: Call[None, ReceiptsQuery]) -> web.Response:
    """Who has read one's own message, and when; then to whom it was delivered, then the others, each by name.

    It is exact for every message, however old. Whoever came into the conversation later is not among the recipients.
    Where somebody doesn't share what they read, or oneself doesn't, the message counts as delivered.
    """
    await count_history(call.request, call.viewer.id)
    query = call.query
    found = await recipient_actions.receipts(
        call.services,
        viewer_id=call.viewer.id,
        message_id=call.id("message_id"),
        status=None if query.status is UNSET else query.status,
        after=decode_cursor(query.cursor, RecipientPlace),
        limit=query.limit,
    )
    items, after = found.recipients.items, found.recipients.after
    return answer(ReceiptsPage(items, None if after is None else encode_cursor(after), after is not None, found.counts))
