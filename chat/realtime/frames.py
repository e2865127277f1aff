"""What the server says over a socket, one class each, and the two forms in which it says it.

To a program: `{"type", "payload"}`, where the payload has the fields of the class. To a page: one flat object with the
fields and, where there is something to swap in, with HTML as `content`; the messages in it are told by that HTML.
"""

from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from chat.errors import ChatError
from chat.events import (
    Message,
    MessageCreated,
    MessageDeleted,
    MessageEvent,
    MessageUpdated,
    TypingEvent,
)

_encode = msgspec.json.Encoder().encode


class Frame(msgspec.Struct, frozen=True, tag_field="type"):
    """Something that the server says. A field that is `UNSET` is left out."""


class PageFrame(Frame, frozen=True):
    """Something that pages are told in words of their own; programs get the event, or another frame of this type."""


class ProgramFrame(Frame, frozen=True):
    """The same for programs."""


class AuthSuccess(Frame, frozen=True, tag="auth:success"):
    """The device is connected. `degraded`: whether Redis is lost now."""

    user_id: UUID
    degraded: bool


class AuthError(ProgramFrame, frozen=True, tag="auth:error"):
    """The device may not connect; the socket is closed after this."""

    code: str
    message: str


class Subscribed(Frame, frozen=True, tag="subscribed"):
    """The device is told of the conversation's messages from now on."""

    conversation_id: UUID
    last_seq: int
    revision: int
    read_up_to: int
    unread: int
    unread_from: int | None


class Unsubscribed(Frame, frozen=True, tag="unsubscribed"):
    """It no longer is."""

    conversation_id: UUID


class MessageSent(Frame, frozen=True, tag="message:sent"):
    """The message is on disk. `duplicate`: it had been before."""

    client_message_id: UUID
    message_id: UUID
    conversation_id: UUID
    seq: int
    revision: int
    created_at: datetime
    status: Literal["sent"]
    duplicate: bool


class MessageError(Frame, frozen=True, tag="message:error"):
    """The message is not saved, or nobody knows. `retry_after` is in seconds."""

    client_message_id: UUID
    code: str
    message: str
    retryable: bool
    retry_after: float | UnsetType = UNSET


class Error(Frame, frozen=True, tag="error"):
    """A frame of the device could not be answered. `message_id`: the message that it was about, if any."""

    code: str
    message: str
    retry_after: float | UnsetType = UNSET
    message_id: UUID | UnsetType = UNSET


class Synced(Frame, frozen=True, tag="conversation:synced"):
    """What changed after `after_revision`, in the order of the changes, for pages as HTML; it is known up to `revision`
    now."""

    conversation_id: UUID
    after_revision: int
    items: list[Message] | UnsetType
    revision: int
    has_more: bool


class MessageOnPage(PageFrame, frozen=True):
    """Something happened to a message; the HTML says what it is now."""

    conversation_id: UUID
    message_id: UUID
    client_message_id: UUID
    seq: int
    revision: int
    sender_id: UUID
    sender_name: str


class ReceivedOnPage(MessageOnPage, frozen=True, tag="message:received"):
    """A message was committed."""


class UpdatedOnPage(MessageOnPage, frozen=True, tag="message:updated"):
    """A message was edited, or its reactions changed."""


class DeletedOnPage(MessageOnPage, frozen=True, tag="message:deleted"):
    """A message was deleted."""


class ConversationListedAnew(PageFrame, frozen=True, tag="conversation:updated"):
    """The row of a conversation is another; the page fetches it, as it is personal."""

    conversation_id: UUID


class ChangedOnPage(PageFrame, frozen=True, tag="conversation:updated"):
    """What is the same for every member changed, and the HTML says it. A group without a `name` is called by each
    member after the others: where it has none, the page fetches the row."""

    conversation_id: UUID
    name: str | None
    members_count: int
    revision: int
    archived: bool


class ConversationUpdated(ProgramFrame, frozen=True, tag="conversation:updated"):
    """A conversation as the person sees it now: the shape `conversation`."""

    conversation: msgspec.Struct


class ConversationGone(Frame, frozen=True, tag="conversation:removed"):
    """The person is no longer in it, or it was deleted for everyone."""

    conversation_id: UUID
    reason: Literal["left", "removed", "deleted"]


class ContactsUpdated(Frame, frozen=True, tag="contacts:updated"):
    """The person's contacts are others, or who has asked whom; the device asks what it is now."""


class SystemResync(Frame, frozen=True, tag="system:resync"):
    """News may have been lost: ask for what has changed."""


class SystemDegraded(Frame, frozen=True, tag="system:degraded"):
    """Redis was lost, or is back."""

    redis: bool


# Events that are told as they are: to programs, and who is typing to pages too.
ToldAsItIs: TypeAlias = MessageEvent | TypingEvent


def json_form(told: Frame | ToldAsItIs) -> bytes:
    """What programs get."""
    return _encode({"type": told.__struct_config__.tag, "payload": _fields(told)})


def html_form(frame: Frame | TypingEvent, *, content: str | None = None) -> bytes:
    """What pages get."""
    fields = _encode(frame)
    return fields if content is None else b'%b,"content":%b}' % (fields[:-1], _encode(content))


def refusal(
    error: ChatError, *, client_message_id: UUID | None = None, message_id: UUID | None = None
) -> MessageError | Error:
    """`message:error` where it is about a message that was being sent, else `error`."""
    retry_after = UNSET if error.retry_after is None else error.retry_after
    if client_message_id is None:
        return Error(error.code, error.message, retry_after, UNSET if message_id is None else message_id)
    return MessageError(client_message_id, error.code, error.message, error.retryable, retry_after)


def message_sent(message: Message, *, duplicate: bool) -> MessageSent:
    """The confirmation of a message."""
    return MessageSent(
        client_message_id=message.client_message_id,
        message_id=message.id,
        conversation_id=message.conversation_id,
        seq=message.seq,
        revision=message.revision,
        created_at=message.created_at,
        status="sent",
        duplicate=duplicate,
    )


ON_PAGE: dict[type[MessageEvent], type[MessageOnPage]] = {
    MessageCreated: ReceivedOnPage,
    MessageUpdated: UpdatedOnPage,
    MessageDeleted: DeletedOnPage,
}


def message_on_page(event: MessageEvent) -> MessageOnPage:
    """What pages are told besides the HTML."""
    message = event.message
    return ON_PAGE[type(event)](
        conversation_id=message.conversation_id,
        message_id=message.id,
        client_message_id=message.client_message_id,
        seq=message.seq,
        revision=message.revision,
        sender_id=message.sender.id,
        sender_name=message.sender.display_name,
    )


def _fields(told: msgspec.Struct) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(told).items() if value is not UNSET}
