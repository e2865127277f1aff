"""What a person has received and read of a conversation. Pure: no database."""

from uuid import UUID

import msgspec

from chat.conversations.model import seen_up_to


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


def read_state(last_seq: int, read_up_to: int, unread_from: int | None) -> ReadState:
    """Unread is what came after what was read, or from the marker on, where one stands further back."""
    return ReadState(read_up_to=read_up_to, unread=max(0, last_seq - seen_up_to(read_up_to, unread_from)))
