"""The Redis connection, with time limits that keep an outage short."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias
from weakref import WeakKeyDictionary

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chat.settings import Settings

Redis: TypeAlias = redis.asyncio.Redis

UNAVAILABLE = (RedisError, OSError, TimeoutError)

# A Redis that hasn't answered isn't asked again for so long, by whoever can do without.
PAUSE_SECONDS = 1.0
# Until when each of those is left alone.
_silent: WeakKeyDictionary[Redis, float] = WeakKeyDictionary()


@asynccontextmanager
async def unless_silent(client: Redis) -> AsyncIterator[None]:
    """For what people wait for, and what can be done without Redis: one of all who ask waits for its silence.

    Raises one of `UNAVAILABLE`, and at once where Redis hasn't answered a moment ago.
    """
    now = time.monotonic()
    if now < _silent.get(client, now):
        raise redis.exceptions.TimeoutError("Redis didn't answer a moment ago.")
    if client in _silent:
        _silent[client] = now + PAUSE_SECONDS
    try:
        yield
    except UNAVAILABLE:
        _silent[client] = time.monotonic() + PAUSE_SECONDS
        raise
    _silent.pop(client, None)


def create_redis(settings: Settings) -> Redis:
    """A client that connects at the first command.

    A command waits at most a second: everything that uses Redis has a way to go on without it, and a person
    who waits for a dead cache is worse off than one who does without. One retry covers a connection that the
    server closed while it was idle.
    """
    return redis.asyncio.Redis.from_url(
        settings.redis_url,
        socket_timeout=1.0,
        socket_connect_timeout=1.0,
        retry=Retry(NoBackoff(), 1),
        retry_on_error=[redis.exceptions.ConnectionError],
        health_check_interval=30,
    )
