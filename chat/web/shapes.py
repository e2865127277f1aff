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


def as_seen_by(viewer_id: UUID, message: events.Message) -> Message:
    """The message with what only this person is told."""
    if message.sender.id != viewer_id or message.content_type != "text":
        # Of the same shape, but for what is left out anyway.
        return cast("Message", message)
    return Message(*(*msgspec.structs.astuple(message), "sent"))
