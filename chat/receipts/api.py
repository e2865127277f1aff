"""What has been read, over the API."""

from aiohttp import web

from chat.receipts import actions, unread_actions
from chat.receipts.keys import RECORDER
from chat.web.api import Call, Model, Seq, answer


class ReadUpTo(Model, frozen=True):
    """The sequence number of the last message that was seen; 0 for none."""

    up_to_seq: Seq


class UnreadFrom(Model, frozen=True):
    """The sequence number of the message from which on all is unread again."""

    from_seq: Seq


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
