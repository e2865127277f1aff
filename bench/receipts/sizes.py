"""A read, the counts of the newest 50 messages, and who has read an old one: in a group of 1,000 people with 10,000
messages and with 1,000,000.

In turns, and without a web process: what PostgreSQL and Redis do, and the code that asks them. It is to be flat.
"""

import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from bench.figures import Figure, percentile
from bench.filling import fill, share_newest
from bench.people import Person, make_group, make_people
from bench.stage import Stage, open_pool
from chat.db import create_pool
from chat.receipts import recipient_actions, snapshots
from chat.receipts.model import Receipt
from chat.receipts.recorder import Recorder
from chat.redis import create_redis
from chat.services import Services

PEOPLE = 1000
WRITERS = 50
SIZES = (10_000, 1_000_000)
ROUNDS = 10
IN_ROUND = 20
LISTED = 50
OLD = 5000
FLAT = 1.25
# Of one round, the next time something is done.
Deed = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class House:
    """A group with `size` messages, of which the first of its people wrote all but the newest."""

    services: Services
    people: Sequence[Person]
    conversation_id: UUID
    size: int
    old_message: UUID

    def deeds(self) -> dict[str, Deed]:
        """What is measured, by name."""
        turns = itertools.count()
        writers = [person.id for person in self.people[:WRITERS]]

        def reads(*, direct_max: int) -> Deed:
            recorder = Recorder(
                self.services.pool, self.services.redis, direct_max=direct_max, timeout=5, emit=self.services.emit
            )

            async def read() -> None:
                number = next(turns)
                up_to = self.size - SIZES[0] // 2 + number
                person = self.people[number % PEOPLE]
                state = await recorder.record(Receipt(self.conversation_id, person.id, read=up_to))
                assert state is not None, "the reader is not in it"
                assert state.read_up_to == up_to, "a read was not taken"

            return read

        async def count() -> None:
            counts = await snapshots.counts(self.services, self.conversation_id, writers)
            assert len(counts) == WRITERS, "a writer is missing"

        async def look_up() -> None:
            found = await recipient_actions.receipts(
                self.services, viewer_id=self.people[0].id, message_id=self.old_message, limit=LISTED
            )
            assert len(found.recipients.items) == LISTED, "a reader is missing"

        return {
            "a read, written at once": reads(direct_max=PEOPLE),
            "a read, through Redis": reads(direct_max=0),
            f"counts of the newest {WRITERS}, by {WRITERS} people, {PEOPLE:,} members": count,
            f"who has read an old one: counts, and the first {LISTED}": look_up,
        }


async def measure(stage: Stage) -> list[Figure]:
    """Medians in milliseconds: of the larger size, with the smaller as its reference."""
    async with _house(stage, SIZES[0]) as small, _house(stage, SIZES[1]) as large:
        deeds = small.deeds(), large.deeds()
        return [await _in_turns(name, [deed[name] for deed in deeds]) for name in deeds[0]]


async def _in_turns(name: str, deeds: Sequence[Deed]) -> Figure:
    taken: list[list[float]] = [[] for _ in deeds]
    for _ in range(ROUNDS):
        for deed, times in zip(deeds, taken, strict=True):
            # The first is for the statements to be prepared.
            await deed()
            for _ in range(IN_ROUND):
                started = time.perf_counter()
                await deed()
                times.append((time.perf_counter() - started) * 1000)
    small, large = (percentile(times, 50) for times in taken)
    note = f"p95 {percentile(taken[1], 95):.2f} ms, with {SIZES[0]:,} messages {percentile(taken[0], 95):.2f} ms"
    return Figure(name, large, "ms", reference=small, aim=FLAT, note=note)


@asynccontextmanager
async def _house(stage: Stage, size: int) -> AsyncIterator[House]:
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, PEOPLE)
        conversation_id = await make_group(pool, people)
        await fill(pool, [conversation_id], ["Hello there"], size)
        await share_newest(pool, conversation_id, people[:WRITERS])
        old_message = await pool.fetchval(
            "select id from messages where conversation_id = $1 and seq = $2", conversation_id, OLD
        )
        await pool.execute("vacuum analyze")
    settings = stage.settings(database_url)
    async with create_redis(settings) as redis, await create_pool(settings) as pool:
        services = Services(settings, pool, redis, emit=lambda _: None)
        yield House(services, people, conversation_id, size, old_message)
