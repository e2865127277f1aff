"""Receipts are kept and told whatever is away, and whoever takes the same rows."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from chat.db import Pool, Record
from chat.errors import Unavailable
from chat.events import ReceiptMoved
from chat.messages import store_queries
from chat.messages.model import NewMessage
from chat.messages.writer import Writer
from chat.receipts import pending, queries, recorder
from chat.receipts.model import ReadState
from chat.redis import Redis, create_redis
from chat.settings import Settings
from tests.factory import Factory, client_id
from tests.receipts.conftest import Run
from tests.receipts.recording import Process
from tests.workers.conftest import Flush
from tests.workers.waiting import NOTHING, left_in_redis, marks, room_with_messages, steps


async def test_without_redis_it_is_written_at_once(run: Run, pool: Pool, settings: Settings, factory: Factory) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy)
    lost = create_redis(msgspec.structs.replace(settings, redis_url="redis://127.0.0.1:1"))
    process = run(direct_max=2, redis=lost)

    assert await process.reads(room, bo, 5) == ReadState(5, 15)
    assert await process.reads(room, bo, 3) == ReadState(5, 15)
    await process.receives(room, cy, 7)

    assert await marks(pool, room) == {bo: (5, 5), cy: (7, 0)}
    assert process.moved == [(bo, 5, 5)]


async def test_a_silent_redis_holds_up_one_batch_only(
    run: Run, pool: Pool, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy)
    asked = 0

    async def add(*_: object, **__: object) -> list[pending.Added]:
        nonlocal asked
        asked += 1
        raise TimeoutError

    monkeypatch.setattr(pending, "add", add)
    process = run(direct_max=2)
    for up_to in (1, 2, 3):
        await process.reads(room, bo, up_to)

    assert asked == 1
    assert await marks(pool, room) == {bo: (3, 3)}


async def test_where_no_worker_has_worked_for_long_it_is_written_at_once(
    run: Run, pool: Pool, factory: Factory, redis: Redis, flush_now: Flush, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo, cy = await factory.three()
    room = await room_with_messages(factory, ada, bo, cy)
    await run(direct_max=2).reads(room, cy, 4)
    monkeypatch.setattr(pending, "MOST", 1)

    await run(direct_max=2).reads(room, bo, 5)

    assert await marks(pool, room) == {bo: (5, 5)}
    await flush_now()
    assert await marks(pool, room) == {bo: (5, 5), cy: (4, 4)}
    assert await left_in_redis(redis) == NOTHING


async def test_an_answer_that_was_lost_is_told_when_the_device_says_it_again(
    run: Run, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo, room = await factory.pair()
    await factory.say(room, [(ada, "One", factory.later())])
    process = run()
    record = queries.record

    async def lose_the_answer(connection: Any, **options: Any) -> list[Record]:
        await record(connection, **options)
        raise asyncpg.ConnectionDoesNotExistError

    with monkeypatch.context() as broken:
        broken.setattr(queries, "record", lose_the_answer)
        with pytest.raises(Unavailable):
            await process.reads(room, bo, 1)
    assert process.moved == []

    assert await process.reads(room, bo, 1) == ReadState(1, 0)
    assert process.moved == [(bo, 1, 1)]
    await process.reads(room, bo, 1)
    assert process.moved == [(bo, 1, 1)]


async def test_of_too_many_lost_answers_the_latest_are_told(
    run: Run, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo, cy = await factory.three()
    room = await factory.group(ada, bo, cy)
    await factory.say(room, [(ada, "One", factory.later())])
    process = run()
    record = queries.record

    async def lose_the_answer(connection: Any, **options: Any) -> list[Record]:
        await record(connection, **options)
        raise asyncpg.ConnectionDoesNotExistError

    monkeypatch.setattr(recorder, "MOST", 1)
    with monkeypatch.context() as broken:
        broken.setattr(queries, "record", lose_the_answer)
        for person in (bo, cy):
            with pytest.raises(Unavailable):
                await process.reads(room, person, 1)

    for person in (bo, cy):
        await process.reads(room, person, 1)
    assert process.moved == [(cy, 1, 1)]


async def test_what_was_read_by_writing_is_told_when_the_message_is_sent_again(
    run: Run, pool: Pool, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo, room = await factory.pair()
    await factory.say(room, [(ada, "One", factory.later())])
    process = run()
    writer, message = _writer(pool, process), NewMessage(client_id(), room, bo, client_id(), "Two")
    store = store_queries.store

    async def lose_the_answer(connection: Any, **options: Any) -> list[store_queries.Stored]:
        await store(connection, **options)
        raise asyncpg.ConnectionDoesNotExistError

    with monkeypatch.context() as broken:
        broken.setattr(store_queries, "store", lose_the_answer)
        with pytest.raises(Unavailable):
            await writer.store(message)
    assert process.moved == []

    assert (await writer.store(message)).duplicate
    assert process.moved == [(bo, 2, 2)]

    # What was marked as unread since then is left as it is; and so is what was said since then.
    await pool.execute("update members set unread_from_seq = 1 where user_id = $1", bo)
    await writer.store(message)
    await pool.execute("update members set unread_from_seq = null")
    await writer.store(NewMessage(client_id(), room, ada, client_id(), "Three"))
    await writer.store(message)
    assert process.moved == [(bo, 2, 2), (ada, 3, 3)]


async def test_a_deadlock_is_tried_again(run: Run, pool: Pool, factory: Factory) -> None:
    """Somebody takes the same rows in the other order."""
    ada, bo, room = await factory.pair()
    await factory.say(room, [(ada, "One", factory.later())])
    process = run()
    first, last = sorted((ada, bo))
    take = "select from members where conversation_id = $1 and user_id = $2 for update"

    async with pool.acquire() as connection, connection.transaction():
        # It is the other one that PostgreSQL breaks off.
        await connection.execute("set local deadlock_timeout = '1min'")
        await connection.execute(take, room, last)
        reading = asyncio.gather(process.reads(room, ada, 1), process.reads(room, bo, 1))
        async with asyncio.timeout(10):
            while not await pool.fetchval("select count(*) from pg_locks where not granted"):  # noqa: ASYNC110 - nor of that
                await asyncio.sleep(0.01)
        await connection.execute(take, room, first)

    assert list(await reading) == [ReadState(1, 0)] * 2
    assert await marks(pool, room) == {ada: (1, 1), bo: (1, 1)}


async def test_readers_and_writers_of_the_same_conversations_get_along(run: Run, pool: Pool, factory: Factory) -> None:
    people = [await factory.user() for _ in range(6)]
    rooms = [await factory.group(*people) for _ in range(4)]
    processes = [run(), run()]
    writers = [_writer(pool, process) for process in processes]

    async def writes(number: int) -> None:
        for count in range(15):
            room, person = rooms[(number + count) % 4], people[(number * 5 + count) % 6]
            await writers[number % 2].store(NewMessage(client_id(), room, person, client_id(), "Hello"))

    async def reads(number: int) -> None:
        for count in range(15):
            for room in rooms[:: -1 if number % 2 else 1]:
                await processes[number % 2].reads(room, people[(number + count) % 6], 2**40)

    await asyncio.gather(*(task(number) for number in range(6) for task in (writes, reads)))

    told: dict[tuple[UUID, UUID], int] = {}
    for event in (event for process in processes for event in process.events if isinstance(event, ReceiptMoved)):
        member = (event.conversation_id, event.user_id)
        told[member] = max(told.get(member, 0), event.read_up_to)
    for room in rooms:
        for person, (_, read) in (await marks(pool, room)).items():
            kept = await steps(pool, room, person)
            assert [at for _, at in kept] == sorted(at for _, at in kept)
            own = await pool.fetchval(
                "select max(seq) from messages where conversation_id = $1 and sender_id = $2", room, person
            )
            # What was not told is a message of one's own after what had been read.
            assert max(told.get((room, person), 0), own or 0) == read


def _writer(pool: Pool, process: Process) -> Writer:
    return Writer(
        pool,
        writers=2,
        batch=16,
        queue=1000,
        retries=0,
        timeout=10,
        direct_max=10,
        committed=lambda _: None,
        read=process.recorder.tell,
    )
