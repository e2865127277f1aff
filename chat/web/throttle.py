"""How often one person may do something: a bucket in Redis that fills up again steadily."""

import time

from aiohttp import web

from chat import redis
from chat.errors import RateLimited
from chat.web import metrics
from chat.web.logs import get_logger

log = get_logger()

# The generic cell rate algorithm (ITU-T I.371): one key, one round trip, and the server's clock, so that several
# processes count together. Answers the seconds to wait, as text, because Redis cuts numbers to integers.
TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = due - now - interval * (burst - 1)
if wait > 0.000001 then return tostring(wait) end
redis.call('SET', KEYS[1], string.format('%.6f', due + interval), 'PX', math.ceil((due + interval - now) * 1000))
return '0'
"""

# After a failure Redis is not asked again for so long: a person who waits for a dead cache gains nothing.
REST_SECONDS = 2.0


class Throttle:
    """Counts what people do. While Redis is away it lets everything pass; the metrics count its failures."""

    def __init__(self, redis_client: redis.Redis) -> None:
        self._take = redis_client.register_script(TAKE)
        self._resting_until = 0.0

    async def take(self, key: str, *, per_minute: int, burst: int) -> None:
        """Take one of `per_minute`, of which `burst` may come at once; `per_minute` 0 means no limit.

        Raises `RateLimited` with the seconds to wait.
        """
        if not per_minute or time.monotonic() < self._resting_until:
            return
        try:
            wait = float(await self._take(keys=[f"chat:limit:{key}"], args=[60 / per_minute, burst]))
        except redis.UNAVAILABLE:
            self._resting_until = time.monotonic() + REST_SECONDS
            metrics.rate_limiter_errors.inc()
            log.warning("throttle.redis_lost")
            return
        if wait > 0:
            raise RateLimited("You are going a little fast. Please wait a moment.", retry_after=round(wait, 1))


THROTTLE = web.AppKey("throttle", Throttle)
