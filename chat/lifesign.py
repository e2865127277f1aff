"""The worker's sign of life, in Redis: web processes and `chat doctor` look for it."""

import time

from chat.redis import Redis

_KEY = "chat:worker:alive"
# A worker ends a job every ten seconds, or more often.
_SECONDS = 30


async def give(redis: Redis) -> None:
    """A job has just ended, well or not: a worker is there and works."""
    await redis.set(_KEY, int(time.time()), ex=_SECONDS)


async def seconds_since(redis: Redis) -> float | None:
    """For how many seconds no job has ended; None for more than 30: no worker works. Raises one of
    `redis.UNAVAILABLE`."""
    left: int = await redis.pttl(_KEY)
    return None if left < 0 else max(0.0, _SECONDS - left / 1000)


class WorkerSilent(Exception):
    """No worker has ended a job for more than 30 seconds."""


async def check(redis: Redis) -> dict[str, int]:
    """For a health check: for how many seconds none has. Raises `WorkerSilent`, or one of `redis.UNAVAILABLE`."""
    seconds = await seconds_since(redis)
    if seconds is None:
        raise WorkerSilent
    return {"silent_seconds": round(seconds)}
