"""Servers of a test's own, which it may kill, and people who talk through processes that come and go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from chat.db import Pool
from chat.embedded import EmbeddedPostgres, EmbeddedValkey
from chat.folders import resource_folder
from chat.migrations import migrate_up, read_migrations
from tests.client import Client, assert_nothing_is_lost
from tests.factory import Factory
from tests.proxy import Proxy
from tests.screen import Message
from tests.servers import ServerFolder, WebProcess

Start = Callable[..., Awaitable[WebProcess]]
ProxyTo = Callable[[str], Awaitable[Proxy]]
NO_LIMITS = {
    "SEND_LIMIT_PER_MINUTE": "0",
    "CONNECT_LIMIT_PER_MINUTE": "0",
    "HISTORY_LIMIT_PER_MINUTE": "0",
    "SEARCH_LIMIT_PER_MINUTE": "0",
    "FRAME_LIMIT_PER_SECOND": "0",
    "HISTORY_PAGE": "100",
}


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """`await start(SEND_RETRIES="1")`: a web process without limits on how fast people may be."""
    started: list[WebProcess] = []

    async def start(**changes: str) -> WebProcess:
        log = tmp_path / f"web-{len(started)}.log"
        web = WebProcess(environment=environment | NO_LIMITS | changes, log=log)
        started.append(web)
        web.launch()
        # Proxies go on working meanwhile.
        await asyncio.to_thread(web.wait_ready)
        return web

    yield start
    for web in started:
        web.kill()


@pytest.fixture
def private_postgres(private_servers: ServerFolder) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL to kill; a test that asks for it has its database there."""
    postgres = private_servers.postgres()
    postgres.start()
    migrations = read_migrations(resource_folder("migrations"))
    asyncio.run(migrate_up(postgres.url, migrations, report=lambda _: None))
    yield postgres
    postgres.kill()


@pytest.fixture
def private_valkey(private_servers: ServerFolder) -> Iterator[EmbeddedValkey]:
    """A Valkey to kill; a test that asks for it has its Redis there."""
    valkey = private_servers.valkey()
    valkey.start()
    yield valkey
    valkey.kill()


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """The database of the web processes."""
    if "private_postgres" in request.fixturenames:
        postgres: EmbeddedPostgres = request.getfixturevalue("private_postgres")
        return postgres.url
    make_database: Callable[[], str] = request.getfixturevalue("make_database")
    return make_database()


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    """The Redis of the web processes."""
    if "private_valkey" in request.fixturenames:
        valkey: EmbeddedValkey = request.getfixturevalue("private_valkey")
        return valkey.url
    url: str = request.getfixturevalue("valkey_url")
    return url


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """A pool on this test's database, which comes back by itself after anything."""
    pool = await asyncpg.create_pool(database_url, min_size=1, max_size=4)
    yield pool
    await pool.close()


async def health(web: WebProcess) -> tuple[int, dict[str, Any]]:
    """What an operator's probe sees."""
    async with aiohttp.ClientSession() as http, http.get(f"{web.url}/health/ready") as answer:
        return answer.status, await answer.json()


async def becomes(condition: Callable[[], Awaitable[object]], *, within: float = 30) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 - what other processes do raises no event here
            await asyncio.sleep(0.01)


async def becomes_healthy(web: WebProcess, status: str) -> dict[str, Any]:
    """Wait until the probe sees this status; the findings behind it. A finding is kept for a second.

    In most tests no worker runs: without it alone the status counts as "ok", and it isn't among the findings.
    """
    found: dict[str, Any] = {}

    async def is_so() -> bool:
        nonlocal found
        body = (await health(web))[1]
        found = {name: check["status"] for name, check in body["checks"].items() if name != "worker"}
        all_up = set(found.values()) == {"up"}
        return bool(("ok" if body["status"] == "degraded" and all_up else body["status"]) == status)

    await becomes(is_so)
    return found


@dataclass
class Talk:
    """People with one conversation on all their screens."""

    pool: Pool
    conversation: UUID
    clients: list[Client]

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Everybody writes one message after the other, each when the one before is confirmed, whatever happens
        meanwhile; at the end of the block what was begun is finished."""
        enough = asyncio.Event()

        async def write(client: Client) -> None:
            while not enough.is_set():
                client.write(f"{client.user_id} writes number {len(client.confirmed)}")
                await client.flush()
                # Nobody types faster, and what is written has to be compared.
                await asyncio.sleep(0.03)

        writing = [asyncio.create_task(write(client)) for client in self.clients]
        try:
            yield
            enough.set()
            await asyncio.gather(*writing)
        finally:
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)

    def confirmed(self) -> int:
        """How many messages were confirmed to somebody so far."""
        return sum(len(client.confirmed) for client in self.clients)

    async def confirms(self, messages: int, *, within: float = 60) -> None:
        """Wait until so many more are confirmed."""
        wanted = self.confirmed() + messages

        async def confirms() -> bool:
            return self.confirmed() >= wanted

        await becomes(confirms, within=within)

    async def ends_well(self, *, within: float = 60) -> list[Message]:
        """All is confirmed, nothing is lost, and each screen shows what the database holds, without a reload."""
        await asyncio.gather(*(client.flush(within=within) for client in self.clients))
        for client in self.clients:
            if not client.is_open:
                await client.come_back(within=within)
        await asyncio.gather(*(client.settle(self.pool, within=within) for client in self.clients))
        return await assert_nothing_is_lost(self.pool, self.conversation, self.clients)


Begin = Callable[..., Awaitable[Talk]]


@pytest.fixture
async def talk(factory: Factory, pool: Pool) -> AsyncIterator[Begin]:
    """`await talk(urls, …)`: a conversation of one person for each tuple of addresses, the first of which is taken."""
    clients: list[Client] = []

    async def begin(*places: tuple[str, ...]) -> Talk:
        people = [await factory.user() for _ in places]
        conversation = await factory.group(*people)
        for person, urls in zip(people, places, strict=True):
            clients.append(await Client.join(pool, person, conversation, *urls))
        return Talk(pool, conversation, clients)

    yield begin
    await asyncio.gather(*(client.close() for client in clients))


@pytest.fixture
async def proxy_to() -> AsyncIterator[ProxyTo]:
    """`await proxy_to(url)`: a proxy before a server."""
    proxies: list[Proxy] = []

    async def make(server: str) -> Proxy:
        proxy = Proxy(server)
        await proxy.accept()
        proxies.append(proxy)
        return proxy

    yield make
    for proxy in proxies:
        await proxy.close()
