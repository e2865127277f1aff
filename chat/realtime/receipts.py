"""What devices are told of who has received and read what."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from chat.events import ReceiptMoved
from chat.realtime.frames import Frame


class ReceiptUpdated(Frame, frozen=True, tag="receipt:updated"):
    """How far a member has received and read; what came up to `joined_seq` was not sent to that person. `read_up_to` is
    None for whom it isn't shared with, `at` where it isn't known when; `unread_from`, where the person has marked
    messages as unread, is for the person's own devices."""

    conversation_id: UUID
    user_id: UUID
    joined_seq: int
    delivered_up_to: int
    read_up_to: int | None
    at: datetime | None
    unread_from: int | UnsetType | None = UNSET


class ReceiptCount(Frame, frozen=True, tag="receipt:count"):
    """How many have read the newest message of this person in a larger conversation, and those `earlier` among the
    newest there: each a sequence number and a count, where that is another than the one before. `delivered_up_to` and
    `read_up_to` are the furthest of anybody else; who came in later has read nothing of what is older."""

    conversation_id: UUID
    seq: int
    count: int
    earlier: list[tuple[int, int]]
    delivered_up_to: int
    read_up_to: int

    @property
    def without_reads(self) -> "ReceiptCount":
        """The same for somebody who doesn't share reads, and so learns of nobody's."""
        return msgspec.structs.replace(self, count=0, earlier=[], read_up_to=0)


def receipt_updated(event: ReceiptMoved, *, read: bool = True, own: bool = False) -> ReceiptUpdated:
    """The news of a receipt for others, without what was `read` where they may not know that; or for the person's own
    devices."""
    return ReceiptUpdated(
        conversation_id=event.conversation_id,
        user_id=event.user_id,
        joined_seq=event.joined_seq,
        delivered_up_to=event.delivered_up_to,
        read_up_to=event.read_up_to if read else None,
        at=event.at,
        unread_from=event.unread_from if own else UNSET,
    )
