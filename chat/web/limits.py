"""How often somebody may try something: counted in Redis, and in memory while Redis is away.

A limit never fails open. Without Redis each process counts for itself, so that with four processes a person has
four times as many tries, until Redis is back; that is little against guessing, and nobody is locked out.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from chat.errors import RateLimited
from chat.ids import new_id
from chat.redis import UNAVAILABLE, Redis
from chat.web.logs import get_logger
from chat.web.windows import MemoryWindows, RedisWindows

log = get_logger()

# After a failure Redis is left alone for so many seconds, so that not everyone waits for its time limit.
REDIS_PAUSE = 5.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries in any `window` seconds; an `amount` of 0 sets no limit."""

    name: str
    amount: int
    window: float


class Limiter:
    """Counts tries. Keys are hashed, so that Redis holds no addresses and no names of accounts."""

    def __init__(self, redis: Redis) -> None:
        self._in_redis = RedisWindows(redis)
        self._in_memory = MemoryWindows()
        self._redis_pause_until = 0.0

    async def hit(self, limit: Limit, key: str) -> str:
        """Count a try, and get what `forgive` wants to take it back. One that is refused is not counted.

        Raises `RateLimited`, with the seconds to wait, where there were too many already.
        """
        try_id = new_id().hex
        if limit.amount:
            wait = await self._ask(
                lambda windows: windows.let_in(
                    _key(limit, key), amount=limit.amount, seconds=limit.window, try_id=try_id
                )
            )
            if wait > 0:
                seconds = max(1.0, wait)
                sentence = f"Too many tries. Please wait {in_words(seconds)}, then try again."
                raise RateLimited(sentence, retry_after=seconds)
        return try_id

    async def forgive(self, limit: Limit, key: str, try_id: str) -> None:
        """Take a try back."""
        if limit.amount:
            await self._ask(lambda windows: windows.forgive(_key(limit, key), try_id=try_id))

    async def clear(self, limit: Limit, key: str) -> None:
        """Forget all tries."""
        if limit.amount:
            await self._ask(lambda windows: windows.clear(_key(limit, key)))

    async def _ask(self, operation: Callable[[RedisWindows | MemoryWindows], Awaitable[Result]]) -> Result:
        if time.monotonic() >= self._redis_pause_until:
            try:
                return await operation(self._in_redis)
            except UNAVAILABLE as error:
                self._redis_pause_until = time.monotonic() + REDIS_PAUSE
                log.warning("limits.in_memory", reason=type(error).__name__)
        return await operation(self._in_memory)


LIMITER = web.AppKey("limiter", Limiter)


def _key(limit: Limit, key: str) -> str:
    return f"chat:limit:{limit.name}:{hashlib.sha256(key.encode(errors='replace')).hexdigest()[:32]}"


def in_words(seconds: float) -> str:
    """A waiting time for people, rounded up: "40 seconds", "12 minutes"."""
    if seconds <= 60:
        count, unit = max(1, round(seconds)), "second"
    elif seconds <= 3600:
        count, unit = -int(-seconds // 60), "minute"
    else:
        count, unit = -int(-seconds // 3600), "hour"
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
