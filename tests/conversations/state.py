"""What the database holds of a conversation, and what must be true of it whatever was done."""

import asyncio
from uuid import UUID

from chat.db import Connection, Pool
from chat.errors import ChatError


async def lines(pool: Pool, conversation_id: UUID) -> list[str]:
    """The history as people read it: "Ada joined" of a system line, "Ada: hello" of a message."""
    rows = await pool.fetch(
        """
        select u.display_name, m.content, m.content_type from messages m join users u on u.id = m.sender_id
        where conversation_id = $1 order by seq
        """,
        conversation_id,
    )
    return [f"{row['display_name']}{' ' if row['content_type'] == 'system' else ': '}{row['content']}" for row in rows]


async def roles(connection: Connection, conversation_id: UUID) -> dict[UUID, str]:
    """Everyone who is in it."""
    rows = await connection.fetch("select user_id, role from members where conversation_id = $1", conversation_id)
    return {row["user_id"]: row["role"] for row in rows}


async def assert_sound(pool: Pool, conversation_id: UUID) -> None:
    """Its counters agree with its rows, it has an owner while anybody is in it, and its sequence has no gap; as it is
    at one moment, whatever goes on meanwhile."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        row = await connection.fetchrow("select * from conversations where id = $1", conversation_id)
        assert row is not None
        members = await roles(connection, conversation_id)
        said = await connection.fetch(
            "select seq, revision from messages where conversation_id = $1 order by seq", conversation_id
        )
        gone = await connection.fetch("select user_id from departures where conversation_id = $1", conversation_id)
    assert row["members_count"] == len(members)
    if row["deleted_at"] is None:
        assert "owner" in members.values()
    assert [message["seq"] for message in said] == list(range(1, row["last_seq"] + 1))
    assert max((message["revision"] for message in said), default=0) <= row["revision"]
    assert not {user_id for (user_id,) in gone} & set(members)


async def outcomes(*doing: object) -> list[object]:
    """What came of things that were done at once; refusals by their class."""
    done = await asyncio.gather(*doing, return_exceptions=True)  # type: ignore[call-overload]
    for one in done:
        if isinstance(one, BaseException) and not isinstance(one, ChatError):
            raise one
    return [type(one) if isinstance(one, ChatError) else one for one in done]
