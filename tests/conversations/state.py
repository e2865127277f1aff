"""What the database holds of a conversation, and what must be true of it whatever was done."""

from uuid import UUID

from chat.db import Pool


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


async def roles(pool: Pool, conversation_id: UUID) -> dict[UUID, str]:
    """Everyone who is in it."""
    rows = await pool.fetch("select user_id, role from members where conversation_id = $1", conversation_id)
    return {row["user_id"]: row["role"] for row in rows}


async def assert_sound(pool: Pool, conversation_id: UUID) -> None:
    """Its counters agree with its rows, it has an owner while anybody is in it, and its sequence has no gap."""
    row = await pool.fetchrow("select * from conversations where id = $1", conversation_id)
    assert row is not None
    members = await roles(pool, conversation_id)
    assert row["members_count"] == len(members)
    if row["deleted_at"] is None:
        assert "owner" in members.values()
    seqs = await pool.fetch("select seq from messages where conversation_id = $1 order by seq", conversation_id)
    assert [seq for (seq,) in seqs] == list(range(1, row["last_seq"] + 1))
    revisions = await pool.fetch("select revision from messages where conversation_id = $1", conversation_id)
    assert max((revision for (revision,) in revisions), default=0) <= row["revision"]
    gone = await pool.fetch("select user_id from departures where conversation_id = $1", conversation_id)
    assert not {user_id for (user_id,) in gone} & set(members)
