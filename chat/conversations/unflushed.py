"""What people have received and read of larger conversations and the database doesn't know yet: it waits in Redis for
the worker."""

from collections.abc import Sequence
from uuid import UUID

from chat.redis import Redis

# By conversation; each a hash from person to sequence number.
READ = "chat:receipts:read:{}"
DELIVERED = "chat:receipts:delivered:{}"


async def of_members(redis: Redis, memberships: Sequence[tuple[UUID, UUID]]) -> list[tuple[int, int]]:
    """How far each of these, a person and a conversation, has received and read by what waits; 0 where nothing does.

    One round trip. Raises one of `redis.UNAVAILABLE`.
    """
    pipeline = redis.pipeline(transaction=False)
    for user_id, conversation_id in memberships:
        pipeline.hget(DELIVERED.format(conversation_id), str(user_id))
        pipeline.hget(READ.format(conversation_id), str(user_id))
    found = [int(up_to or 0) for up_to in await pipeline.execute()]
    return list(zip(found[::2], found[1::2], strict=True))
