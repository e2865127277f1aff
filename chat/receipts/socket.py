"""What a device says about reading."""

from uuid import UUID

import msgspec
from aiohttp import web

from chat.realtime.connection import Connection
from chat.receipts import actions
from chat.web.keys import SERVICES


class ReceiptRead(msgspec.Struct):
    """`receipt:read`."""

    conversation_id: UUID
    up_to_seq: int


async def receipt_read(app: web.Application, connection: Connection, payload: ReceiptRead) -> None:
    """The person has seen everything up to here."""
    await actions.read(
        app[SERVICES],
        user_id=connection.user_id,
        conversation_id=payload.conversation_id,
        up_to_seq=payload.up_to_seq,
    )
