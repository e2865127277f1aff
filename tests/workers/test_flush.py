"""What waits in Redis comes to the database: all of it, once, and exactly."""

import asyncio
import random
from uuid import UUID, uuid4

import pytest

from chat.db import Pool
from chat.receipts import flush as flushing
from chat.receipts.pending import STREAM
from chat.redis import Redis
from tests.factory import Factory
from tests.workers.conftest import Flush
from tests.workers.waiting import (
    MONDAY,
    NOTHING,
    at,
    left_in_redis,
    marks,
    read_at,
    reads,
    receives,
    room_with_messages,
    steps,
)


async def test_what_was_read_and_received_is_stored_and_let_go_of(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush
) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy)
    await reads(redis, room, bo, 3, at(1))
    await reads(redis, room, bo, 7, at(2))
    await receives(redis, room, cy, 9, at(3))
    assert (await left_in_redis(redis))["waiting"] == 3

    assert await flush_now() == 3

    assert await marks(pool, room) == {bo: (7, 7), cy: (9, 0)}
    assert await steps(pool, room, bo) == [(3, at(1)), (7, at(2))]
    assert await steps(pool, room, cy) == []
    assert await left_in_redis(redis) == NOTHING
    assert await flush_now() == 0


async def test_nothing_goes_back(factory: Factory, pool: Pool, redis: Redis, flush_now: Flush) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    await reads(redis, room, bo, 7, at(2))
    await flush_now()
    # An entry that was set aside, or waited in a Redis that was away, comes after a newer one.
    await reads(redis, room, bo, 3, at(1))
    await flush_now()

    assert await marks(pool, room) == {bo: (7, 7)}
    assert await steps(pool, room, bo) == [(3, at(1)), (7, at(2))]
    assert await left_in_redis(redis) == NOTHING


async def test_a_further_step_that_was_made_earlier_puts_the_time_right(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush
) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    await reads(redis, room, bo, 2, at(1))
    await reads(redis, room, bo, 5, at(8))
    await flush_now()

    await reads(redis, room, bo, 9, at(4))
    await flush_now()

    kept = await steps(pool, room, bo)
    assert [read_at(kept, seq) for seq in (2, 3, 5, 9, 10)] == [at(1), at(4), at(4), at(4), None]


@pytest.mark.parametrize("seed", range(8))
async def test_who_read_which_message_and_when_is_exact_in_whatever_order_steps_come(
    seed: int, factory: Factory, pool: Pool, redis: Redis, flush_now: Flush
) -> None:
    chance = random.Random(seed)
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy)
    made: dict[UUID, list[tuple[int, float]]] = {bo: [], cy: []}
    for _ in range(40):
        person, up_to, minute = chance.choice([bo, cy]), chance.randint(1, 20), chance.randint(1, 30)
        # What Redis knows of the person is no longer there, as after a loss.
        await redis.delete(f"chat:receipts:read:{room}", f"chat:receipts:delivered:{room}")
        await reads(redis, room, person, up_to, at(minute))
        made[person].append((up_to, minute))
        if chance.random() < 0.2:
            await flush_now()
    await flush_now()

    for person, said in made.items():
        kept = await steps(pool, room, person)
        for seq in range(1, 21):
            minutes = [minute for up_to, minute in said if up_to >= seq]
            assert read_at(kept, seq) == (at(min(minutes)) if minutes else None), (seq, kept, said)
        assert (await marks(pool, room))[person][1] == max(up_to for up_to, _ in said)


async def test_who_came_later_has_read_what_was_before_at_no_time(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush
) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    await factory.read(room, bo, 10)
    await reads(redis, room, bo, 4)
    await flush_now()

    assert await steps(pool, room, bo) == []
    assert await marks(pool, room) == {bo: (10, 10)}


async def test_who_has_left_and_what_is_deleted_hold_up_nobody(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush
) -> None:
    ada, bo, cy = await factory.three()
    room, deleted = [await room_with_messages(factory, ada, bo, cy) for _ in range(2)]
    for place, person in ((room, bo), (room, cy), (deleted, bo), (uuid4(), bo), (room, uuid4())):
        await reads(redis, place, person, 5)
    await pool.execute("delete from members where conversation_id = $1 and user_id = $2", room, cy)
    await pool.execute("update conversations set deleted_at = now() where id = $1", deleted)

    assert await flush_now() == 5

    assert await marks(pool, room) == {bo: (5, 5)}
    assert await marks(pool, deleted) == {}
    assert await pool.fetchval("select count(*) from read_events") == 1
    assert await left_in_redis(redis) == NOTHING


async def test_nobody_has_read_what_is_not_written(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush
) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo, messages=3)
    await reads(redis, room, bo, 2**40)
    await flush_now()

    assert await marks(pool, room) == {bo: (3, 3)}
    assert await steps(pool, room, bo) == []


async def test_a_marker_set_by_hand_stays(factory: Factory, pool: Pool, redis: Redis, flush_now: Flush) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    await reads(redis, room, bo, 9)
    await pool.execute("update members set unread_from_seq = 4 where user_id = $1", bo)
    await flush_now()

    assert await pool.fetchrow("select read_up_to_seq, unread_from_seq from members where user_id = $1", bo) == (9, 4)


async def test_what_is_read_while_a_flush_is_under_way_still_counts(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush
) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    await reads(redis, room, bo, 3, at(1))
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from members for update")
        under_way = asyncio.create_task(flush_now(is_ending=lambda: True))
        while not (await left_in_redis(redis))["taken"]:  # noqa: ASYNC110 - another client's doing
            await asyncio.sleep(0.01)
        await reads(redis, room, bo, 8, at(2))
    await under_way

    assert await redis.hget(f"chat:receipts:read:{room}", str(bo)) == b"8"  # type: ignore[misc]
    assert await flush_now() == 1
    assert await steps(pool, room, bo) == [(3, at(1)), (8, at(2))]
    assert await left_in_redis(redis) == NOTHING


async def test_many_are_stored_in_batches(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flushing, "BATCH", 10)
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy, messages=60)
    for seq in range(1, 48):
        await reads(redis, room, bo, seq, at(seq))
        await reads(redis, room, cy, seq, at(seq))

    assert await flush_now() == 94

    assert await marks(pool, room) == {bo: (47, 47), cy: (47, 47)}
    assert await steps(pool, room, bo) == [(seq, at(seq)) for seq in range(1, 48)]
    counted = await redis.hgetall("chat:receipts:flush")  # type: ignore[misc]
    # Ten batches of at most ten, each with the mark of both.
    assert counted == {b"entries": b"94", b"batches": b"10", b"rows": b"114"}


async def test_a_worker_that_is_to_end_finishes_the_batch_at_hand(
    factory: Factory, redis: Redis, flush_now: Flush, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flushing, "BATCH", 10)
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo, messages=60)
    for seq in range(1, 31):
        await reads(redis, room, bo, seq)

    assert await flush_now(is_ending=lambda: True) == 10

    left = await left_in_redis(redis)
    assert (left["waiting"], left["taken"]) == (20, 0)


async def test_two_at_once_do_nothing_twice(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flushing, "BATCH", 7)
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy, messages=60)
    for seq in range(1, 51):
        await reads(redis, room, bo, seq, at(seq))
        await reads(redis, room, cy, seq, at(seq))

    stored = await asyncio.gather(*(flush_now() for _ in range(3)))

    assert sum(stored) == 100
    assert await steps(pool, room, bo) == await steps(pool, room, cy) == [(seq, at(seq)) for seq in range(1, 51)]
    assert await left_in_redis(redis) == NOTHING


async def test_a_redis_that_is_full_does_not_keep_what_is_stored(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush
) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    await reads(redis, room, bo, 5)
    await flush_now()
    await reads(redis, room, bo, 6)
    before = (await redis.config_get("maxmemory"))["maxmemory"]
    await redis.config_set("maxmemory", 1)
    try:
        assert await flush_now() == 1
    finally:
        await redis.config_set("maxmemory", before)

    assert await marks(pool, room) == {bo: (6, 6)}
    assert await left_in_redis(redis) == NOTHING


async def test_a_redis_that_has_forgotten_all_is_no_trouble(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush
) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    await reads(redis, room, bo, 5)
    await flush_now()
    await redis.flushall()
    assert await flush_now() == 0

    await redis.delete(STREAM)
    await reads(redis, room, bo, 6, MONDAY)
    assert await flush_now() == 1
    assert await marks(pool, room) == {bo: (6, 6)}
