"""What happens in a conversation, one class each, and a conversation as the sequence of what happened there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from chat.conversations.model import Kind, Visibility

Deed: TypeAlias = Literal["create", "add", "admin", "archive", "join", "rename"]


@dataclass(frozen=True, slots=True)
class Said:
    """A message: when, by which username, its text, and the sequence number of what it replies to."""

    at: datetime
    by: str
    text: str
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class Did:
    """Something of which a system line tells. `people` are those that it is about, `name` the new one."""

    at: datetime
    by: str
    deed: Deed
    people: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reacted:
    """An emoji for the message of this number."""

    at: datetime
    by: str
    seq: int
    emoji: str


@dataclass(frozen=True, slots=True)
class Edited:
    """The message of this number got another text."""

    at: datetime
    by: str
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """The message of this number was erased."""

    at: datetime
    by: str
    seq: int


Happening: TypeAlias = Said | Did | Reacted | Edited | Deleted


@dataclass(frozen=True, slots=True)
class History:
    """All that happened in a conversation, oldest first. Messages and deeds are numbered 1, 2, 3 …, as in the product.

    `people` are the two of a direct conversation. The last messages are new to some: `unread` says how many.
    No device of those who are `away` has these yet.
    """

    kind: Kind
    happenings: Sequence[Happening]
    unread: Mapping[str, int]
    people: tuple[str, ...] = ()
    visibility: Visibility = "private"
    name: str | None = None
    topic: str | None = None
    muted: Collection[str] = field(default=())
    away: Collection[str] = field(default=())
