"""100,000 reads that wait in Redis, and a worker that has just started: rows a second, and the memory it takes.

Each is one step of another member first, then there are 100 steps of each of 1,000. 10,000 are the reference: neither
rate nor memory is to depend on how many wait. All have to be stored, or the run ends.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bench.figures import Figure
from bench.people import Person, make_people, make_room
from bench.process import peak_kib
from bench.stage import Stage, open_pool
from chat.db import Pool
from chat.receipts import pending
from chat.receipts.consumer import NUMBERS
from chat.receipts.model import Receipt
from chat.receipts.pending import STREAM
from chat.redis import Redis, create_redis

ROOMS = 100
PEOPLE = 1000
FEW = 10_000
LAST_SEQ = 1_000_000
PATIENCE = 120.0
FLAT = 1.25


@dataclass(frozen=True, slots=True)
class Taken:
    """Entries a second, rows a second, and KiB of the worker at the most."""

    entries: float
    rows: float
    peak: int


@dataclass(frozen=True, slots=True)
class Town:
    """Rooms with all these people in each."""

    database_url: str
    pool: Pool
    redis: Redis
    people: Sequence[Person]
    rooms: Sequence[UUID]


async def measure(stage: Stage) -> list[Figure]:
    """Rates and memory for 100,000, with those for 10,000 as their reference."""
    database_url = await stage.database()
    async with await open_pool(database_url) as pool, create_redis(stage.settings(database_url)) as redis:
        people = await make_people(pool, PEOPLE)
        rooms = [await make_room(pool, people, name=f"Room {number}") for number in range(ROOMS)]
        await pool.execute("update conversations set last_seq = $1, revision = $1", LAST_SEQ)
        await pool.execute("vacuum analyze")
        # What earlier benches left there is of other databases.
        await redis.flushdb()
        town = Town(database_url, pool, redis, people, rooms)
        few = await _flush(stage, town, [(room, 1) for room in rooms[: FEW // PEOPLE]])
        wide = await _flush(stage, town, [(room, 2) for room in rooms])
        deep = await _flush(stage, town, [(rooms[0], 3 + step) for step in range(ROOMS)])
    many = PEOPLE * ROOMS
    return [
        _rate(f"flush of {many:,} reads of as many members", wide, few),
        _rate(f"flush of {ROOMS} reads of each of {PEOPLE:,} members", deep, few),
        Figure(
            f"the worker's memory with {many:,} waiting, at the most",
            max(wide.peak, deep.peak) / 1024,
            "MiB",
            reference=few.peak / 1024,
            aim=FLAT,
        ),
    ]


def _rate(name: str, many: Taken, few: Taken) -> Figure:
    return Figure(
        name,
        many.entries,
        "/s",
        reference=few.entries,
        aim=1 / FLAT,
        at_most=False,
        note=f"{many.rows:,.0f} rows a second",
    )


async def _flush(stage: Stage, town: Town, reads: Sequence[tuple[UUID, int]]) -> Taken:
    """Have everybody read up to there, in one room after another, and let a worker store it."""
    for number, (room, up_to) in enumerate(reads):
        receipts = [Receipt(room, person.id, delivered=up_to, read=up_to) for person in town.people]
        await pending.add(town.redis, receipts, at=datetime.now(UTC) + timedelta(milliseconds=number))
    await town.redis.delete(NUMBERS)
    waiting = len(reads) * PEOPLE
    # The run that a worker begins with may go on until all is stored.
    worker = stage.worker(town.database_url, RECEIPTS_FLUSH_SECONDS="60")
    worker.launch()
    async with asyncio.timeout(PATIENCE):
        # Its start isn't counted, nor is the first batch.
        first = await _left(town.redis, less_than=waiting)
        started = time.perf_counter()
        await _left(town.redis, less_than=1)
        seconds = time.perf_counter() - started
    peak = peak_kib(worker.process.pid)
    worker.kill()
    stored = await town.pool.fetchval(
        "select count(*) from unnest($1::uuid[], $2::bigint[]) as said (room, up_to)"
        " join read_events on conversation_id = room and up_to_seq = up_to",
        [room for room, _ in reads],
        [up_to for _, up_to in reads],
    )
    assert stored == waiting, f"{stored:,} of {waiting:,} were stored"
    rows = int(await town.redis.hget(NUMBERS, "rows"))  # type: ignore[misc]
    rate = first / seconds
    return Taken(rate, rate * rows / waiting, peak)


async def _left(redis: Redis, *, less_than: int) -> int:
    """Wait until fewer entries wait; how many."""
    while (left := await redis.xlen(STREAM)) >= less_than:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.005)
    return int(left)
