"""What a person has received and read of a conversation. Pure: no database."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias, get_args
from uuid import UUID

import msgspec

from chat.conversations.model import seen_up_to
from chat.events import Sender, Time
from chat.web.cursors import Part
from chat.web.shapes import Status, Text

# A conversation and a person in it, as the rows of members are ordered, and locked.
MemberKey: TypeAlias = tuple[UUID, UUID]

# The furthest first.
STATUSES: tuple[Status, ...] = tuple(reversed(get_args(Status)))


class ReadState(msgspec.Struct, frozen=True):
    """How far a person has read, and how many messages are unread: those that came after that, or from the one on that
    the person has marked so."""

    read_up_to: int
    unread: int


class Receipt(msgspec.Struct, frozen=True):
    """What a device says: its person has received the messages of a conversation up to `delivered`, and has read them
    up to `read`. What was read was received; 0 says nothing."""

    conversation_id: UUID
    user_id: UUID
    delivered: int = 0
    read: int = 0

    @property
    def key(self) -> MemberKey:
        """Whose it is."""
        return self.conversation_id, self.user_id

    def merged_with(self, other: "Receipt") -> "Receipt":
        """Both in one: as far as either of the two says, which are of the same member."""
        return Receipt(*self.key, delivered=max(self.delivered, other.delivered), read=max(self.read, other.read))


class Recipient(msgspec.Struct, frozen=True):
    """Somebody to whom a message was sent: whether it was delivered to them, and whether and when they have read it.

    The time is null for some seconds after somebody has read a message in a larger conversation.
    """

    user: Sender
    status: Status
    read_at: Time | None


class RecipientPlace(msgspec.Struct, frozen=True):
    """A place in the list of a message's recipients."""

    rank: Annotated[int, msgspec.Meta(ge=0, le=2)]
    name: Text
    user_id: UUID


class Counts(msgspec.Struct, frozen=True):
    """How many have read a message, to how many it was delivered that haven't, and how many it has not reached."""

    read: int
    delivered: int
    sent: int


@dataclass(frozen=True, slots=True)
class Receipts:
    """Some of a message's recipients, and how many there are of each kind."""

    recipients: Part[Recipient, RecipientPlace]
    counts: Counts


def read_state(last_seq: int, read_up_to: int, unread_from: int | None) -> ReadState:
    """Unread is what came after what was read, or from the marker on, where one stands further back."""
    return ReadState(read_up_to=read_up_to, unread=max(0, last_seq - seen_up_to(read_up_to, unread_from)))
