"""The Redis connection, with time limits that keep an outage short."""

from typing import TypeAlias

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chat.settings import Settings

Redis: TypeAlias = redis.asyncio.Redis

UNAVAILABLE = (RedisError, OSError, TimeoutError)


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
