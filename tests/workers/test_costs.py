"""What a flush costs PostgreSQL doesn't grow with what a member has read before, nor with the conversation."""

from datetime import timedelta

import pytest

from chat.db import Pool
from chat.receipts import flush_queries
from chat.receipts.model import Receipt
from chat.receipts.steps import Step
from tests.factory import Factory
from tests.messages.costs import explain, rows_of
from tests.workers.waiting import at, room_with_messages


@pytest.mark.parametrize("read_before", [10, 3000])
async def test_a_step_costs_the_same_after_many(factory: Factory, pool: Pool, read_before: int) -> None:
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo, messages=2 * read_before + 2)
    await pool.execute(
        """
        insert into read_events (conversation_id, user_id, up_to_seq, read_at)
        select $1, $2, 2 * n, $3::timestamptz + n * interval '1 min' from generate_series(1, $4::int) n
        """,
        room,
        bo,
        at(0),
        read_before,
    )
    await factory.read(room, bo, 2 * read_before)
    # In the middle, between two steps.
    seq = read_before + 1 if read_before % 2 == 0 else read_before
    step = Step(room, bo, seq, at(0) + timedelta(minutes=seq / 2))
    statements: list[tuple[str, tuple[object, ...]]] = []
    async with pool.acquire() as connection:
        with connection.query_logger(lambda record: statements.append((record.query, tuple(record.args or ())))):
            async with connection.transaction():
                receipt = Receipt(room, bo, delivered=seq + 1, read=seq + 1)
                await flush_queries.lock(connection, receipts=[receipt])
                assert await flush_queries.store_steps(connection, steps=[step]) == 1
                await flush_queries.forget_overtaken(connection, steps=[step])
                await flush_queries.move_marks(connection, receipts=[receipt])
        for query, arguments in statements:
            if "unnest" in query:
                nodes = await explain(connection, query, arguments)
                assert sum(rows_of(node) for node in nodes if node.get("Relation Name")) < 12, query
