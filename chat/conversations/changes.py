"""How a conversation is changed: hold it, look whether this person may, write, say so in the history, commit, tell."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import asyncpg

from chat.conversations import change_queries as queries
from chat.conversations.access import Deed, Standing, standing
from chat.conversations.model import ConversationNotFound, NewConversation
from chat.conversations.names import name_taken
from chat.db import Connection, Record
from chat.events import (
    ConversationChanged,
    ConversationListed,
    ConversationRemoved,
    Event,
    Message,
    MessageCreated,
    ReceiptCountsChanged,
    ReceiptMoved,
    Sender,
)
from chat.ids import new_id
from chat.services import Services


@dataclass(slots=True)
class Change:
    """A change that is under way, in a transaction that holds the conversation.

    `before` is the conversation as it was, a row of `change_queries.lock`; `events` are emitted after the commit, in an
    order in which whoever has gone hears nothing more, and whoever is new hears already how that came. Groups of up to
    `direct_max` people are small.
    """

    connection: Connection
    conversation_id: UUID
    viewer_id: UUID
    direct_max: int
    before: Record
    events: list[Event] = field(default_factory=list)

    def gained_by(self, user_ids: Iterable[UUID]) -> None:
        """The conversation appears in their lists, or what it is to them has changed."""
        self.events += (ConversationListed(user_id, self.conversation_id) for user_id in user_ids)

    def lost_by(self, user_id: UUID | None, reason: Literal["left", "removed", "deleted"]) -> None:
        """The conversation is gone from this person's list; from everyone's where it is None."""
        self.events.append(ConversationRemoved(self.conversation_id, user_id, reason))

    async def delete(self) -> None:
        """From the commit on, the conversation is there for nobody."""
        await queries.delete(self.connection, conversation_id=self.conversation_id)
        self.lost_by(None, "deleted")

    async def say(self, line: str, *, joined: int = 0) -> None:
        """Write a system line, which reads "{viewer} {line}", and count `joined` more members, or fewer."""
        message_id = new_id()
        row = await queries.say(
            self.connection,
            conversation_id=self.conversation_id,
            sender_id=self.viewer_id,
            message_id=message_id,
            content=line,
            joined=joined,
        )
        message = Message(
            id=message_id,
            conversation_id=self.conversation_id,
            seq=row["seq"],
            revision=row["revision"],
            sender=Sender(self.viewer_id, row["username"], row["display_name"], row["role"]),
            client_message_id=message_id,
            content=line,
            content_type="system",
            continues=False,
            created_at=row["created_at"],
        )
        changed = ConversationChanged(
            conversation_id=self.conversation_id,
            kind=row["kind"],
            name=row["name"],
            topic=row["topic"],
            visibility=row["visibility"],
            members_count=row["members_count"],
            revision=row["revision"],
            archived_at=row["archived_at"],
        )
        self.events += (MessageCreated(message), *(self._receipts(row) if row["covers"] else ()), changed)

    def _receipts(self, row: Record) -> Iterator[Event]:
        """Whoever changes something has read what came before."""
        small = row["kind"] == "direct" or row["members_count"] <= self.direct_max
        yield ReceiptMoved(
            conversation_id=self.conversation_id,
            user_id=self.viewer_id,
            joined_seq=row["joined_seq"],
            delivered_up_to=row["seq"],
            read_up_to=row["seq"],
            at=row["created_at"],
            unread_from=None,
            is_delivered=True,
            is_read=True,
            is_marked=True,
            small=small,
            shared=row["shared"],
        )
        if not small:
            yield ReceiptCountsChanged(self.conversation_id)


async def holding(services: Services, connection: Connection, *, viewer_id: UUID, conversation_id: UUID) -> Change:
    """A change in a transaction that has begun; its events are for whoever commits. Raises `ConversationNotFound`."""
    before = await queries.lock(connection, conversation_id=conversation_id)
    if before is None:
        raise ConversationNotFound
    return Change(connection, conversation_id, viewer_id, services.settings.receipts_direct_max, before)


@asynccontextmanager
async def changing(services: Services, *, viewer_id: UUID, conversation_id: UUID) -> AsyncIterator[Change]:
    """A change by somebody who need not be in the conversation.

    Raises `ConversationNotFound` and `RateLimited`. Nothing slow belongs into the block: whoever writes there waits for
    it.
    """
    await services.count_change(viewer_id)
    async with services.pool.acquire() as connection, connection.transaction():
        change = await holding(services, connection, viewer_id=viewer_id, conversation_id=conversation_id)
        yield change
    for event in change.events:
        services.emit(event)


@asynccontextmanager
async def changing_as(
    services: Services, *, viewer_id: UUID, conversation_id: UUID, deed: Deed
) -> AsyncIterator[tuple[Change, Standing]]:
    """A change by a member who may do this deed. Raises what `access.standing` does, `Forbidden`, `RateLimited`."""
    async with changing(services, viewer_id=viewer_id, conversation_id=conversation_id) as change:
        viewer = await standing(change.connection, viewer_id=viewer_id, conversation_id=conversation_id)
        viewer.require(deed)
        yield change, viewer


@asynccontextmanager
async def creating(services: Services, *, viewer_id: UUID, new: NewConversation) -> AsyncIterator[Change | None]:
    """The beginning of a group or room, with the viewer in it as its owner. None where it was made before, by an
    earlier try of the same request.

    Raises `Conflict` where there is a room whose name looks the same, and `RateLimited`.
    """
    await services.count_change(viewer_id)
    try:
        async with services.pool.acquire() as connection, connection.transaction():
            if not await queries.insert_conversation(connection, new=new, created_by=viewer_id):
                yield None
                return
            before = await queries.lock(connection, conversation_id=new.id)
            change = Change(connection, new.id, viewer_id, services.settings.receipts_direct_max, before)
            change.gained_by([viewer_id])
            yield change
    except asyncpg.UniqueViolationError:
        raise name_taken(new.details.name or "") from None
    for event in change.events:
        services.emit(event)
