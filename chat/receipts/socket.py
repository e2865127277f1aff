"""What a device says about reading."""

from uuid import UUID

import msgspec
from aiohttp import web

from chat.messages.socket import Subscribe
from chat.realtime.connection import Connection
from chat.realtime.receipts import ReceiptCount
from chat.realtime.socket import HUB
from chat.receipts import actions, snapshots
from chat.receipts.keys import RECORDER
from chat.web.keys import SERVICES


class UpTo(msgspec.Struct):
    """`message:delivered` and `receipt:read`: all messages up to this one."""

    conversation_id: UUID
    up_to_seq: int


async def tell_receipts(app: web.Application, connection: Connection, payload: Subscribe) -> None:
    """How far the others have come, to a device that has opened the conversation."""
    seen = await snapshots.seen_by(app[SERVICES], viewer_id=connection.user_id, conversation_id=payload.conversation_id)
    for frame in [seen] if isinstance(seen, ReceiptCount) else seen or []:
        if payload.conversation_id in connection.open:
            await connection.tell(frame)
    app[HUB].receipt_counts.overtake(payload.conversation_id)


async def message_delivered(app: web.Application, connection: Connection, payload: UpTo) -> None:
    """The device has everything up to here. Somebody who is invisible looks as if there were no device; when that is
    over, pages say it anew."""
    if connection.person.privacy.invisible:
        return
    await actions.delivered(
        app[SERVICES],
        app[RECORDER],
        user_id=connection.user_id,
        conversation_id=payload.conversation_id,
        up_to_seq=payload.up_to_seq,
    )


async def receipt_read(app: web.Application, connection: Connection, payload: UpTo) -> None:
    """The person has seen everything up to here."""
    await actions.read(
        app[SERVICES],
        app[RECORDER],
        user_id=connection.user_id,
        conversation_id=payload.conversation_id,
        up_to_seq=payload.up_to_seq,
    )
