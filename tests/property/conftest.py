"""Two web processes without limits, and the servers behind them."""

import asyncio
from collections.abc import Callable, Iterator

import asyncpg
import pytest

from chat.db import Pool
from tests.property.conversation import World
from tests.servers import WebProcess

NO_LIMITS = {
    "SEND_LIMIT_PER_MINUTE": "0",
    "CONNECT_LIMIT_PER_MINUTE": "0",
    "HISTORY_LIMIT_PER_MINUTE": "0",
    "FRAME_LIMIT_PER_SECOND": "0",
    "CHANGE_LIMIT_PER_MINUTE": "0",
    # Small, so that a history takes several pages.
    "HISTORY_PAGE": "7",
}


async def _open_pool(database_url: str) -> Pool:
    return await asyncpg.create_pool(database_url, min_size=1, max_size=4)


@pytest.fixture
def world(database_url: str, redis_url: str, start_web: Callable[..., WebProcess]) -> Iterator[World]:
    """What stays while conversations come and go."""
    first, second = start_web(**NO_LIMITS), start_web(**NO_LIMITS)
    with asyncio.Runner() as runner:
        pool = runner.run(_open_pool(database_url))
        yield World(runner, pool, redis_url, (first.url, second.url))
        runner.run(pool.close())
