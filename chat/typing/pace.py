"""That somebody is typing, in Redis, which forgets it by itself: so that others hear of it now and then only."""

from uuid import UUID

from chat.redis import Redis

# Let through is what comes after two thirds of the life of the one before: every 2 s where that lives for 3.
_LET_THROUGH = """
local life = tonumber(ARGV[1])
if redis.call('PTTL', KEYS[1]) > life / 3 then return 0 end
redis.call('SET', KEYS[1], '', 'PX', life)
return 1
"""


async def may_pass(redis: Redis, *, conversation_id: UUID, user_id: UUID, seconds: float) -> bool:
    """Whether it is time to tell others once more that this person is typing there, on whichever device and through
    whichever process. Raises one of `redis.UNAVAILABLE`."""
    key = f"chat:typing:{conversation_id}:{user_id}"
    return bool(await redis.register_script(_LET_THROUGH)(keys=[key], args=[max(1, int(seconds * 1000))]))
