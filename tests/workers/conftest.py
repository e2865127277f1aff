"""A client for Redis, and the worker's flush as a job runs it."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import msgspec
import pytest

from chat.db import Pool
from chat.receipts.flush import flush
from chat.redis import Redis, create_redis
from chat.settings import Settings

Flush = Callable[..., Coroutine[Any, Any, int]]


@pytest.fixture
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    """This test's Redis."""
    async with create_redis(settings) as client:
        yield client


@pytest.fixture
def flush_now(pool: Pool, redis: Redis, settings: Settings) -> Flush:
    """`await flush_now()`: one run of the job; `receipts_tries=2` changes a setting, `through` the pool."""

    async def run(*, through: Pool = pool, is_ending: Callable[[], bool] = lambda: False, **changes: object) -> int:
        return await flush(through, redis, msgspec.structs.replace(settings, **changes), is_ending=is_ending)

    return run
