"""What can't be stored is tried again, then set aside where an operator sees it, and never lost."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from chat.db import Pool
from chat.receipts import backlog
from chat.receipts.consumer import ASIDE
from chat.receipts.pending import STREAM
from chat.redis import Redis
from tests.factory import Factory
from tests.proxy import Proxy
from tests.workers.conftest import Flush
from tests.workers.waiting import NOTHING, at, left_in_redis, marks, reads, room_with_messages, steps, time_passes

REFUSED = """
create function refuse() returns trigger language plpgsql as $$
begin
    raise exception 'not this one';
end $$;
create trigger refuse before insert on read_events for each row when (new.up_to_seq = 13) execute function refuse();
"""


def over_tcp(url: str) -> str:
    """The same database, where the address is that of a Unix socket."""
    parts = urlsplit(url)
    if parts.hostname:
        return url
    port = parse_qs(parts.query)["port"][0]
    return parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}", query="").geturl()


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    """Stands before PostgreSQL."""
    proxy = Proxy(over_tcp(database_url))
    await proxy.accept()
    yield proxy
    await proxy.close()


@pytest.fixture
async def workers_pool(proxy: Proxy) -> AsyncIterator[Pool]:
    """The worker's way to PostgreSQL."""
    pool = await asyncpg.create_pool(proxy.url, min_size=1, max_size=2)
    yield pool
    pool.terminate()


async def test_without_a_database_for_five_flushes_it_is_set_aside_and_a_retry_puts_it_right(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush, proxy: Proxy, workers_pool: Pool
) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy)
    await reads(redis, room, bo, 3, at(1))
    await reads(redis, room, cy, 7, at(2))
    await proxy.refuse()
    for _ in range(5):
        assert await flush_now(through=workers_pool) == 0
        assert await left_in_redis(redis) == {"waiting": 2, "taken": 2, "set_aside": 0, "marks": 4}
        await time_passes(redis)

    assert await flush_now(through=workers_pool) == 0
    # It still counts: what a person has read is not unread again because it is set aside.
    assert await left_in_redis(redis) == {"waiting": 0, "taken": 0, "set_aside": 2, "marks": 4}
    found = await backlog.set_aside(redis)
    assert found.entries == 2
    assert list(found.reasons.values()) == [2]
    assert "Connect" in next(iter(found.reasons))

    await proxy.accept()
    # Meanwhile one of them has read on.
    await reads(redis, room, bo, 9, at(30))
    assert await flush_now(through=workers_pool) == 1
    assert await marks(pool, room) == {bo: (9, 9)}
    assert (await left_in_redis(redis))["marks"] == 2

    assert await backlog.move_back(redis) == 2
    assert await backlog.move_back(redis) == 0
    assert await flush_now(through=workers_pool) == 2
    assert await marks(pool, room) == {bo: (9, 9), cy: (7, 7)}
    assert await steps(pool, room, bo) == [(3, at(1)), (9, at(30))]
    assert await steps(pool, room, cy) == [(7, at(2))]
    assert await left_in_redis(redis) == NOTHING


async def test_an_outage_that_is_over_in_time_sets_nothing_aside(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush, proxy: Proxy, workers_pool: Pool
) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    await reads(redis, room, bo, 3)
    await proxy.refuse()
    for _ in range(4):
        assert await flush_now(through=workers_pool) == 0
        await time_passes(redis)
    await proxy.accept()

    assert await flush_now(through=workers_pool) == 1
    assert await marks(pool, room) == {bo: (3, 3)}
    assert await left_in_redis(redis) == NOTHING


async def test_what_was_just_taken_is_left_to_whoever_took_it(
    factory: Factory, redis: Redis, flush_now: Flush, proxy: Proxy, workers_pool: Pool
) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    await reads(redis, room, bo, 3)
    await proxy.refuse()
    await flush_now(through=workers_pool)

    # An hour is needed here, so that a slow machine doesn't matter.
    assert await flush_now(statement_timeout=3600.0) == 0
    await time_passes(redis, milliseconds=2 * 3_600_000)
    assert await flush_now(statement_timeout=3600.0) == 1


async def test_one_that_the_database_refuses_holds_up_no_other(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush
) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy, messages=30)
    await pool.execute(REFUSED)
    for seq in range(1, 14):
        await reads(redis, room, bo, seq, at(seq))
    for seq in range(14, 27):
        await reads(redis, room, cy, seq, at(seq))

    assert await flush_now() == 25
    assert await marks(pool, room) == {bo: (12, 12), cy: (26, 26)}
    for _ in range(5):
        await time_passes(redis)
        assert await flush_now() == 0
    assert (await left_in_redis(redis))["set_aside"] == 1
    assert (await backlog.set_aside(redis)).reasons == {"RaiseError": 1}

    await pool.execute("drop trigger refuse on read_events")
    await backlog.move_back(redis)
    await flush_now()
    assert await marks(pool, room) == {bo: (13, 13), cy: (26, 26)}
    assert await left_in_redis(redis) == NOTHING


SOMEBODY = {"c": "1" * 32, "u": "2" * 32, "t": 1}


@pytest.mark.parametrize(
    "fields",
    [
        {"k": "read"},
        SOMEBODY | {"d": 1, "r": 1, "c": "none"},
        SOMEBODY | {"d": 1, "r": ""},
        SOMEBODY | {"d": 1, "r": 2**70},
        SOMEBODY | {"d": 1, "r": 1, "t": 10**30},
    ],
)
async def test_an_entry_of_another_version_is_kept_for_it(
    fields: dict[str, object], factory: Factory, redis: Redis, flush_now: Flush
) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    await redis.xadd(STREAM, fields)  # type: ignore[arg-type]
    await reads(redis, room, bo, 3)

    assert await flush_now() == 1
    for _ in range(5):
        await time_passes(redis)
        await flush_now()

    [(_, kept)] = await redis.xrange(ASIDE)
    assert kept == {name.encode(): str(value).encode() for name, value in fields.items()} | {b"w": b"UnreadableEntry"}


async def test_a_database_that_takes_nothing_is_not_asked_again_for_each_entry(
    factory: Factory, pool: Pool, redis: Redis, flush_now: Flush
) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    for seq in range(1, 11):
        await reads(redis, room, bo, seq)
    # As in the middle of a deploy, or where the database has become a copy that is only read.
    await pool.execute("alter table read_events rename to away")
    assert await flush_now() == 0
    assert (await redis.get("chat:receipts:failure")) == b"UndefinedTableError"

    await pool.execute("alter table away rename to read_events")
    await time_passes(redis)
    assert await flush_now() == 10
    assert await left_in_redis(redis) == NOTHING


async def test_a_worker_that_dies_each_time_is_the_reason_that_is_told(
    factory: Factory, redis: Redis, flush_now: Flush, proxy: Proxy, workers_pool: Pool
) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    await reads(redis, room, bo, 3)
    await proxy.refuse()
    await flush_now(through=workers_pool, receipts_tries=1)
    await redis.delete("chat:receipts:failure")
    await time_passes(redis)
    await flush_now(receipts_tries=1)

    assert (await backlog.set_aside(redis)).reasons == {"the worker ended before it was stored": 1}


async def test_many_are_listed_and_moved_back(
    factory: Factory, redis: Redis, flush_now: Flush, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "_AT_ONCE", 10)
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo, messages=40)
    fields = {"c": str(room), "u": str(bo), "t": 1}
    for seq in range(1, 36):
        await redis.xadd(ASIDE, {**fields, "w": "odd" if seq % 2 else "even", "d": seq, "r": seq})  # type: ignore[dict-item]

    found = await backlog.set_aside(redis)
    assert (found.entries, found.reasons) == (35, {"odd": 18, "even": 17})
    assert await backlog.move_back(redis) == 35
    assert await flush_now() == 35
