"""When a session was last used: gathered on the way, brought to PostgreSQL by the worker, and never back in time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest
from redis.exceptions import ResponseError

from chat.accounts import last_use, session_queries
from chat.accounts.last_use import LastUse, flush
from chat.db import Pool
from chat.embedded.server import free_port
from chat.redis import Redis, create_redis
from chat.settings import Settings
from tests.device import Connect, sign_in
from tests.factory import Factory
from tests.plain_browser import Browser
from workers.jobs import flush_last_use

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    client = create_redis(settings)
    yield client
    await client.aclose()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_use, "GATHER_SECONDS", 0.05)


async def used_at(pool: Pool) -> datetime:
    at: datetime = await pool.fetchval("select last_used_at from sessions")
    return at


async def flushed(pool: Pool, redis: Redis) -> int:
    """Wait until there is something to bring, and bring it."""
    deadline = asyncio.get_running_loop().time() + 8
    while not (brought := await flush(pool, redis)):
        assert asyncio.get_running_loop().time() < deadline, "nothing was gathered"
        await asyncio.sleep(0.02)
    return brought


async def session(pool: Pool, factory: Factory) -> UUID:
    await sign_in(pool, await factory.user())
    await pool.execute("update sessions set last_used_at = $1", LONG_AGO)
    found: UUID = await pool.fetchval("select id from sessions")
    return found


async def test_a_page_view_and_a_heartbeat_are_uses(
    browser: Browser, connect: Connect, pool: Pool, redis: Redis
) -> None:
    await browser.register("karin")
    device = await connect(await pool.fetchval("select id from users"))
    await flushed(pool, redis)

    for use in (lambda: browser.get("/"), lambda: device.say("presence:heartbeat")):
        await pool.execute("update sessions set last_used_at = $1", LONG_AGO)
        await pool.execute("update users set last_seen_at = null")
        await use()
        assert await flushed(pool, redis) == 1
        assert await pool.fetchval("select count(*) from sessions where last_used_at > now() - interval '1 min'") == 1
        assert await pool.fetchval("select last_seen_at > now() - interval '1 min' from users")
        assert await flush(pool, redis) == 0


async def test_the_worker_has_a_job_for_it(pool: Pool, redis: Redis, factory: Factory) -> None:
    uses = LastUse(redis)
    uses.note(await session(pool, factory))
    await uses.close()

    await flush_last_use({"pool": pool, "redis": redis})

    assert await used_at(pool) > LONG_AGO


async def test_time_never_goes_back(pool: Pool, redis: Redis, factory: Factory) -> None:
    session_id = await session(pool, factory)
    later = datetime.now(UTC).replace(microsecond=0)
    for at in (later, later - timedelta(hours=1), LONG_AGO):
        await redis.hset(last_use.USED, mapping={session_id.bytes: int(at.timestamp())})  # type: ignore[misc]
        await flush(pool, redis)

    assert await used_at(pool) == later
    assert await pool.fetchval("select last_seen_at from users") == later


async def test_what_a_dead_worker_left_behind_is_brought_by_the_next(
    pool: Pool, redis: Redis, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await session(pool, factory)
    uses = LastUse(redis)
    uses.note(session_id)
    await uses.send()

    async def dies(*_arguments: object, **_named: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(session_queries, "touch_sessions", dies)
        with pytest.raises(ConnectionResetError):
            await flush(pool, redis)
    assert await used_at(pool) == LONG_AGO
    assert await flush(pool, redis) == 1
    assert await used_at(pool) > LONG_AGO
    await uses.close()


async def test_two_workers_at_once_bring_it_together(pool: Pool, redis: Redis, factory: Factory) -> None:
    session_id = await session(pool, factory)
    for _ in range(10):
        await redis.hset(last_use.USED, mapping={session_id.bytes: int(datetime.now(UTC).timestamp())})  # type: ignore[misc]
        outcomes = await asyncio.gather(*(flush(pool, redis) for _ in range(4)), return_exceptions=True)
        assert not [outcome for outcome in outcomes if isinstance(outcome, ResponseError)]
        assert 1 in outcomes


async def test_a_use_that_comes_while_others_are_brought_stays(
    pool: Pool, redis: Redis, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await session(pool, factory)
    now = datetime.now(UTC).replace(microsecond=0)
    await redis.hset(last_use.USED, mapping={session_id.bytes: int(now.timestamp())})  # type: ignore[misc]
    touch = session_queries.touch_sessions

    async def slow(connection: Pool, *, used_at: dict[UUID, datetime]) -> list[asyncpg.Record]:
        touched = await touch(connection, used_at=used_at)
        later = {session_id.bytes: int(now.timestamp()) + 7}
        await redis.hset(last_use.USED, mapping=later)  # type: ignore[misc]
        return touched

    with monkeypatch.context() as patched:
        patched.setattr(session_queries, "touch_sessions", slow)
        await flush(pool, redis)
    assert await used_at(pool) == now

    assert await flush(pool, redis) == 1
    assert await used_at(pool) == now + timedelta(seconds=7)
    assert await flush(pool, redis) == 0


async def test_who_is_invisible_was_not_seen(pool: Pool, redis: Redis, factory: Factory) -> None:
    session_id = await session(pool, factory)
    await pool.execute("update users set last_seen_at = $1, invisible = true", LONG_AGO)
    uses = LastUse(redis)
    uses.note(session_id)
    await uses.close()

    assert await flush(pool, redis) == 1
    assert await used_at(pool) > LONG_AGO
    assert await pool.fetchval("select last_seen_at from users") == LONG_AGO


async def test_without_redis_nobody_waits_and_nothing_breaks(settings: Settings, factory: Factory, pool: Pool) -> None:
    client = create_redis(msgspec.structs.replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}"))
    uses = LastUse(client)
    uses.note(await session(pool, factory))

    await uses.send()
    await uses.close()
    await client.aclose()
