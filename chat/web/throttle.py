"""How often one person may do something: a bucket in Redis that fills up again steadily."""

import math
import time
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from aiohttp import web

from chat import redis
from chat.errors import RateLimited
from chat.names import SEARCH_MAX
from chat.settings import Settings
from chat.web import metrics
from chat.web.keys import SERVICES
from chat.web.logs import get_logger

log = get_logger()

# The generic cell rate algorithm (ITU-T I.371): one number, one round trip, and the server's clock, so that several
# processes count together. `KEYS[2]`, where there is one, stands for what was let in before and is only said again.
# Answers texts, because Redis cuts numbers to integers: the seconds to wait, how many are left, and the seconds until
# the bucket is full.
TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = 0
if not (KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1) then
    wait = due - now - interval * (burst - 1)
    if wait <= 0.000001 then
        wait, due = 0, due + interval
        redis.call('SET', KEYS[1], string.format('%.6f', due), 'PX', math.ceil((due - now) * 1000))
        if KEYS[2] then redis.call('SET', KEYS[2], '', 'EX', ARGV[3]) end
    end
end
local left = math.max(0, math.floor(burst - (due - now) / interval + 0.000001))
return {tostring(wait), tostring(left), tostring(due - now)}
"""

# For so long it is known that something has been let in. A device that can't tell whether it was heard repeats itself
# after 30 s at the most.
ONCE_SECONDS = 600
# After a failure Redis is not asked again for so long: a person who waits for a dead cache gains nothing.
REST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a person may still do: `remaining` of `limit` at once, all of them again in `reset` seconds."""

    limit: int
    remaining: int
    reset: float


class Throttle(Protocol):
    """Counts what people do."""

    async def take(
        self, key: str, *, per_minute: int, burst: int | None = None, once: UUID | None = None
    ) -> Allowance | None:
        """Take one of `per_minute`, of which `burst`, or all of them, may come at once; a `per_minute` of 0 means no
        limit.

        Whatever is repeated with the same `once` is counted once; what was refused has not been counted. Answers
        what is left, or None where nobody counts. Raises `RateLimited` with the seconds to wait.
        """


class RedisThrottle:
    """Counts in Redis. While that is away it lets everything pass; the metrics count its failures."""

    def __init__(self, redis_client: redis.Redis) -> None:
        self._take = redis_client.register_script(TAKE)
        self._resting_until = 0.0

    async def take(
        self, key: str, *, per_minute: int, burst: int | None = None, once: UUID | None = None
    ) -> Allowance | None:
        """As `Throttle.take`."""
        if not per_minute or time.monotonic() < self._resting_until:
            return None
        limit = per_minute if burst is None else burst
        name = f"chat:limit:{key}"
        keys = [name] if once is None else [name, f"{name}:{once.hex}"]
        try:
            wait, remaining, reset = await self._take(keys=keys, args=[60 / per_minute, limit, ONCE_SECONDS])
        except redis.UNAVAILABLE:
            self._resting_until = time.monotonic() + REST_SECONDS
            metrics.rate_limiter_errors.inc()
            log.warning("throttle.redis_lost")
            return None
        allowance = Allowance(limit, int(remaining), float(reset))
        if float(wait) > 0:
            raise TooFast(allowance, retry_after=float(wait))
        return allowance


class TooFast(RateLimited):
    """`RateLimited`, with what is left."""

    def __init__(self, allowance: Allowance, *, retry_after: float) -> None:
        # Never a moment too short: whoever comes back exactly then is let in.
        seconds = max(0.1, math.ceil(retry_after * 10) / 10)
        super().__init__("You are going a little fast. Please wait a moment.", retry_after=seconds)
        self.allowance = allowance


THROTTLE = web.AppKey("throttle", RedisThrottle)

_ALLOWANCE = web.RequestKey("allowance", Allowance)


class RequestThrottle:
    """The throttle for what a request does: its answer, if it is JSON, tells in headers what is left."""

    def __init__(self, request: web.Request) -> None:
        self._request = request

    async def take(
        self, key: str, *, per_minute: int, burst: int | None = None, once: UUID | None = None
    ) -> Allowance | None:
        """As `Throttle.take`."""
        try:
            allowance = await self._request.app[THROTTLE].take(key, per_minute=per_minute, burst=burst, once=once)
        except TooFast as error:
            self._request[_ALLOWANCE] = error.allowance
            raise
        if allowance is not None:
            self._request[_ALLOWANCE] = allowance
        return allowance


async def tell_what_is_left(request: web.Request, response: web.StreamResponse) -> None:
    """A signal for `on_response_prepare`."""
    allowance = request.get(_ALLOWANCE)
    if allowance is not None and response.content_type == "application/json":
        response.headers["X-RateLimit-Limit"] = str(allowance.limit)
        response.headers["X-RateLimit-Remaining"] = str(allowance.remaining)
        response.headers["X-RateLimit-Reset"] = str(math.ceil(allowance.reset))


async def count_change(throttle: Throttle, settings: Settings, user_id: UUID) -> Allowance | None:
    """A person changes something for others too: messages, conversations and links, all of them together. Answers and
    raises as `Throttle.take`."""
    return await throttle.take(
        f"change:{user_id}", per_minute=settings.change_limit_per_minute, burst=settings.change_burst
    )


async def count_history(request: web.Request, user_id: UUID) -> None:
    """A person reads a page of history. Raises `RateLimited`."""
    per_minute = request.app[SERVICES].settings.history_limit_per_minute
    await RequestThrottle(request).take(f"history:{user_id}", per_minute=per_minute)


async def read_search(request: web.Request, user_id: UUID) -> str:
    """What somebody looks for by the field `q` of a page, trimmed and cut; it counts where it isn't empty.

    Raises `RateLimited`.
    """
    query = request.query.get("q", "").strip()[:SEARCH_MAX]
    if query:
        await count_search(request, user_id)
    return query


async def count_search(request: web.Request, user_id: UUID) -> None:
    """A person searches: for people, conversations or rooms, all of them together. Raises `RateLimited`."""
    per_minute = request.app[SERVICES].settings.search_limit_per_minute
    await RequestThrottle(request).take(f"search:{user_id}", per_minute=per_minute)
