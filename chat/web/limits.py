"""How often somebody may try something: counted in Redis, and in memory while Redis is away.

A limit never fails open. Without Redis each process counts for itself, so that with four processes a person has
four times as many tries, until Redis is back; that is little against guessing, and nobody is locked out.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web

from chat.errors import RateLimited
from chat.redis import UNAVAILABLE, Redis
from chat.web.logs import get_logger

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.strategies import FixedWindowRateLimiter

log = get_logger()

# After a failure Redis is left alone for so many seconds, so that not everyone waits for its time limit.
REDIS_PAUSE = 5.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries in so many seconds, counted from the first one; an `amount` of 0 sets no limit."""

    name: str
    amount: int
    window: float


class Limiter:
    """Counts tries. Keys are hashed, so that Redis holds no addresses and no names of accounts."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._redis_pause_until = 0.0

    async def hit(self, limit: Limit, key: str) -> None:
        """Count a try. Raises `RateLimited`, with the seconds to wait, where there were too many already."""
        if not limit.amount:
            return
        item, identifier = _item(limit), _hash(key)
        if await self._count(lambda counter: counter.hit(item, identifier)):
            return
        # The counter counts a refused try, too; it would go on refusing when those that were let in are taken back.
        await self.forgive(limit, key)
        stats = await self._count(lambda counter: counter.get_window_stats(item, identifier))
        seconds = max(1.0, stats.reset_time - time.time())
        raise RateLimited(f"Too many tries. Please wait {in_words(seconds)}, then try again.", retry_after=seconds)

    async def forgive(self, limit: Limit, key: str) -> None:
        """Take one try back."""
        if limit.amount:
            item, identifier = _item(limit), _hash(key)
            await self._count(lambda counter: counter.hit(item, identifier, cost=-1))

    async def clear(self, limit: Limit, key: str) -> None:
        """Forget all tries."""
        if limit.amount:
            item, identifier = _item(limit), _hash(key)
            await self._count(lambda counter: counter.clear(item, identifier))

    async def _count(self, operation: "Callable[[FixedWindowRateLimiter], Awaitable[Result]]") -> Result:
        if time.monotonic() >= self._redis_pause_until:
            try:
                return await operation(self._in_redis)
            except UNAVAILABLE as error:
                self._redis_pause_until = time.monotonic() + REDIS_PAUSE
                log.warning("limits.in_memory", reason=type(error).__name__)
        return await operation(self._in_memory)

    # The library is imported at the first try, because it takes a twentieth of the time in which a process starts.

    @cached_property
    def _in_redis(self) -> "FixedWindowRateLimiter":
        from limits.aio.storage import RedisStorage
        from limits.aio.strategies import FixedWindowRateLimiter

        return FixedWindowRateLimiter(
            RedisStorage(
                "redis://",
                implementation="redispy",
                key_prefix="chat:limit",
                connection_pool=self._redis.connection_pool,  # type: ignore[arg-type]
            )
        )

    @cached_property
    def _in_memory(self) -> "FixedWindowRateLimiter":
        from limits.aio.storage import MemoryStorage
        from limits.aio.strategies import FixedWindowRateLimiter

        return FixedWindowRateLimiter(MemoryStorage())


LIMITER = web.AppKey("limiter", Limiter)


def _item(limit: Limit) -> "RateLimitItem":
    from limits import RateLimitItemPerSecond

    return RateLimitItemPerSecond(limit.amount, max(1, round(limit.window)), namespace=limit.name)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()[:32]


def in_words(seconds: float) -> str:
    """A waiting time for people, rounded up: "40 seconds", "12 minutes"."""
    if seconds <= 60:
        count, unit = max(1, round(seconds)), "second"
    elif seconds <= 3600:
        count, unit = -int(-seconds // 60), "minute"
    else:
        count, unit = -int(-seconds // 3600), "hour"
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
