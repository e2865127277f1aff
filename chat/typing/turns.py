"""That somebody is typing, in Redis, which forgets it by itself: so that others hear of it now and then only."""

import time
from uuid import UUID

from chat.redis import UNAVAILABLE, Redis
from chat.web.logs import get_logger

log = get_logger()

# It is time again when two thirds of the life of the last one are over: after 2 s where that lives for 3.
_TAKE = """
local life = tonumber(ARGV[1])
if redis.call('PTTL', KEYS[1]) > life / 3 then return 0 end
redis.call('SET', KEYS[1], '', 'PX', life)
return 1
"""
# After a failure Redis is not asked again for so long: a message waits behind every frame of its device.
REST_SECONDS = 10.0


class Turns:
    """Says when it is time to tell others once more that a person is typing somewhere, on whichever device and through
    whichever process. While Redis is away it is always time: then others hear of it in this process only."""

    def __init__(self, redis_client: Redis, seconds: float) -> None:
        self._take = redis_client.register_script(_TAKE)
        self._milliseconds = max(1, int(seconds * 1000))
        self._resting_until = 0.0

    async def take(self, *, conversation_id: UUID, user_id: UUID) -> bool:
        """Whether it is time now; if so, it isn't for a while."""
        if time.monotonic() < self._resting_until:
            return True
        key = f"chat:typing:{conversation_id}:{user_id}"
        try:
            return bool(await self._take(keys=[key], args=[self._milliseconds]))
        except UNAVAILABLE:
            self._resting_until = time.monotonic() + REST_SECONDS
            log.warning("typing.redis_lost")
            return True
