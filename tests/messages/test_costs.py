"""What the hot paths cost: statements for each thing that people do, and rows that each statement looks at."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chat.app import create_app
from chat.db import Pool
from chat.messages.keys import WRITER
from chat.settings import Settings
from chat.web.keys import SERVICES
from tests.device import Connect, Device
from tests.factory import Factory, client_id
from tests.messages.filled import fill

NO_LIMITS = {
    "send_limit_per_minute": 0,
    "connect_limit_per_minute": 0,
    "history_limit_per_minute": 0,
    "frame_limit_per_second": 0,
}
TABLES = {"conversations", "members", "messages", "read_events", "sessions", "users"}


@dataclass
class Product:
    """The product in this process, and every statement that it sends to PostgreSQL."""

    app: web.Application
    url: str
    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    @property
    def pool(self) -> Pool:
        return self.app[SERVICES].pool

    def note(self, record: asyncpg.connection.LoggedQuery) -> None:
        self.statements.append((record.query, tuple(record.args or ())))

    @contextmanager
    def costs(self, count: int) -> Iterator[None]:
        """The block sends so many statements, no more and no fewer."""
        self.statements.clear()
        yield
        assert len(self.statements) == count, [query for query, _ in self.statements]


@pytest.fixture
async def product(settings: Settings) -> AsyncIterator[Product]:
    # So few connections that all are open from the beginning, and can be listened to.
    changes = NO_LIMITS | {"database_pool_min": 2, "database_pool_max": 2, "writers": 1, "statement_timeout": 30.0}
    app = create_app(msgspec.structs.replace(settings, **changes))
    server = TestServer(app, access_log=None)
    await server.start_server()
    product = Product(app, str(server.make_url("")).rstrip("/"))
    for holder in product.pool._holders:
        holder._con.add_query_logger(product.note)
    yield product
    await server.close()


@pytest.fixture
def url(product: Product) -> str:
    """Where devices connect to."""
    return product.url


async def warm_up(device: Device, conversation: UUID) -> None:
    """What is done for the first time costs more: statements are prepared, templates compiled."""
    await device.send(conversation, "first")
    await device.watch(conversation)


@pytest.mark.parametrize("people", [2, 100])
async def test_a_message_costs_one_statement_however_many_people_hear_of_it(
    product: Product, factory: Factory, connect: Connect, people: int
) -> None:
    members = [await factory.user() for _ in range(people)]
    conversation = await factory.group(*members)
    hers, his = await connect(members[0]), await connect(members[1])
    await warm_up(hers, conversation)
    await his.watch(conversation)

    with product.costs(1):
        await hers.send(conversation, "one statement, one round trip, one transaction")
        await his.expect("message:received", seq=2)
    with product.costs(20):
        for number in range(20):
            await hers.send(conversation, str(number))


async def test_messages_that_come_together_share_a_statement(
    product: Product, pool: Pool, factory: Factory, connect: Connect
) -> None:
    members = [await factory.user() for _ in range(12)]
    conversation = await factory.group(*members)
    devices = [await connect(member) for member in members]
    await warm_up(devices[0], conversation)

    product.statements.clear()
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from conversations for update")
        sending = [asyncio.create_task(device.send(conversation, "now")) for device in devices]
        async with asyncio.timeout(30):
            while len(product.app[WRITER]._by_key) < len(devices):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
    answers = await asyncio.gather(*sending)

    # The first may have gone alone.
    assert len(product.statements) <= 2
    assert sorted(answer["seq"] for answer in answers) == list(range(2, 14))


async def test_what_a_person_does_costs_a_few_statements(
    product: Product, pool: Pool, factory: Factory, connect: Connect
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, his = await connect(maria), await connect(noah)
    await pool.execute("update sessions set expires_at = now() + interval '30 days'")
    await warm_up(hers, conversation)
    for _ in range(4):
        await his.send(conversation, "more to read")

    async def open_page(path: str, **headers: str) -> None:
        async with hers.http.get(f"{product.url}{path}", headers=headers) as answer:
            assert answer.status == 200, await answer.text()

    # Who is it, the list, the conversation, its messages.
    with product.costs(4):
        await open_page(f"/c/{conversation}")
    # Within the page the list is there already.
    with product.costs(3):
        await open_page(f"/c/{conversation}", **{"HX-Request": "true", "HX-Target": "section#pane"})
    with product.costs(3):
        await open_page(f"/c/{conversation}/history?before=4", **{"HX-Request": "true"})
    with product.costs(2):
        await open_page("/sidebar", **{"HX-Request": "true"})
    with product.costs(1):
        await hers.watch(conversation)
    with product.costs(2):
        await hers.say("conversation:sync", conversation_id=conversation, after_revision=2)
        await hers.expect("conversation:synced", after_revision=2)
    with product.costs(1):
        await hers.say("receipt:read", conversation_id=conversation, up_to_seq=5)
        await hers.expect("receipt:updated", read_up_to=5)


async def test_nothing_costs_more_with_many_messages(
    product: Product, database_url: str, pool: Pool, factory: Factory, connect: Connect
) -> None:
    """With 120,000 messages in 101 conversations no statement goes through a table, and none looks at more rows
    of messages than it answers with, more or less."""
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, his = await connect(maria), await connect(noah)
    await warm_up(hers, conversation)
    await fill(database_url, maria, conversation)
    await pool.execute("analyze")

    async def open_page(path: str) -> None:
        async with hers.http.get(f"{product.url}{path}") as answer:
            assert answer.status == 200, await answer.text()

    product.statements.clear()
    message = client_id()
    await hers.send(conversation, "the newest", message)
    await hers.send(conversation, "again", message)
    await open_page(f"/c/{conversation}?latest=1")
    await open_page(f"/c/{conversation}")
    await open_page(f"/c/{conversation}?around=30000")
    await open_page(f"/c/{conversation}/history?before=30000")
    await open_page(f"/c/{conversation}/history?after=30000")
    await hers.say("conversation:sync", conversation_id=conversation, after_revision=59_950)
    await hers.expect("conversation:synced")
    await his.say("receipt:read", conversation_id=conversation, up_to_seq=59_000)
    await his.expect("receipt:updated", read_up_to=59_000)
    statements = list(product.statements)

    assert len(statements) > 15
    async with pool.acquire() as connection:
        for query, arguments in statements:
            nodes = await explain(connection, query, arguments)
            assert [node for node in nodes if node["Node Type"] == "Seq Scan" and is_large(node)] == [], query
            looked_at = sum(rows_of(node) for node in nodes if node.get("Relation Name") == "messages")
            assert looked_at <= 210, (query, looked_at)


async def test_sending_stays_quick_while_a_fresh_database_grows_faster_than_its_statistics(
    product: Product, database_url: str, pool: Pool, factory: Factory, connect: Connect
) -> None:
    """The plan was made and kept when there was nothing, and nobody has looked at the tables since."""
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers = await connect(maria)
    await warm_up(hers, conversation)
    for number in range(12):
        await hers.send(conversation, str(number))
        await hers.watch(conversation, after_revision=0)
    await fill(database_url, maria, conversation)
    before = await rows_read_in_sequence(product, pool)

    for number in range(12):
        await hers.send(conversation, str(number))
        await hers.watch(conversation, after_revision=59_950)

    assert await rows_read_in_sequence(product, pool) == before


async def explain(
    connection: asyncpg.pool.PoolConnectionProxy, query: str, arguments: tuple[Any, ...]
) -> list[dict[str, Any]]:
    """The nodes of the plan by which the statement was carried out, which leaves nothing behind."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        plan = await connection.fetchval(f"explain (analyze, format json) {query}", *arguments)
    finally:
        await transaction.rollback()

    def all_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for child in node.get("Plans", ()):
            yield from all_of(child)

    return list(all_of(msgspec.json.decode(plan)[0]["Plan"]))


def is_large(node: dict[str, Any]) -> bool:
    """Whether the scan was of a table that grows with what people do."""
    return node.get("Relation Name") in TABLES and rows_of(node) > 10


def rows_of(node: dict[str, Any]) -> float:
    """How many rows a scan looked at."""
    return float(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)))


async def rows_read_in_sequence(product: Product, pool: Pool) -> int:
    """How many rows were read by going through tables so far, in the whole database."""
    async with product.pool.acquire() as one, product.pool.acquire() as other:
        for connection in (one, other):
            await connection.execute("select pg_stat_force_next_flush()")
    async with pool.acquire() as connection:
        await connection.execute("select pg_stat_force_next_flush()")
        return int(
            await connection.fetchval(
                "select sum(seq_tup_read) from pg_stat_user_tables where relname = any ($1)", list(TABLES)
            )
        )
