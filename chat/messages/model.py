"""What a message is, and which content is accepted. Pure: no database, no clock."""

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from chat.errors import NotFound, ValidationFailed
from chat.events import Message, Sender, Time


class MessageNotFound(NotFound):
    """There is no such message, or this person is not where it stands: nobody learns which."""

    def __init__(self) -> None:
        super().__init__("This message does not exist, or you can't see it.")


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


@dataclass(frozen=True, slots=True)
class Edition:
    """What a message said before it was edited, and since when."""

    content: str
    at: Time


@dataclass(frozen=True, slots=True)
class Reacted:
    """An emoji at a message: how many people chose it, and the first of them."""

    emoji: str
    count: int
    people: tuple[Sender, ...]


# What takes no place: a message of nothing else would be an empty bubble.
_NO_WIDTH = " \n\u00ad\u200b\u200c\u200d\u2060\ufeff"


def check_content(content: str, *, max_length: int) -> str:
    """The content as it will be stored: trimmed, and otherwise exactly as typed.

    `max_length` counts Unicode code points after trimming. Raises `ValidationFailed` for content that is
    empty, too long, or that UTF-8 or PostgreSQL can't hold (lone surrogates, NUL).
    """
    trimmed = content.strip()
    if not trimmed.strip(_NO_WIDTH):
        raise _unacceptable("A message needs some text.")
    over = len(trimmed) - max_length
    if over > 0:
        raise _unacceptable(
            f"This message is {over:,} character{'s' if over > 1 else ''} too long; {max_length:,} fit into one."
        )
    if not is_storable(trimmed):
        raise _unacceptable("This message holds characters that are not text.")
    return trimmed


def _unacceptable(sentence: str) -> ValidationFailed:
    return ValidationFailed(sentence, fields={"content": sentence})


def is_storable(text: str) -> bool:
    """Whether UTF-8 and a PostgreSQL text can hold it: no NUL, no lone surrogate."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=1024)
def check_emoji(text: str) -> str:
    """The emoji in the form in which it is stored: the heart that a browser draws in red and the one that it would
    draw in black are one. Raises `ValidationFailed` for anything but a single emoji."""
    # Loads 5,000 names: no process has them before somebody reacts.
    from emoji import EMOJI_DATA, STATUS

    data = EMOJI_DATA.get(text)
    if data is None or data["status"] == STATUS["component"]:
        raise ValidationFailed("This is not an emoji.")
    if data["status"] == STATUS["fully_qualified"]:
        return text
    return next(
        emoji
        for emoji, other in EMOJI_DATA.items()
        if other["en"] == data["en"] and other["status"] == STATUS["fully_qualified"]
    )
