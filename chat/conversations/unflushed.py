"""What people have received and read of larger conversations and the database doesn't know yet: it waits in Redis for
the worker."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from chat.redis import Redis

# By conversation; each a hash from person to sequence number.
READ = "chat:receipts:read:{}"
DELIVERED = "chat:receipts:delivered:{}"


class UpTo(NamedTuple):
    """How far somebody has received and read; 0 for what nothing is known of."""

    delivered: int = 0
    read: int = 0


async def of_members(redis: Redis, memberships: Sequence[tuple[UUID, UUID]]) -> list[UpTo]:
    """How far each of these, a person and a conversation, has received and read by what waits.

    One round trip. Raises one of `redis.UNAVAILABLE`.
    """
    pipeline = redis.pipeline(transaction=False)
    for user_id, conversation_id in memberships:
        pipeline.hget(DELIVERED.format(conversation_id), str(user_id))
        pipeline.hget(READ.format(conversation_id), str(user_id))
    found = [int(up_to or 0) for up_to in await pipeline.execute()]
    return [UpTo(*pair) for pair in zip(found[::2], found[1::2], strict=True)]


async def of_conversations(redis: Redis, conversation_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, UpTo]]:
    """How far members of these have come by what waits: for each conversation, by person.

    One round trip. Raises one of `redis.UNAVAILABLE`.
    """
    pipeline = redis.pipeline(transaction=False)
    for conversation_id in conversation_ids:
        pipeline.hgetall(DELIVERED.format(conversation_id))
        pipeline.hgetall(READ.format(conversation_id))
    found = await pipeline.execute()
    return {
        conversation_id: {
            UUID(user_id.decode()): UpTo(int(delivered.get(user_id, 0)), int(read.get(user_id, 0)))
            for user_id in delivered.keys() | read.keys()
        }
        for conversation_id, delivered, read in zip(conversation_ids, found[::2], found[1::2], strict=True)
    }
