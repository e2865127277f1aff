"""A database with as many messages as a team writes in some years."""

from uuid import UUID

import asyncpg


async def fill(database_url: str, person: UUID, conversation: UUID) -> None:
    """60,000 messages in this conversation, and 100 more conversations of the person with as many together."""
    connection = await asyncpg.connect(database_url)
    try:
        await _fill(connection, person, conversation)
    finally:
        await connection.close()


async def _fill(connection: asyncpg.Connection, person: UUID, conversation: UUID) -> None:
    # Foreign keys are not checked row by row: what is put in here fits together.
    await connection.execute("set session_replication_role = replica")
    await connection.execute(
        """
        insert into users (id, email, username, display_name)
        select gen_random_uuid(), 'filler' || n || '@example.org', 'filler' || n, 'Filler ' || n
        from generate_series(1, 100) n
        """
    )
    await connection.execute(
        """
        with pairs as (
            insert into conversations
                (id, kind, direct_low, direct_high, created_by, last_seq, revision, last_message_at)
            select gen_random_uuid(), 'direct', least(u.id, $1), greatest(u.id, $1), $1, 600, 600, now()
            from users u where u.username like 'filler%'
            returning id, direct_low, direct_high
        )
        insert into members (conversation_id, user_id)
        select id, unnest(array[direct_low, direct_high]) from pairs
        """,
        person,
    )
    await connection.execute(
        """
        insert into messages (id, conversation_id, seq, revision, sender_id, client_message_id, content, continues)
        select gen_random_uuid(), c.id, n, n, $1, gen_random_uuid(), 'filler ' || n, false
        from conversations c, generate_series(1, 600) n where c.id <> $2
        """,
        person,
        conversation,
    )
    last: int = await connection.fetchval("select last_seq from conversations where id = $1", conversation)
    await connection.execute(
        """
        insert into messages (id, conversation_id, seq, revision, sender_id, client_message_id, content, continues)
        select gen_random_uuid(), $2, n, n, $1, gen_random_uuid(), 'filler ' || n, false
        from generate_series($3::bigint, 60000) n
        """,
        person,
        conversation,
        last + 1,
    )
    await connection.execute("update conversations set last_seq = 60000, revision = 60000 where id = $1", conversation)
