"""What a person has read of a conversation. Pure: no database."""

import msgspec


class ReadState(msgspec.Struct, frozen=True):
    """How far a person has read, and how many messages came after that."""

    read_up_to: int
    unread: int
