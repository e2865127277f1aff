"""Conversations full of messages, in a few statements."""

from collections.abc import Sequence
from uuid import UUID

from bench.people import Person
from bench.stage import Stage, open_pool
from chat.db import Pool
from chat.seed import seed


async def contents_of_demo(stage: Stage) -> list[str]:
    """What people say to each other in the demo data: long and short, plain and with Markdown, as it comes."""
    async with await open_pool(await stage.database()) as pool:
        await seed(pool)
        return [
            record["content"]
            for record in await pool.fetch(
                """
                select content from messages where conversation_id =
                    (select id from conversations order by last_seq desc limit 1) order by seq
                """
            )
        ]


async def fill(pool: Pool, conversations: Sequence[UUID], contents: Sequence[str], size: int) -> None:
    """Messages of both people by turns; of whoever began it, in a conversation of more. A number after the first word
    makes each text the only one of its kind, so that no cache knows it."""
    async with pool.acquire() as connection, connection.transaction():
        # The rows are right; looking that up a million times over would take a minute.
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            """
            insert into messages
                (id, conversation_id, seq, revision, sender_id, client_message_id, content, continues, created_at)
            select uuidv7(), c.id, seq, seq,
                coalesce(case seq / 3 % 2 when 0 then direct_low else direct_high end, created_by), gen_random_uuid(),
                regexp_replace(($2::text[])[seq % cardinality($2::text[]) + 1], ' ', ' ' || seq || ' '),
                seq % 3 > 0, now() - interval '1 minute' * ($3 - seq)
            from conversations c, generate_series(1, $3::bigint) seq
            where c.id = any ($1)
            """,
            conversations,
            contents,
            size,
        )
        await connection.execute(
            """
            update conversations
            set last_seq = $2, revision = $2, last_message_at = now(),
                last_sender_id = coalesce(direct_low, created_by)
            where id = any ($1)
            """,
            conversations,
            size,
        )


async def share_newest(pool: Pool, conversation_id: UUID, writers: Sequence[Person]) -> None:
    """The newest messages are by these people, one of each, in their order."""
    await pool.execute(
        """
        update messages m set sender_id = ($2::uuid[])[m.seq - c.last_seq + cardinality($2::uuid[])]
        from conversations c
        where c.id = $1 and m.conversation_id = c.id and m.seq > c.last_seq - cardinality($2::uuid[])
        """,
        conversation_id,
        [person.id for person in writers],
    )


async def leave_unread(pool: Pool, messages: int) -> None:
    """So many are unread everywhere, so that a row has something to count."""
    await pool.execute(
        "update members m set read_up_to_seq = last_seq - $1 from conversations c where c.id = m.conversation_id",
        messages,
    )
