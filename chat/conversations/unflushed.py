"""What people have received and read of larger conversations and the database doesn't know yet: it waits in Redis for
the worker."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from chat.redis import UNAVAILABLE, Redis, unless_silent

# One for each conversation, whose id follows; each a hash from person to sequence number.
READ = "chat:receipts:read:"
DELIVERED = "chat:receipts:delivered:"


class UpTo(NamedTuple):
    """How far somebody has received and read; 0 for what nothing is known of."""

    delivered: int = 0
    read: int = 0


async def of_members(redis: Redis, memberships: Sequence[tuple[UUID, UUID]]) -> list[UpTo]:
    """How far each of these, a person and a conversation, has received and read by what waits.

    One round trip. Raises one of `redis.UNAVAILABLE`.
    """
    people: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for user_id, conversation_id in memberships:
        people[conversation_id].append(user_id)
    pipeline = redis.pipeline(transaction=False)
    for conversation_id, user_ids in people.items():
        for key in (DELIVERED, READ):
            pipeline.hmget(f"{key}{conversation_id}", [str(user_id) for user_id in user_ids])
    async with unless_silent(redis):
        found = await pipeline.execute()
    waiting = {
        (user_id, conversation_id): UpTo(int(delivered or 0), int(read or 0))
        for (conversation_id, user_ids), *marks in zip(people.items(), found[::2], found[1::2], strict=True)
        for user_id, delivered, read in zip(user_ids, *marks, strict=True)
    }
    return [waiting[membership] for membership in memberships]


async def of_conversations(redis: Redis, conversation_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, UpTo]]:
    """How far members of these have come by what waits: for each conversation, by person. One round trip.

    Nothing while Redis is away: what is read meanwhile is written at once.
    """
    try:
        return await ask_of_conversations(redis, conversation_ids)
    except UNAVAILABLE:
        return {conversation_id: {} for conversation_id in conversation_ids}


async def ask_of_conversations(redis: Redis, conversation_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, UpTo]]:
    """The same for whoever would rather ask again later than do without. Raises one of `redis.UNAVAILABLE`."""
    pipeline = redis.pipeline(transaction=False)
    for conversation_id in conversation_ids:
        pipeline.hgetall(f"{DELIVERED}{conversation_id}")
        pipeline.hgetall(f"{READ}{conversation_id}")
    async with unless_silent(redis):
        found = await pipeline.execute()
    return {
        conversation_id: {
            UUID(user_id.decode()): UpTo(int(delivered.get(user_id, 0)), int(read.get(user_id, 0)))
            for user_id in delivered.keys() | read.keys()
        }
        for conversation_id, delivered, read in zip(conversation_ids, found[::2], found[1::2], strict=True)
    }
