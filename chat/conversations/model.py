"""What a conversation is to one of its members. Pure: no database."""

from dataclasses import dataclass
from uuid import UUID

from chat.people import hue_of, initials_of
from chat.realtime.render import Activity


@dataclass(frozen=True, slots=True)
class Avatar:
    """Initials on a colour, 0 to 11."""

    hue: int
    initials: str


@dataclass(frozen=True, slots=True)
class Row(Activity):
    """A conversation in the list of one person: what happened there last, and what is personal."""

    kind: str
    name: str
    username: str | None
    avatar: Avatar
    revision: int
    read_up_to: int
    listed: bool

    @property
    def unread(self) -> int:
        """Arithmetic, never a count over messages."""
        return max(0, self.last_seq - self.read_up_to)

    @property
    def href(self) -> str:
        """Its page."""
        return f"/c/{self.id}"

    @property
    def hue(self) -> int:
        """The colour of the avatar, 0 to 11."""
        return self.avatar.hue

    @property
    def initials(self) -> str:
        """The letters on the avatar."""
        return self.avatar.initials


def avatar_of(identity: UUID, name: str) -> Avatar:
    """The avatar of a person, or of a conversation of several."""
    return Avatar(hue_of(identity), initials_of(name))


def pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Two people in the order in which the database keeps them, whoever asks."""
    return (one, other) if one.int < other.int else (other, one)
