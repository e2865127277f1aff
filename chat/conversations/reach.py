"""How far what somebody wrote has come: sent, delivered, or read."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, TypeAlias
from uuid import UUID

from chat import events
from chat.conversations import reach_queries, unflushed
from chat.services import Services
from chat.web.shapes import Message, Status, as_seen_by, has_status


class Reach(NamedTuple):
    """How far the furthest of those have come who came into a conversation after message `joined_seq`."""

    joined_seq: int
    delivered_up_to: int
    read_up_to: int


# Somebody, and one of their conversations.
Membership: TypeAlias = tuple[UUID, UUID]


async def shown(services: Services, told: Sequence[tuple[UUID, events.Message]]) -> list[Message]:
    """Messages, each with the person whom it is shown to: what is one's own says how far it has come.

    Costs a query where somebody is shown something of their own, and one more where people have read in a larger
    conversation what isn't stored yet.
    """
    own = {(viewer_id, message.conversation_id) for viewer_id, message in told if has_status(viewer_id, message)}
    reaches = await _reaches(services, own) if own else {}
    return [
        as_seen_by(viewer_id, message, _status(message.seq, reaches.get((viewer_id, message.conversation_id), ())))
        for viewer_id, message in told
    ]


def _status(seq: int, reaches: Collection[Reach]) -> Status:
    """Who came later is no recipient."""
    recipients = [reach for reach in reaches if reach.joined_seq < seq]
    if any(reach.read_up_to >= seq for reach in recipients):
        return "read"
    return "delivered" if any(reach.delivered_up_to >= seq for reach in recipients) else "sent"


async def _reaches(services: Services, of: Collection[Membership]) -> Mapping[Membership, Collection[Reach]]:
    direct_max = services.settings.receipts_direct_max
    records = await reach_queries.reaches(services.pool, of=list(of), waiting=[], direct_max=direct_max)
    large = {record["conversation_id"] for record in records if record["large"]}
    waiting = await _waiting(services, large) if large else []
    if waiting:
        records = await reach_queries.reaches(services.pool, of=list(of), waiting=waiting, direct_max=direct_max)
    reaches: defaultdict[Membership, list[Reach]] = defaultdict(list)
    for viewer_id, conversation_id, _, *reach in records:
        reaches[viewer_id, conversation_id].append(Reach(*reach))
    return reaches


async def _waiting(services: Services, conversation_ids: Collection[UUID]) -> list[reach_queries.Waiting]:
    found = await unflushed.of_conversations(services.redis, list(conversation_ids))
    return [
        (conversation_id, user_id, *up_to)
        for conversation_id, people in found.items()
        for user_id, up_to in people.items()
    ]
