"""What a device is told of receipts when it opens a conversation, and, of a larger one, as its counts change."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from chat.conversations import unflushed
from chat.conversations.unflushed import UpTo
from chat.realtime.frames import Frame
from chat.realtime.receipts import ReceiptCount, ReceiptUpdated
from chat.receipts import queries, snapshot_queries
from chat.receipts.tally import tallies
from chat.services import Services


async def seen_by(
    services: Services, *, viewer_id: UUID, conversation_id: UUID
) -> list[ReceiptUpdated] | ReceiptCount | None:
    """What somebody may know of receipts in a conversation: of a small one how far each of the others has come; of a
    larger one how many have read the newest messages that are the viewer's, None where that is nothing."""
    rows = await snapshot_queries.seen_by(
        services.pool,
        viewer_id=viewer_id,
        conversation_id=conversation_id,
        direct_max=services.settings.receipts_direct_max,
    )
    if not rows:
        return None
    if not rows[0]["small"]:
        count = await _counts_of(services, viewer_id, conversation_id)
        return count if count is None or rows[0]["shares"] else count.without_reads
    return [
        ReceiptUpdated(
            conversation_id=conversation_id,
            user_id=row["user_id"],
            joined_seq=row["joined_seq"],
            delivered_up_to=row["delivered_up_to"],
            read_up_to=row["read_up_to"],
            at=row["read_at"],
        )
        for row in rows
        if row["user_id"] is not None
    ]


async def on_page(services: Services, *, viewer_id: UUID, conversation_id: UUID) -> str:
    """The same as JSON, for the page: what it says by itself is left out."""
    seen = await seen_by(services, viewer_id=viewer_id, conversation_id=conversation_id)
    told: object = seen
    if isinstance(seen, ReceiptCount):
        told = _without(seen, "conversation_id")
    elif seen is not None:
        told = [_without(one, "conversation_id") for one in seen]
    return msgspec.json.encode(told).decode()


def _without(frame: Frame, *names: str) -> dict[str, Any]:
    fields = msgspec.structs.asdict(frame)
    return {name: value for name, value in fields.items() if name not in names and value is not UNSET}


async def _counts_of(services: Services, viewer_id: UUID, conversation_id: UUID) -> ReceiptCount | None:
    """Without Redis, as far as the database knows."""
    waiting = await unflushed.of_conversations(services.redis, [conversation_id])
    found = await _counts(services, conversation_id, [viewer_id], waiting[conversation_id])
    return found.get(viewer_id)


async def counts(services: Services, conversation_id: UUID, writers: Collection[UUID]) -> dict[UUID, ReceiptCount]:
    """How many have read the newest messages of each of these people, for those who wrote some. Raises one of
    `redis.UNAVAILABLE`."""
    waiting = await unflushed.ask_of_conversations(services.redis, [conversation_id])
    return await _counts(services, conversation_id, writers, waiting[conversation_id])


async def _counts(
    services: Services, conversation_id: UUID, writers: Collection[UUID], waiting: Mapping[UUID, UpTo]
) -> dict[UUID, ReceiptCount]:
    written = await queries.newest(services.pool, conversation_id=conversation_id, writers=writers)
    if not written:
        return {}
    groups = await queries.groups(
        services.pool,
        conversation_id=conversation_id,
        apart=frozenset().union(*(sender.left_out for sender in written)),
        unflushed=waiting,
    )
    return {
        sender: ReceiptCount(
            conversation_id, *tally.counts[0], _changes(tally.counts), tally.delivered_up_to, tally.read_up_to
        )
        for sender, tally in tallies(groups, written).items()
    }


def _changes(counts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [earlier for later, earlier in pairwise(counts) if earlier[1] != later[1]]
