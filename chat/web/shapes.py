"""What answers of the API hold, where several features answer with the same thing."""

from typing import Annotated, Literal, TypeAlias, cast
from uuid import UUID

import msgspec

from chat import events

# PostgreSQL's text can't hold a NUL.
Text = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$")]
# With an example for the documentation.
Email = Annotated[str, msgspec.Meta(examples=["somebody@example.org"])]
Content = Annotated[str, msgspec.Meta(examples=["The ferry leaves at *seven*."])]
# A person as others see them.
User = events.Sender
Status: TypeAlias = Literal["sent", "delivered", "read"]


class Presence(msgspec.Struct, frozen=True):
    """Whether a person is there, and on which device; of who isn't, since when."""

    status: Literal["online", "away", "offline"]
    device: Literal["desktop", "mobile"] | None
    last_seen_at: events.Time | None


class UserWithPresence(User, frozen=True):
    """A person as others see them. `presence` is left out where one may not know it, and while nobody does."""

    presence: Presence | msgspec.UnsetType = msgspec.UNSET


class Message(events.Message, frozen=True):
    """A message as it is after its latest change. A deleted one keeps its place, without its content.

    `seq` is its place in the conversation: 1, 2, 3 and so on, without gaps. `revision` is the conversation's revision
    at the message's latest change. `continues` says that the message before it has the same sender and is less than
    five minutes older. `status`, which only one's own messages have, says how far it has come.
    """

    status: Status | msgspec.UnsetType = msgspec.UNSET


class Problem(msgspec.Struct, frozen=True):
    """What went wrong: `code` for programs, `message` for people.

    `details` names the fields that were wrong, each with a sentence of its own. `retry_after` is in seconds.
    """

    code: str
    message: str
    details: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    retry_after: float | msgspec.UnsetType = msgspec.UNSET


class Error(msgspec.Struct, frozen=True):
    """The body of every answer that is no success."""

    error: Problem


def has_status(viewer_id: UUID, message: events.Message) -> bool:
    """Whether it is one's own message, and not a line of what one has done."""
    return message.sender.id == viewer_id and message.content_type == "text"


def as_seen_by(viewer_id: UUID, message: events.Message, status: Status = "sent") -> Message:
    """The message with what only this person is told: how far it has come, where it is the person's own."""
    if not has_status(viewer_id, message):
        # Of the same shape, but for what is left out anyway.
        return cast("Message", message)
    return Message(*(*msgspec.structs.astuple(message), status))
