"""What a device is told of receipts when it opens a conversation, and, of a larger one, as its counts change."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from chat import redis
from chat.realtime.frames import ReceiptCount, ReceiptUpdated
from chat.realtime.person import Person
from chat.receipts import pending, queries
from chat.receipts.model import UpTo
from chat.receipts.tally import tallies
from chat.services import Services


async def watermarks(services: Services, person: Person, conversation_id: UUID) -> list[ReceiptUpdated] | None:
    """How far each other member of a small conversation has come, as far as the person may know it; None of a larger
    one."""
    rows = await queries.watermarks(
        services.pool, conversation_id=conversation_id, small=services.settings.receipts_direct_max
    )
    if not rows:
        return None
    now = datetime.now(UTC)
    sees_reads = person.shares_reads(conversation_id)
    return [
        ReceiptUpdated(
            conversation_id=conversation_id,
            user_id=row["user_id"],
            delivered_up_to=row["delivered_up_to"],
            read_up_to=row["read_up_to"] if sees_reads and row["shared"] else None,
            at=now,
        )
        for row in rows
        if row["user_id"] != person.user_id and row["user_id"] not in person.privacy.blocked
    ]


async def counts(services: Services, conversation_id: UUID, writers: Collection[UUID]) -> dict[UUID, ReceiptCount]:
    """How many have read the newest messages of each of these people, for those who wrote some."""
    written: dict[UUID, list[int]] = {}
    for row in await queries.newest(services.pool, conversation_id=conversation_id, writers=writers):
        written.setdefault(row["sender_id"], []).append(row["seq"])
    if not written:
        return {}
    groups = await queries.groups(
        services.pool,
        conversation_id=conversation_id,
        apart=written,
        unflushed=await _unflushed(services, conversation_id),
    )
    return {
        sender: ReceiptCount(
            conversation_id, *tally.counts[0], tally.counts[1:], tally.delivered_up_to, tally.read_up_to
        )
        for sender, tally in tallies(groups, written).items()
    }


async def _unflushed(services: Services, conversation_id: UUID) -> dict[UUID, UpTo]:
    try:
        return await pending.unflushed(services.redis, conversation_id)
    except redis.UNAVAILABLE:
        # What is read meanwhile is written at once.
        return {}
