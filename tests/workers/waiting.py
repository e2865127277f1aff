"""Receipts that wait in Redis, and what becomes of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from redis.asyncio import Redis

from chat.db import Pool
from chat.receipts import pending
from chat.receipts.consumer import ASIDE
from chat.receipts.model import Receipt
from chat.receipts.pending import STREAM
from tests.factory import Factory

MONDAY = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
GROUP = "flush"


def at(minutes: float) -> datetime:
    """A time on a Monday morning."""
    return MONDAY + timedelta(minutes=minutes)


async def room_with_messages(factory: Factory, *people: UUID, messages: int = 20) -> UUID:
    """A group in which the first of these people has written so many messages."""
    room = await factory.group(*people)
    await factory.say(room, [(people[0], f"Number {number}", at(-60)) for number in range(1, messages + 1)])
    return room


async def reads(redis: Redis, room: UUID, person: UUID, up_to: int, when: datetime = MONDAY) -> None:
    """What a web process does when somebody reads in a larger conversation."""
    await pending.add(redis, [Receipt(room, person, delivered=up_to, read=up_to)], at=when)


async def receives(redis: Redis, room: UUID, person: UUID, up_to: int, when: datetime = MONDAY) -> None:
    """The same for messages that have only arrived."""
    await pending.add(redis, [Receipt(room, person, delivered=up_to)], at=when)


async def time_passes(redis: Redis, milliseconds: int = 3_600_000) -> None:
    """What is taken now was taken long ago: the clock of Redis, moved for these entries alone."""
    for entry in await redis.xpending_range(STREAM, GROUP, min="-", max="+", count=100_000):
        await redis.xclaim(
            STREAM, GROUP, "worker", min_idle_time=0, message_ids=[entry["message_id"]], idle=milliseconds, justid=True
        )


async def left_in_redis(redis: Redis) -> dict[str, int]:
    """How many entries wait, are taken, are set aside; and how many marks the hashes hold."""
    groups = await redis.xinfo_groups(STREAM) if await redis.exists(STREAM) else []
    marks = 0
    for kind in ("read", "delivered"):
        async for key in redis.scan_iter(f"chat:receipts:{kind}:*"):
            marks += await redis.hlen(key)  # type: ignore[misc]
    return {
        "waiting": await redis.xlen(STREAM),
        "taken": sum(group["pending"] for group in groups),
        "set_aside": await redis.xlen(ASIDE),
        "marks": marks,
    }


NOTHING = {"waiting": 0, "taken": 0, "set_aside": 0, "marks": 0}


async def marks(pool: Pool, room: UUID) -> dict[UUID, tuple[int, int]]:
    """How far each member has received and read, by the database; without those who have done neither."""
    rows = await pool.fetch(
        "select user_id, delivered_up_to_seq, read_up_to_seq from members "
        "where conversation_id = $1 and delivered_up_to_seq > 0",
        room,
    )
    return {user_id: (delivered, read) for user_id, delivered, read in rows}


async def steps(pool: Pool, room: UUID, person: UUID) -> list[tuple[int, datetime]]:
    """What is kept of a member's reading: up to where, and when, in the order of the messages."""
    return [
        (up_to, read_at)
        for up_to, read_at in await pool.fetch(
            "select up_to_seq, read_at from read_events where conversation_id = $1 and user_id = $2 order by up_to_seq",
            room,
            person,
        )
    ]


def read_at(kept: Sequence[tuple[int, datetime]], seq: int) -> datetime | None:
    """When the member has read a message, by the first step that reaches it."""
    return next((when for up_to, when in kept if up_to >= seq), None)
