"""People and conversations for tests, with defaults for all that a test does not care about."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
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
        self._told = datetime.now(UTC) - timedelta(hours=12)

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

    async def pair(self) -> tuple[UUID, UUID, UUID]:
        """Ada, Bo, and their direct conversation."""
        ada, bo = await self.user("ada"), await self.user("bo")
        return ada, bo, await self.direct(ada, bo)

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

    def later(self) -> datetime:
        """A time today or yesterday, later than any that this factory has told before."""
        self._told += timedelta(seconds=20)
        return self._told

    async def say(self, conversation_id: UUID, said: Sequence[tuple[UUID, str, datetime]]) -> None:
        """A conversation's first messages, each with its sender, text and time."""
        rows = []
        for seq, (sender, text, at) in enumerate(said, start=1):
            before = said[seq - 2] if seq > 1 else None
            continues = before is not None and before[0] == sender and at - before[2] < timedelta(minutes=5)
            rows.append((new_id(), conversation_id, seq, seq, sender, client_id(), text, continues, at))
        columns = (
            *("id", "conversation_id", "seq", "revision", "sender_id", "client_message_id"),
            *("content", "continues", "created_at"),
        )
        async with self.pool.acquire() as connection:
            await connection.copy_records_to_table("messages", records=rows, columns=columns)
        await self.pool.execute(
            "update conversations set last_seq = $2, revision = $2, last_message_at = $3 where id = $1",
            conversation_id,
            len(rows),
            said[-1][2],
        )

    async def read(self, conversation_id: UUID, user_id: UUID, seq: int) -> None:
        """The person has read up to here."""
        await self.pool.execute(
            "update members set read_up_to_seq = $3, delivered_up_to_seq = $3 "
            "where conversation_id = $1 and user_id = $2",
            conversation_id,
            user_id,
            seq,
        )

    async def history(self, conversation_id: UUID) -> list[tuple[int, UUID, str]]:
        """Sequence number, sender and content of every message, in order."""
        rows = await self.pool.fetch(
            "select seq, sender_id, content from messages where conversation_id = $1 order by seq", conversation_id
        )
        return [(row["seq"], row["sender_id"], row["content"]) for row in rows]


def client_id() -> UUID:
    """What a sender's device makes for each message."""
    return uuid4()
