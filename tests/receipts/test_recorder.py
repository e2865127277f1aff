"""How receipts are kept: in whatever order they come, through whichever process, at which cost."""

import asyncio
from collections.abc import Sequence

import pytest

from chat.db import Pool
from chat.events import ReceiptCountsChanged
from chat.receipts.model import ReadState
from chat.redis import Redis
from tests.factory import Factory, client_id
from tests.receipts.conftest import Run
from tests.receipts.recording import Process
from tests.workers.conftest import Flush
from tests.workers.waiting import NOTHING, left_in_redis, marks, room_with_messages, steps


@pytest.mark.parametrize("direct_max", [2, 10])
async def test_the_furthest_counts_in_whatever_order_it_comes(
    run: Run, pool: Pool, factory: Factory, flush_now: Flush, direct_max: int
) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy)
    one, other = run(direct_max=direct_max), run(direct_max=direct_max)

    said = ((one, 7), (other, 5), (one, 9), (other, 9), (other, 3))
    states = [await process.reads(room, bo, up_to) for process, up_to in said]
    assert states == [ReadState(7, 13)] * 2 + [ReadState(9, 11)] * 3
    assert one.moved == [(bo, 7, 7), (bo, 9, 9)]
    assert other.moved == []
    await flush_now()

    assert await marks(pool, room) == {bo: (9, 9)}
    assert [up_to for up_to, _ in await steps(pool, room, bo)] == [7, 9]


async def test_devices_that_speak_at_once_are_told_the_same(run: Run, factory: Factory, statements: list[int]) -> None:
    ada, bo, room = await factory.pair()
    await factory.say(room, [(ada, str(number), factory.later()) for number in range(9)])
    process = run()

    states = await asyncio.gather(*(process.reads(room, bo, up_to) for up_to in (8, 5, 8, 2)))

    assert states == [ReadState(8, 1)] * 4
    assert process.moved == [(bo, 8, 8)]
    assert statements == [1]


async def test_two_processes_at_once_end_with_the_furthest(run: Run, pool: Pool, factory: Factory) -> None:
    ada, bo, room = await factory.pair()
    await factory.say(room, [(ada, str(number), factory.later()) for number in range(100)])
    one, other = run(), run()

    async def reads_all(process: Process, numbers: Sequence[int]) -> None:
        for number in numbers:
            await process.reads(room, bo, number)

    await asyncio.gather(reads_all(one, range(1, 100, 2)), reads_all(other, range(100, 0, -7)))

    assert await marks(pool, room) == {bo: (100, 100)}
    kept = await steps(pool, room, bo)
    assert kept[-1][0] == 100
    times = [at for _, at in kept]
    assert times == sorted(times)


async def test_nothing_lies_beyond_the_last_message_and_nothing_goes_back(
    run: Run, pool: Pool, factory: Factory, flush_now: Flush
) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy, messages=3)

    for direct_max in (10, 2):
        assert await run(direct_max=direct_max).reads(room, bo, 2**62) == ReadState(3, 0)
        await run(direct_max=direct_max).receives(room, bo, 2**62)
        assert await run(direct_max=direct_max).reads(room, bo, 0) == ReadState(3, 0)
    await flush_now()

    assert await marks(pool, room) == {bo: (3, 3)}


async def test_who_is_not_in_it_is_told_nothing_and_changes_nothing(run: Run, pool: Pool, factory: Factory) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    gone = await room_with_messages(factory, ada, cy)
    await pool.execute("update conversations set deleted_at = now() where id = $1", gone)
    process = run()

    assert await process.reads(room, cy, 5) is None
    assert await process.reads(client_id(), bo, 5) is None
    assert await process.reads(gone, cy, 5) is None
    assert process.events == []
    assert await pool.fetchval("select count(*) from read_events") == 0


async def test_receipts_that_come_together_share_a_statement(
    run: Run, pool: Pool, factory: Factory, statements: list[int]
) -> None:
    people = [await factory.user() for _ in range(40)]
    rooms = [await room_with_messages(factory, people[0], *people[1:], messages=2) for _ in range(3)]
    process = run(direct_max=100)

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from members for update")
        first = asyncio.create_task(process.reads(rooms[0], people[1], 1))
        while not statements:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
        rest = [
            asyncio.create_task(process.reads(room, person, up_to))
            for up_to in (1, 2)
            for room in rooms
            for person in people
        ]
        await asyncio.sleep(0)
    await asyncio.gather(first, *rest)

    assert statements == [1, 120]
    assert await pool.fetchval("select count(*) from read_events") == 121


async def test_a_step_is_one_row_however_many_messages_it_covers(
    run: Run, pool: Pool, factory: Factory, statements: list[int]
) -> None:
    ada, bo, room = await factory.pair()
    await factory.say(room, [(ada, "x", factory.later())] * 1000)
    process = run()

    await process.receives(room, bo, 1000)
    await process.reads(room, bo, 1000)

    assert len(statements) == 2
    assert len(await steps(pool, room, bo)) == 1


@pytest.mark.parametrize("direct_max", [10, 2_000])
async def test_a_thousand_people_read_a_thousand_messages(
    run: Run, pool: Pool, factory: Factory, redis: Redis, flush_now: Flush, direct_max: int
) -> None:
    people = [
        row["id"]
        for row in await pool.fetch(
            """
            insert into users (id, email, username, display_name)
            select gen_random_uuid(), 'p' || n || '@example.org', 'p' || n, 'Person ' || n
            from generate_series(1, 1000) n
            returning id
            """
        )
    ]
    room = await room_with_messages(factory, *people, messages=1_000)
    one, other = run(direct_max=direct_max), run(direct_max=direct_max)

    for up_to in range(100, 1_001, 100):
        await asyncio.gather(*(process.reads(room, person, up_to) for process in (one, other) for person in people))
    if direct_max == 10:
        assert await pool.fetchval("select count(*) from read_events") == 0
        assert (await left_in_redis(redis))["waiting"] == 10_000
    await flush_now()

    assert await marks(pool, room) == dict.fromkeys(people, (1_000, 1_000))
    # As many as people have said something, and not as many as messages were read.
    assert await pool.fetchval("select count(*) from read_events") == 10_000
    assert await left_in_redis(redis) == NOTHING
    assert len(one.moved) + len(other.moved) == 10_000


async def test_of_a_larger_conversation_nobody_is_told_who_has_received_it(run: Run, factory: Factory) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy)
    process = run(direct_max=2)

    await process.receives(room, bo, 4)
    await process.receives(room, cy, 4)

    # And how many have, once a second.
    assert process.events == [ReceiptCountsChanged(room)]


async def test_a_process_that_ends_tells_the_last_count_at_once(run: Run, factory: Factory) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy)
    process = run(direct_max=2)
    await process.receives(room, bo, 4)
    await process.receives(room, cy, 4)

    await process.recorder.close()

    assert process.events == [ReceiptCountsChanged(room)] * 2


async def test_what_waits_is_counted_in_where_somebody_says_less(
    run: Run, pool: Pool, factory: Factory, flush_now: Flush
) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy)
    process = run(direct_max=2)
    await process.reads(room, bo, 5)
    await flush_now()
    await process.reads(room, bo, 15)

    # The database knows of 5.
    assert await process.reads(room, bo, 5) == ReadState(15, 5)
    assert await process.reads(room, bo, 2) == ReadState(15, 5)
    assert process.moved == [(bo, 5, 5), (bo, 15, 15)]
    assert await marks(pool, room) == {bo: (5, 5)}
