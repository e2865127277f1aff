"""What a conversation is to one of its members. Pure: no database."""

from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from chat.errors import Forbidden, NotFound
from chat.realtime.render import Activity

Kind: TypeAlias = Literal["direct", "group", "room"]
Visibility: TypeAlias = Literal["public", "private"]
MemberRole: TypeAlias = Literal["owner", "admin", "member"]
Notify: TypeAlias = Literal["all", "mentions", "none"]


class ConversationNotFound(NotFound):
    """There is no such conversation, or this person is not in it: nobody learns which."""

    def __init__(self) -> None:
        super().__init__("This conversation does not exist, or you are not in it.")


class NotInConversation(Forbidden):
    """The room is public, so its being there is no secret; but what is said there is for those who have joined."""

    code = "NOT_IN_CONVERSATION"

    def __init__(self) -> None:
        super().__init__("You are not in this room. Join it first.")


@dataclass(frozen=True, slots=True)
class Row(Activity):
    """A conversation in the list of one person: what happened there last, and what is personal.

    `username` is the other person's in a direct conversation. The avatar has `initials` on a colour, `hue`, 0 to 11.
    """

    kind: str
    name: str
    username: str | None
    hue: int
    initials: str
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


def pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Two people in the order in which the database keeps them, whoever asks."""
    return (one, other) if one.int < other.int else (other, one)
