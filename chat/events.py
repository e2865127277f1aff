"""Everything that can happen, one frozen class each: what actions emit, what travels between processes.

An event is self-contained: whoever receives it can tell people about it without asking the database.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec

# With its time zone, which is UTC.
Time: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class Sender(msgspec.Struct, frozen=True):
    """The person who wrote a message, as far as others see them: the shape `user`, without presence."""

    id: UUID
    username: str
    display_name: str
    role: Literal["owner", "admin", "member", "bot"]
    avatar_url: str | None = None


class Quote(msgspec.Struct, frozen=True):
    """The message that another one replies to, as it was when this was read: its first 200 characters; none where it
    was deleted. `revision` says whether somebody has seen a later state of it."""

    id: UUID
    seq: int
    revision: int
    sender: Sender
    content: str
    deleted_at: Time | None


class Reaction(msgspec.Struct, frozen=True):
    """An emoji below a message: how many people chose it, and who the first 100 of them are."""

    emoji: str
    count: int
    user_ids: tuple[UUID, ...]


class Message(msgspec.Struct, frozen=True):
    """A message as it is after its latest change, the same for everyone: the shape `message`.

    A deleted one keeps its place and has no content. The content of a `system` line is what its sender did, without
    the sender's name: "joined".
    """

    id: UUID
    conversation_id: UUID
    seq: int
    revision: int
    sender: Sender
    client_message_id: UUID
    content: str
    continues: bool
    created_at: Time
    content_type: Literal["text", "system"] = "text"
    edited_at: Time | None = None
    deleted_at: Time | None = None
    reply_to: Quote | None = None
    reactions: tuple[Reaction, ...] = ()
    attachments: tuple[()] = ()


class MessageCreated(msgspec.Struct, frozen=True, tag="message:received", tag_field="type"):
    """A message was committed. Told to every member; on screen where the conversation is open."""

    message: Message


class MessageUpdated(msgspec.Struct, frozen=True, tag="message:updated", tag_field="type"):
    """A message was edited, or its reactions changed. Told to every member."""

    message: Message


class MessageDeleted(msgspec.Struct, frozen=True, tag="message:deleted", tag_field="type"):
    """A message was deleted: what is left of it is the place where it stood. Told to every member."""

    message: Message


class ReceiptMoved(msgspec.Struct, frozen=True, tag="receipt:updated", tag_field="type"):
    """A member, who came in after message `joined_seq`, has received or read further than before, or has set the marker
    `unread_from`, or taken it away: `is_delivered`, `is_read` and `is_marked` say which of these have moved. What was
    read is told to that person's own devices; where the conversation is `small`, those who have it on screen are told
    what was received, and what was read if it is `shared`."""

    conversation_id: UUID
    user_id: UUID
    joined_seq: int
    delivered_up_to: int
    read_up_to: int
    at: Time
    unread_from: int | None
    is_delivered: bool
    is_read: bool
    is_marked: bool
    small: bool
    shared: bool


class ReceiptCountsChanged(msgspec.Struct, frozen=True, tag="receipt:count", tag_field="type"):
    """How many have read the messages of a larger conversation is another number now. Told, with the numbers, to those
    who wrote the newest ones and have it on screen."""

    conversation_id: UUID


class TypingStarted(msgspec.Struct, frozen=True, tag="typing:started", tag_field="type"):
    """Somebody is typing, or goes on. Told to those who have the conversation on screen. It ends by itself."""

    conversation_id: UUID
    user_id: UUID
    name: str


class TypingStopped(msgspec.Struct, frozen=True, tag="typing:stopped", tag_field="type"):
    """Somebody no longer types."""

    conversation_id: UUID
    user_id: UUID


class PresenceChanged(msgspec.Struct, frozen=True, tag="presence:update", tag_field="type"):
    """Somebody came, went away or came back; `last_seen`, in seconds of Unix time, where nobody is there any more. Told
    to those who have the person on screen. Published by the script in Redis that finds it, and by no process."""

    user_id: UUID
    status: Literal["online", "away", "offline"]
    device: Literal["desktop", "mobile"] | None
    last_seen: float | None


class PersonChanged(msgspec.Struct, frozen=True, tag="person:changed", tag_field="type"):
    """What a person shares, or with whom there is a block, is different now: every process looks it up that has a
    socket of this person."""

    user_id: UUID


class ContactsChanged(msgspec.Struct, frozen=True, tag="contacts:updated", tag_field="type"):
    """Somebody's contacts are others, or who has asked whom. Told to that person's devices, which ask what it is."""

    user_id: UUID


class ConversationListed(msgspec.Struct, frozen=True, tag="conversation:updated", tag_field="type"):
    """A conversation appeared in a person's list, or its row changed. Told to that person's devices."""

    user_id: UUID
    conversation_id: UUID


class ConversationChanged(msgspec.Struct, frozen=True, tag="conversation:changed", tag_field="type"):
    """What is the same for every member changed: name, topic, visibility, how many are in, archived or not."""

    conversation_id: UUID
    kind: Literal["direct", "group", "room"]
    name: str | None
    topic: str | None
    visibility: Literal["public", "private"]
    members_count: int
    revision: int
    archived_at: Time | None


class ConversationRemoved(msgspec.Struct, frozen=True, tag="conversation:removed", tag_field="type"):
    """A person loses a conversation; everyone in it where `user_id` is None."""

    conversation_id: UUID
    user_id: UUID | None
    reason: Literal["left", "removed", "deleted"]


class SessionsRevoked(msgspec.Struct, frozen=True, tag="sessions:revoked", tag_field="type"):
    """Sessions, or personal tokens, of a person ended: all of them where `session_ids` is None. Their sockets are
    closed."""

    user_id: UUID
    session_ids: tuple[UUID, ...] | None


MessageEvent: TypeAlias = MessageCreated | MessageUpdated | MessageDeleted
TypingEvent: TypeAlias = TypingStarted | TypingStopped
Event: TypeAlias = (
    MessageEvent
    | ReceiptMoved
    | ReceiptCountsChanged
    | ConversationListed
    | ConversationChanged
    | ConversationRemoved
    | PresenceChanged
    | PersonChanged
    | ContactsChanged
    | SessionsRevoked
    | TypingEvent
)
