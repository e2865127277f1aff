"""What receipts ask of PostgreSQL: rows that the statements look at, with many people, conversations and messages."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from chat.conversations.unflushed import UpTo
from chat.db import Pool
from chat.receipts import queries, snapshot_queries
from chat.settings import Settings
from tests.factory import Factory
from tests.messages.costs import Product, counted, explain, is_large, rows_of
from tests.messages.filled import fill

PEOPLE, GROUPS = 1_000, 300


@dataclass
class Town:
    """Everybody is in the square, in which 60,000 messages were written, and each of some in a group with the first."""

    people: list[UUID]
    square: UUID
    groups: list[UUID]


@pytest.fixture
async def product(settings: Settings) -> AsyncIterator[Product]:
    async with counted(settings) as product:
        yield product


@pytest.fixture
async def town(pool: Pool, factory: Factory, database_url: str) -> Town:
    people = [
        row["id"]
        for row in await pool.fetch(
            """
            insert into users (id, email, username, display_name)
            select gen_random_uuid(), 'p' || n || '@example.org', 'p' || n, 'Person ' || n from generate_series(1, $1) n
            returning id
            """,
            PEOPLE,
        )
    ]
    square = await factory.room(*people)
    await fill(database_url, people[0], square)
    groups = [await factory.group(people[0], person) for person in people[1 : 1 + GROUPS]]
    for group in groups:
        await factory.say(group, [(people[0], "One", factory.later()), (people[0], "Two", factory.later())])
    await pool.execute("analyze")
    return Town(people, square, groups)


def looked_at(nodes: list[dict[str, Any]], table: str) -> float:
    return sum(rows_of(node) for node in nodes if node.get("Relation Name") == table)


async def test_receipts_stay_on_indexes_with_many_messages(product: Product, pool: Pool, town: Town) -> None:
    """A receipt costs the rows of its member, its conversation and its person; a count as many as there are members."""
    batch = [(group, person) for group, person in zip(town.groups, town.people[1:], strict=False)]
    batch += [(town.square, person) for person in town.people]
    members, numbers = len(batch), [2] * len(batch)
    record = [conversation for conversation, _ in batch], [person for _, person in batch], numbers, numbers
    last = await pool.fetchval("select last_seq from conversations where id = $1", town.square)
    assert last > 50_000

    async with product.pool.acquire() as connection:
        for large_too in (False, True):
            nodes = await explain(connection, queries.RECORD, (*record, 10, large_too))
            assert [node for node in nodes if node["Node Type"] == "Seq Scan" and is_large(node)] == []
            assert looked_at(nodes, "messages") == 0
            # Found, held, and changed: each once.
            assert members <= looked_at(nodes, "members") <= 4 * members
            assert looked_at(nodes, "conversations") <= members
            assert looked_at(nodes, "users") <= members
            # No receipt is compared with all the others.
            assert sum(map(rows_of, nodes)) <= 30 * members

        product.statements.clear()
        written = await queries.newest(connection, conversation_id=town.square, writers=[town.people[0]])
        waiting = dict.fromkeys(town.people, UpTo(5, 5))
        await queries.groups(
            connection, conversation_id=town.square, apart=frozenset(town.people[:1]), unflushed=waiting
        )
        await snapshot_queries.seen_by(
            connection, viewer_id=town.people[0], conversation_id=town.groups[0], direct_max=10
        )
        # What was asked is noted in the next turn of the loop.
        await connection.fetchval("select 1")
        asked = [(query, arguments) for query, arguments in product.statements if "$" in query]
        statements = [(query, arguments) for query, arguments in asked if not query.startswith("explain")]
        assert len(statements) == 3
        for query, arguments in statements:
            nodes = await explain(connection, query, arguments)
            assert [node for node in nodes if node["Node Type"] == "Seq Scan" and is_large(node)] == [], query
            assert looked_at(nodes, "messages") <= 2 * queries.NEWEST, query
            assert looked_at(nodes, "members") <= 2 * PEOPLE, query
            # Nothing is compared with everything else.
            assert sum(map(rows_of, nodes)) <= 20 * PEOPLE, query
    assert [len(one.seqs) for one in written] == [queries.NEWEST]
