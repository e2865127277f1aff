"""People and conversations for tests, with defaults for all that a test does not care about."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from chat.conversations import queries as conversations
from chat.conversations.model import pair
from chat.db import Pool
from chat.ids import new_id
from chat.names import look_of

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

    async def acquainted(self) -> tuple[UUID, UUID, UUID]:
        """Ada, Bo, and their direct conversation, in which Bo has said something."""
        ada, bo, conversation_id = await self.pair()
        await self.say(conversation_id, [(bo, "Hello", self.later())])
        return ada, bo, conversation_id

    async def three(self) -> tuple[UUID, UUID, UUID]:
        """Ada, Bo and Cy."""
        return await self.user("ada"), await self.user("bo"), await self.user("cy")

    async def group(self, owner: UUID, *others: UUID, name: str | None = "A group") -> UUID:
        """A group of these people, which the first one owns."""
        return await self._conversation("group", owner, others, name=name)

    async def room(self, owner: UUID, *others: UUID, name: str = "", visibility: str = "public") -> UUID:
        """A room of these people, which the first one owns."""
        name = name or f"Room {next(_numbers)}"
        return await self._conversation("room", owner, others, name=name, key=look_of(name), visibility=visibility)

    async def _conversation(
        self,
        kind: str,
        owner: UUID,
        others: Sequence[UUID],
        *,
        name: str | None,
        key: str | None = None,
        visibility: str = "private",
    ) -> UUID:
        conversation_id = new_id()
        await self.pool.execute(
            """
            insert into conversations (id, kind, name, name_key, visibility, created_by, members_count)
            values ($1, $2, $3, $4, $5, $6, $7)
            """,
            conversation_id,
            kind,
            name,
            key,
            visibility,
            owner,
            1 + len(others),
        )
        await self.pool.execute(
            """
            insert into members (conversation_id, user_id, role)
            select $1, person, case when person = $2 then 'owner' else 'member' end from unnest($3::uuid[]) as person
            """,
            conversation_id,
            owner,
            [owner, *others],
        )
        return conversation_id

    async def set_role(self, conversation_id: UUID, user_id: UUID, role: str) -> None:
        """Make a member an owner, an admin or a member."""
        await self.pool.execute(
            "update members set role = $3 where conversation_id = $1 and user_id = $2", conversation_id, user_id, role
        )

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
