"""What a conversation is to one of its members. Pure: no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID, uuid5

import msgspec

from chat.accounts.model import Person
from chat.errors import Forbidden, NotFound
from chat.events import Time
from chat.ids import new_id
from chat.people import hue_of, initials_of
from chat.realtime.render import Activity
from chat.web.shapes import Text

Kind: TypeAlias = Literal["direct", "group", "room"]
Visibility: TypeAlias = Literal["public", "private"]
MemberRole: TypeAlias = Literal["owner", "admin", "member"]
Notify: TypeAlias = Literal["all", "mentions", "none"]

# The times that people may name.
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class ConversationNotFound(NotFound):
    """There is no such conversation, or this person is not in it: nobody learns which."""

    def __init__(self) -> None:
        super().__init__("This conversation does not exist, or you are not in it.")


class NotInConversation(Forbidden):
    """The room is public, so its being there is no secret; but what is said there is for those who have joined."""

    code = "NOT_IN_CONVERSATION"

    def __init__(self) -> None:
        super().__init__("You are not in this room. Join it first.")


class RowPlace(msgspec.Struct, frozen=True):
    """A place in somebody's list of conversations."""

    activity_at: Time
    id: UUID

    def __post_init__(self) -> None:
        """Raises `ValueError` for a time that the database can't hold."""
        check_time(self.activity_at)


class MemberPlace(msgspec.Struct, frozen=True):
    """A place in the list of a conversation's members."""

    rank: Annotated[int, msgspec.Meta(ge=0, le=2)]
    name: Text
    user_id: UUID


class RoomPlace(msgspec.Struct, frozen=True):
    """A place in the list of public rooms."""

    name_key: Text
    id: UUID


@dataclass(frozen=True, slots=True)
class Row(Activity):
    """A conversation in the list of one person: what happened there last, and what is personal.

    `name` is what this person calls it: of a direct conversation the other one's, with `username` and `other_id`; of a
    group without a name, which `named` says, its people's. The avatar has `initials` on a colour, `hue`, 0 to 11.
    What came after `read_up_to` is unread, and what the person has marked so, from `unread_from` on. `mentions` counts
    those that are unread. `blocked` where one of the two has blocked the other, `blocking` where it was this person.
    Whether others see what this person has read here, `read_receipts_enabled` says; None: as the person's settings say.
    """

    kind: Kind
    name: str
    named: bool
    username: str | None
    other_id: UUID | None
    topic: str | None
    visibility: Visibility
    members_count: int
    role: MemberRole
    notify: Notify
    muted_until: datetime | None
    read_receipts_enabled: bool | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    hue: int
    initials: str
    revision: int
    read_up_to: int
    unread_from: int | None
    delivered_up_to: int
    mentions: int
    listed: bool
    blocked: bool
    blocking: bool

    @property
    def seen_up_to(self) -> int:
        """The last message before those that are unread."""
        return seen_up_to(self.read_up_to, self.unread_from)

    @property
    def unread(self) -> int:
        """Arithmetic, never a count over messages."""
        return max(0, self.last_seq - self.seen_up_to)

    @property
    def muted(self) -> bool:
        """Whether it is muted now."""
        return self.muted_until is not None and self.muted_until > datetime.now(UTC)

    @property
    def href(self) -> str:
        """Its page."""
        return f"/c/{self.id}"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a conversation; `role` is the one there, and `active` false of a deactivated account."""

    person: Person
    role: MemberRole
    active: bool
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """A room as somebody sees it who may join it: `joined` where the viewer is in it already."""

    id: UUID
    name: str
    topic: str | None
    visibility: Visibility
    members_count: int
    joined: bool
    kind: Kind = "room"

    @property
    def hue(self) -> int:
        """The colour of the avatar, 0 to 11."""
        return hue_of(self.id)

    @property
    def initials(self) -> str:
        """What stands in the avatar."""
        return initials_of(self.name)

    @property
    def href(self) -> str:
        """Its page, for those who are in it."""
        return f"/c/{self.id}"


@dataclass(frozen=True, slots=True)
class Details:
    """What a group or room is called and about, checked. `name_key` is a room's name as it is compared."""

    name: str | None
    name_key: str | None = None
    topic: str | None = None
    visibility: Visibility = "private"


@dataclass(frozen=True, slots=True)
class NewConversation:
    """A group or room that is to be made."""

    id: UUID
    kind: Kind
    details: Details


def new_conversation_id(viewer_id: UUID, key: UUID | None) -> UUID:
    """The id of what this person makes: always the same with the same `key`, so that a request which is sent again
    makes nothing twice."""
    return new_id() if key is None else uuid5(viewer_id, str(key))


def is_small(kind: str, members_count: int, *, direct_max: int) -> bool:
    """Whether receipts are written and told one by one: between two people, and among `direct_max` at most."""
    return kind == "direct" or members_count <= direct_max


def seen_up_to(read_up_to: int, unread_from: int | None) -> int:
    """Unread is what comes after this: what hasn't been read, and what was marked so by hand."""
    return read_up_to if unread_from is None else min(read_up_to, unread_from - 1)


def check_time(time: datetime) -> None:
    """Raises `ValueError` for a time at an end of the calendar: in UTC it may lie beyond, and asyncpg takes the very
    ends for infinity."""
    if not _FIRST <= time <= _LAST:
        raise ValueError("That is longer ago, or longer until then, than anybody can mean.")


def pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Two people in the order in which the database keeps them, whoever asks."""
    return (one, other) if one.int < other.int else (other, one)


def in_words(names: Sequence[str], *, total: int | None = None) -> str:
    """A list as people say it: "Ivo", "Ivo and Runa", "Ivo, Runa and 12 others"; `total` counts those not named too."""
    others = (len(names) if total is None else total) - len(names)
    said = [*names, f"{others:,} other{'s' if others > 1 else ''}"] if others > 0 else list(names)
    return " and ".join(part for part in (", ".join(said[:-1]), said[-1]) if part) if said else ""
