"""People and conversations for tests, with defaults for all that a test does not care about."""

import itertools
from uuid import UUID, uuid4

from chat.conversations import queries as conversations
from chat.conversations.model import pair
from chat.db import Pool
from chat.ids import new_id

_numbers = itertools.count(1)


class Factory:
    """Makes what a test needs in its database."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def user(self, name: str = "", **columns: object) -> UUID:
        """An account that nobody can sign in to."""
        user_id = new_id()
        username = name or f"person{next(_numbers)}"
        values = {
            "id": user_id,
            "email": f"{username}@example.org",
            "username": username,
            "display_name": username.title(),
        } | columns
        names = ", ".join(values)
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        await self.pool.execute(f"insert into users ({names}) values ({places})", *values.values())
        return user_id

    async def direct(self, one: UUID, other: UUID) -> UUID:
        """The direct conversation of two people."""
        low, high = pair(one, other)
        conversation_id = new_id()
        assert await conversations.create_direct(
            self.pool, conversation_id=conversation_id, low=low, high=high, created_by=one
        )
        return conversation_id

    async def group(self, *people: UUID) -> UUID:
        """A group of the given people."""
        conversation_id = new_id()
        await self.pool.execute(
            "insert into conversations (id, kind, name, created_by) values ($1, 'group', 'A group', $2)",
            conversation_id,
            people[0],
        )
        await self.pool.executemany(
            "insert into members (conversation_id, user_id) values ($1, $2)",
            [(conversation_id, person) for person in people],
        )
        return conversation_id

    async def history(self, conversation_id: UUID) -> list[tuple[int, UUID, str]]:
        """Sequence number, sender and content of every message, in order."""
        rows = await self.pool.fetch(
            "select seq, sender_id, content from messages where conversation_id = $1 order by seq", conversation_id
        )
        return [(row["seq"], row["sender_id"], row["content"]) for row in rows]


def client_id() -> UUID:
    """What a sender's device makes for each message."""
    return uuid4()
