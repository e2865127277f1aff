"""At most so many in any stretch of time: a log of what was let in, in Redis or in this process's memory.

A window that begins at the first try, or at the full minute, lets twice as many pass around its edge. Here each try
leaves the log when its own time is over.
"""

import time

from chat.redis import Redis

# One key, one round trip, and the server's clock, so that several processes count together. Each member of the sorted
# set is a try, its score the moment in microseconds at which it no longer counts. Answers a text, because Redis cuts
# numbers to integers.
LET_IN = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local amount, window = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local count = redis.call('ZCARD', KEYS[1])
if count >= amount then
    local leaves = redis.call('ZRANGE', KEYS[1], count - amount, count - amount, 'WITHSCORES')[2]
    return tostring((leaves - now) / 1000000)
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + window), ARGV[3])
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
return '0'
"""

# So many logs are kept in memory before those that nobody adds to any more are looked for.
TIDY_ABOVE = 1000


class RedisWindows:
    """Logs that all processes share."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._let_in = redis.register_script(LET_IN)

    async def let_in(self, key: str, *, amount: int, seconds: float, try_id: str) -> float:
        """Log a try where fewer than `amount` are in the log; else the seconds until there is room for one."""
        return float(await self._let_in(keys=[key], args=[amount, seconds, try_id]))

    async def forgive(self, key: str, *, try_id: str) -> None:
        """Take a try out of the log."""
        await self._redis.zrem(key, try_id)

    async def clear(self, key: str) -> None:
        """Forget all tries."""
        await self._redis.delete(key)


class MemoryWindows:
    """The same in this process alone."""

    def __init__(self) -> None:
        # By key: when each try no longer counts, in the order of the tries.
        self._logs: dict[str, dict[str, float]] = {}
        self._tidy_above = TIDY_ABOVE

    def __len__(self) -> int:
        return len(self._logs)

    async def let_in(self, key: str, *, amount: int, seconds: float, try_id: str) -> float:
        """As `RedisWindows.let_in`."""
        now = time.monotonic()
        self._tidy(now)
        log = self._logs[key] = _counting(self._logs.get(key, {}), now)
        if len(log) >= amount:
            return list(log.values())[len(log) - amount] - now
        log[try_id] = now + seconds
        return 0

    async def forgive(self, key: str, *, try_id: str) -> None:
        """As `RedisWindows.forgive`."""
        self._logs.get(key, {}).pop(try_id, None)

    async def clear(self, key: str) -> None:
        """As `RedisWindows.clear`."""
        self._logs.pop(key, None)

    def _tidy(self, now: float) -> None:
        """Whoever makes up names must not fill the memory with them."""
        if len(self._logs) > self._tidy_above:
            logs = ((key, _counting(log, now)) for key, log in self._logs.items())
            self._logs = {key: log for key, log in logs if log}
            self._tidy_above = max(TIDY_ABOVE, 2 * len(self._logs))


def _counting(log: dict[str, float], now: float) -> dict[str, float]:
    return {try_id: ends for try_id, ends in log.items() if ends > now}
