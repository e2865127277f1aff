"""A conversation as programs see it, over the API and over the socket: the shape `conversation`."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from chat import events
from chat.conversations import queries
from chat.conversations.model import Kind, MemberRole, Notify, Row, Visibility
from chat.conversations.reach import shown
from chat.conversations.rows import rows_of
from chat.events import Time
from chat.realtime.roster import Membership
from chat.services import Services
from chat.web.shapes import Message


class Conversation(msgspec.Struct, frozen=True):
    """A conversation as one of its members sees it.

    `name` is what this person calls it: a direct conversation the other one, whom `other_id` names, and a group without
    a name its people. `last_seq` is the number of its last message. What came after `read_up_to` is `unread`, and so is
    all from `unread_from` on, where this person has marked a message so; `mentions` are among those. Every change takes
    the next `revision`. `role` and `notify` are this person's; nothing notifies while it is muted. An archived
    conversation can be read, and nothing more.
    """

    id: UUID
    kind: Kind
    name: str
    topic: str | None
    visibility: Visibility
    other_id: UUID | None
    members_count: int
    last_message: Message | None
    last_seq: int
    revision: int
    unread: int
    mentions: int
    read_up_to: int
    unread_from: int | None
    delivered_up_to: int
    role: MemberRole
    notify: Notify
    muted_until: Time | None
    read_receipts_enabled: bool | None
    archived_at: Time | None
    created_at: Time
    updated_at: Time


class FindMessages(Protocol):
    """Finds messages by the conversations and sequence numbers at which they stand.

    Conversations know nothing of what is written in them; the composition root says who does.
    """

    def __call__(
        self, services: Services, /, *, places: Sequence[tuple[UUID, int]]
    ) -> Awaitable[Mapping[UUID, events.Message]]:
        """By conversation."""


async def views(
    services: Services, find_messages: FindMessages, rows: Sequence[tuple[UUID, Row]]
) -> list[Conversation]:
    """These rows, each of a person's list, with their last messages."""
    places = {(row.id, row.last_seq) for _, row in rows if row.last_seq}
    found = await find_messages(services, places=list(places)) if places else {}
    last = [(viewer_id, found[row.id]) for viewer_id, row in rows if row.id in found]
    messages = {
        (viewer_id, message.conversation_id): message
        for (viewer_id, _), message in zip(last, await shown(services, last), strict=True)
    }
    return [_view(row, messages.get((viewer_id, row.id))) for viewer_id, row in rows]


async def seen_by_members(
    services: Services, find_messages: FindMessages, memberships: Sequence[Membership]
) -> list[tuple[Membership, Conversation]]:
    """Conversations as these people see them, each named by person and conversation; without those that are none of
    theirs."""
    records = await queries.rows_of(services.pool, memberships=memberships)
    viewers = [record["viewer_id"] for record in records]
    rows = list(zip(viewers, await rows_of(services, records), strict=True))
    return [
        ((viewer_id, row.id), view)
        for (viewer_id, row), view in zip(rows, await views(services, find_messages, rows), strict=True)
    ]


def _view(row: Row, last_message: Message | None) -> Conversation:
    return Conversation(
        id=row.id,
        kind=row.kind,
        name=row.name,
        topic=row.topic,
        visibility=row.visibility,
        other_id=row.other_id,
        members_count=row.members_count,
        last_message=last_message,
        last_seq=row.last_seq,
        revision=row.revision,
        unread=row.unread,
        mentions=row.mentions,
        read_up_to=row.read_up_to,
        unread_from=row.unread_from,
        delivered_up_to=row.delivered_up_to,
        role=row.role,
        notify=row.notify,
        muted_until=row.muted_until,
        read_receipts_enabled=row.read_receipts_enabled,
        archived_at=row.archived_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
