"""Everything that can happen, one frozen class each: what actions emit, what travels between processes.

An event is self-contained: whoever receives it can tell people about it without asking the database.
"""

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec


class Sender(msgspec.Struct, frozen=True):
    """The person who wrote a message, as far as others see them."""

    id: UUID
    username: str
    display_name: str


class MessageCreated(msgspec.Struct, frozen=True, tag="message:received", tag_field="type"):
    """A message was committed. Told to every member; on screen where the conversation is open."""

    id: UUID
    conversation_id: UUID
    seq: int
    revision: int
    sender: Sender
    client_message_id: UUID
    content: str
    continues: bool
    created_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None


class ReadMoved(msgspec.Struct, frozen=True, tag="receipt:updated", tag_field="type"):
    """A member's read-up-to moved forward. Told to that person's own devices."""

    conversation_id: UUID
    user_id: UUID
    read_up_to: int
    delivered_up_to: int
    at: datetime


class ConversationListed(msgspec.Struct, frozen=True, tag="conversation:updated", tag_field="type"):
    """A conversation appeared in a person's list, or its row changed. Told to that person's devices."""

    user_id: UUID
    conversation_id: UUID


class SessionsRevoked(msgspec.Struct, frozen=True, tag="sessions:revoked", tag_field="type"):
    """Sessions of a person ended: all of them where `session_ids` is None. Their sockets are closed."""

    user_id: UUID
    session_ids: tuple[UUID, ...] | None


Event: TypeAlias = MessageCreated | ReadMoved | ConversationListed | SessionsRevoked
