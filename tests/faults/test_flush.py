"""Receipts that wait in Redis when workers and servers are killed: none is lost, none is counted twice."""

import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import pytest
from redis.asyncio import Redis

from chat.db import Pool
from chat.embedded import EmbeddedPostgres, EmbeddedValkey
from chat.receipts import pending
from chat.receipts.model import Receipt
from tests.commands.conftest import RunChat, chat  # noqa: F401 - a fixture
from tests.factory import Factory
from tests.faults.conftest import ProxyTo, becomes
from tests.faults.holding import commits_held, is_waiting, members_held
from tests.servers import ServerFolder, WorkerProcess
from tests.workers.waiting import (
    NOTHING,
    at,
    left_in_redis,
    marks,
    reads,
    room_with_messages,
    steps,
    time_passes,
)

StartWorker = Callable[..., WorkerProcess]

# A flush at the start, and then each minute: what happens is the first one's doing. And no statement is given up.
ONCE = {"RECEIPTS_FLUSH_SECONDS": "60", "STATEMENT_TIMEOUT": "60"}


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A Redis with nothing in it, also not of the tests before."""
    async with Redis.from_url(redis_url) as client:
        await client.flushall()
        yield client


@pytest.mark.parametrize(
    ("held", "statement", "is_stored"),
    [(members_held, "for no key update", False), (commits_held, "commit", True)],
    ids=["before", "during"],
)
async def test_a_worker_that_is_killed_at_its_commit_loses_nothing(
    held: Callable[[Pool], AbstractAsyncContextManager[None]],
    statement: str,
    is_stored: bool,
    factory: Factory,
    pool: Pool,
    redis: Redis,
    start_worker: StartWorker,
) -> None:
    room, bo, cy = await two_have_read(factory, redis)
    async with held(pool):
        worker = start_worker(**ONCE)
        await becomes(lambda: is_waiting(pool, statement))
        worker.kill()
    # The server itself goes on with what it was told, and finds out afterwards that nobody is there.
    if is_stored:
        await becomes(lambda: marks(pool, room))
    assert bool(await marks(pool, room)) is is_stored
    assert await left_in_redis(redis) == {"waiting": 2, "taken": 2, "set_aside": 0, "marks": 4}

    await time_passes(redis)
    start_worker(**ONCE)
    await all_is_stored(redis)
    await is_right(pool, room, bo, cy)


async def test_a_worker_that_is_killed_after_its_commit_counts_nothing_twice(
    factory: Factory, pool: Pool, redis: Redis, redis_url: str, start_worker: StartWorker, proxy_to: ProxyTo
) -> None:
    room, bo, cy = await two_have_read(factory, redis)
    proxy = await proxy_to(redis_url)
    async with members_held(pool):
        worker = start_worker(**ONCE, REDIS_URL=proxy.url)
        await becomes(lambda: is_waiting(pool, "for no key update"))
        # It will not be able to say that it has stored them.
        proxy.stall()
    await becomes(lambda: marks(pool, room))
    worker.kill()
    await is_right(pool, room, bo, cy)
    assert await left_in_redis(redis) == {"waiting": 2, "taken": 2, "set_aside": 0, "marks": 4}

    await time_passes(redis)
    start_worker(**ONCE)
    await all_is_stored(redis)
    await is_right(pool, room, bo, cy)


async def test_a_worker_that_is_stopped_for_a_while_holds_up_nobody(
    factory: Factory, pool: Pool, redis: Redis, start_worker: StartWorker
) -> None:
    room, bo, cy = await two_have_read(factory, redis)
    async with members_held(pool):
        stopped = start_worker(**ONCE)
        await becomes(lambda: is_waiting(pool, "for no key update"))
        stopped.process.send_signal(signal.SIGSTOP)
    # Its transaction has the rows now, and nothing more comes of it.
    async with members_held(pool):
        await time_passes(redis)
    start_worker(**ONCE)
    await all_is_stored(redis)
    await is_right(pool, room, bo, cy)

    await reads(redis, room, bo, 9, at(3))
    stopped.process.send_signal(signal.SIGCONT)
    await becomes(lambda: has_failed(stopped))
    assert stopped.stop() == 0, stopped.printed()
    assert (await marks(pool, room))[bo] in ((3, 3), (9, 9))
    assert await steps(pool, room, cy) == [(7, at(2))]


async def test_one_that_is_told_to_end_finishes_what_it_has_begun(
    factory: Factory, pool: Pool, redis: Redis, start_worker: StartWorker
) -> None:
    room, bo, cy = await two_have_read(factory, redis)
    async with members_held(pool):
        worker = start_worker(**ONCE)
        await becomes(lambda: is_waiting(pool, "for no key update"))
        worker.process.terminate()
    assert worker.process.wait(30) == 0, worker.printed()

    assert await left_in_redis(redis) == NOTHING
    await is_right(pool, room, bo, cy)


async def test_two_workers_of_which_one_is_killed_again_and_again_store_each_step_once(
    factory: Factory, pool: Pool, redis: Redis, start_worker: StartWorker
) -> None:
    people = [await factory.user() for _ in range(150)]
    room = await room_with_messages(factory, *people, messages=101)
    for seq in range(1, 101):
        receipts = [Receipt(room, person, delivered=seq, read=seq) for person in people]
        await pending.add(redis, receipts, at=at(seq))
    before = await left_in_redis(redis)
    assert before["waiting"] == 15_000

    async def is_less() -> bool:
        nonlocal before
        now = await left_in_redis(redis)
        less = now["waiting"] < before["waiting"] or now["taken"] > 0 or now["waiting"] == 0
        before = now
        return less

    often = ONCE | {"RECEIPTS_FLUSH_SECONDS": "1"}
    start_worker(**often)
    for _ in range(3):
        other = start_worker(**often)
        await becomes(is_less)
        other.kill()
        await time_passes(redis)

    async def is_done() -> bool:
        await time_passes(redis)
        return await left_in_redis(redis) == NOTHING

    await becomes(is_done, within=60)
    assert await pool.fetchval("select count(*) from members where read_up_to_seq = 100") == 150
    assert await pool.fetchval("select count(*) from read_events") == 15_000
    assert await steps(pool, room, people[77]) == [(seq, at(seq)) for seq in range(1, 101)]


@pytest.fixture
def lasting_valkey(private_servers: ServerFolder) -> Iterator[EmbeddedValkey]:
    """A Valkey that keeps what it has, as that of an installation does."""
    valkey = private_servers.valkey(durable=True)
    valkey.start()
    yield valkey
    valkey.kill()


async def test_a_redis_that_is_killed_between_count_and_flush_has_it_all(
    factory: Factory, pool: Pool, lasting_valkey: EmbeddedValkey, start_worker: StartWorker
) -> None:
    async with Redis.from_url(lasting_valkey.url) as redis:
        room, bo, cy = await two_have_read(factory, redis)
    lasting_valkey.kill()
    lasting_valkey.start()
    async with Redis.from_url(lasting_valkey.url) as redis:
        assert (await left_in_redis(redis))["marks"] == 4

        start_worker(**ONCE, REDIS_URL=lasting_valkey.url)
        await all_is_stored(redis)
    await is_right(pool, room, bo, cy)


async def test_a_database_that_is_away_too_long_leaves_it_to_an_operator(
    factory: Factory,
    pool: Pool,
    private_postgres: EmbeddedPostgres,
    redis: Redis,
    start_worker: StartWorker,
    chat: RunChat,  # noqa: F811 - the fixture
) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy)
    start_worker(RECEIPTS_FLUSH_SECONDS="1")
    await becomes(lambda: redis.exists("chat:worker:alive"))
    private_postgres.kill()
    await reads(redis, room, bo, 3, at(1))
    await reads(redis, room, cy, 7, at(2))

    async def is_set_aside() -> bool:
        if (await left_in_redis(redis))["taken"]:
            await time_passes(redis)
        return (await left_in_redis(redis))["set_aside"] == 2

    await becomes(is_set_aside, within=60)
    private_postgres.start()

    told = chat("receipts")
    assert told.status == 1
    assert "Waiting for the worker: 0 entries." in told.printed
    assert ": 2 entries.\n" in told.printed
    assert await marks(pool, room) == {}

    assert chat("receipts", "retry").printed.startswith("Moved back: 2 entries.")
    assert chat("receipts", "retry").printed.startswith("Moved back: 0 entries.")
    await all_is_stored(redis)
    await is_right(pool, room, bo, cy)
    fine = chat("receipts")
    assert (fine.status, fine.printed) == (0, "Waiting for the worker: 0 entries.\nSet aside: none.\n")


async def two_have_read(factory: Factory, redis: Redis) -> tuple[UUID, UUID, UUID]:
    """Of a room of three Bo has read up to 3, and Cy up to 7, and neither is stored: the room, Bo, Cy."""
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy)
    await reads(redis, room, bo, 3, at(1))
    await reads(redis, room, cy, 7, at(2))
    return room, bo, cy


async def has_failed(worker: WorkerProcess) -> bool:
    """Whether it has said that it could not store something."""
    return "receipts.flush_failed" in worker.printed()


async def all_is_stored(redis: Redis) -> None:
    """Wait until nothing is left in Redis."""

    async def is_so() -> bool:
        return await left_in_redis(redis) == NOTHING

    await becomes(is_so)


async def is_right(pool: Pool, room: UUID, bo: UUID, cy: UUID) -> None:
    """Bo has read up to 3, and Cy up to 7, each once."""
    assert await marks(pool, room) == {bo: (3, 3), cy: (7, 7)}
    assert await steps(pool, room, bo) == [(3, at(1))]
    assert await steps(pool, room, cy) == [(7, at(2))]
