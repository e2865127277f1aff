"""The product with all that it asks of PostgreSQL counted, and what PostgreSQL has to do for it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from chat.app import create_app
from chat.db import Pool
from chat.settings import Settings
from chat.web.keys import SERVICES
from tests.device import Device

NO_LIMITS = {
    "send_limit_per_minute": 0,
    "connect_limit_per_minute": 0,
    "history_limit_per_minute": 0,
    "frame_limit_per_second": 0,
}
# What it asks once on each connection, when a type is used for the first time.
OF_ASYNCPG = ("typeinfo_tree", "set_config('jit'")
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
        if any(own in record.query for own in OF_ASYNCPG):
            return
        self.statements.append((record.query, tuple(record.args or ())))

    @contextmanager
    def costs(self, count: int) -> Iterator[None]:
        """The block sends so many statements, no more and no fewer."""
        self.statements.clear()
        yield
        assert len(self.statements) == count, [" ".join(query.split())[:100] for query, _ in self.statements]


@asynccontextmanager
async def counted(settings: Settings) -> AsyncIterator[Product]:
    """Run the product in this process, and count."""
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


async def warm_up(device: Device, conversation: UUID) -> None:
    """What is done for the first time costs more: statements are prepared, templates compiled."""
    await device.send(conversation, "first")
    await device.watch(conversation)
    await device.answered()


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


async def rows_read(product: Product, pool: Pool) -> tuple[int, int]:
    """How many rows were read so far by going through tables, and by indexes of messages."""
    async with product.pool.acquire() as one, product.pool.acquire() as other:
        for connection in (one, other):
            await connection.execute("select pg_stat_force_next_flush()")
    async with pool.acquire() as connection:
        await connection.execute("select pg_stat_force_next_flush()")
        row = await connection.fetchrow(
            "select (select sum(seq_tup_read) from pg_stat_user_tables where relname = any ($1)),"
            " (select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'messages')",
            list(TABLES),
        )
    assert row is not None
    return int(row[0]), int(row[1])
