"""What a message is, and which content is accepted. Pure: no database, no clock."""

from dataclasses import dataclass
from uuid import UUID

from chat.errors import ValidationFailed
from chat.events import Message


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message as its sender's device handed it in, checked and not yet stored."""

    id: UUID
    conversation_id: UUID
    sender_id: UUID
    client_message_id: UUID
    content: str
    reply_to: UUID | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The confirmation: the message is on disk. `duplicate` where it had been before this request."""

    message: Message
    duplicate: bool


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Messages in their sequence, oldest first, and whether there are more on either side."""

    messages: list[Message]
    has_older: bool
    has_newer: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """Messages in the order of their latest changes, and whether there are more."""

    messages: list[Message]
    has_more: bool


# What takes no place: a message of nothing else would be an empty bubble.
_NO_WIDTH = " \n\u00ad\u200b\u200c\u200d\u2060\ufeff"


def check_content(content: str, *, max_length: int) -> str:
    """The content as it will be stored: trimmed, and otherwise exactly as typed.

    `max_length` counts Unicode code points after trimming. Raises `ValidationFailed` for content that is
    empty, too long, or that UTF-8 or PostgreSQL can't hold (lone surrogates, NUL).
    """
    trimmed = content.strip()
    if not trimmed.strip(_NO_WIDTH):
        raise ValidationFailed("A message needs some text.")
    over = len(trimmed) - max_length
    if over > 0:
        raise ValidationFailed(
            f"This message is {over:,} character{'s' if over > 1 else ''} too long; {max_length:,} fit into one."
        )
    if not is_storable(trimmed):
        raise ValidationFailed("This message holds characters that are not text.")
    return trimmed


def is_storable(text: str) -> bool:
    """Whether UTF-8 and a PostgreSQL text can hold it: no NUL, no lone surrogate."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
