"""What every test may ask for: a database of its own, a Valkey, settings, a pool, processes to start and kill."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
import pytest
import redis

from chat.app import create_app
from chat.db import Pool, create_pool
from chat.settings import Settings, load
from tests.device import Connect, Device
from tests.factory import Factory
from tests.servers import SECRET_KEY, TEMPLATE, Serve, ServerFolder, SharedPostgres, WebProcess, WorkerProcess, serving

# What tests do faster than people may.
NO_LIMITS = {
    "login_limit": 0,
    "register_limit": 0,
    "connect_limit_per_minute": 0,
    "send_limit_per_minute": 0,
    "change_limit_per_minute": 0,
    "history_limit_per_minute": 0,
    "search_limit_per_minute": 0,
}
# Where its comparisons fail, they say what differs.
pytest.register_assert_rewrite("tests.client")

_numbers = itertools.count()
_shared: pytest.StashKey[SharedPostgres] = pytest.StashKey()


def _shared_postgres(config: pytest.Config) -> SharedPostgres:
    """The run's PostgreSQL, started at first use in the process that leads the run."""
    if _shared not in config.stash:
        config.stash[_shared] = SharedPostgres()
    return config.stash[_shared]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: pytest.Session) -> None:
    """Tell each of xdist's processes where the run's PostgreSQL is."""
    node.workerinput["postgres"] = _shared_postgres(node.config).address  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the run's PostgreSQL at the very end."""
    if _shared in config.stash:
        config.stash[_shared].close()


@pytest.fixture(scope="session")
def postgres_address(request: pytest.FixtureRequest) -> str:
    """The address of the run's PostgreSQL, with {} for the database's name."""
    workerinput: dict[str, str] | None = getattr(request.config, "workerinput", None)
    return workerinput["postgres"] if workerinput is not None else _shared_postgres(request.config).address


@pytest.fixture(scope="session")
def run_statement(postgres_address: str) -> Iterator[Callable[[str], None]]:
    """Run a statement on the run's PostgreSQL, outside of any test's database."""
    # A loop beside the tests' own, so that tests without one can have a database as well.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        connection = runner.run(asyncpg.connect(postgres_address.format("postgres")))

        def run(statement: str) -> None:
            runner.run(connection.execute(statement))

        yield run
        runner.run(connection.close())


@pytest.fixture
def make_database(
    run_statement: Callable[[str], None], postgres_address: str, worker_id: str
) -> Iterator[Callable[[], str]]:
    """Make a migrated database with nothing in it, and get its address. A copy of a template: some 30 ms."""
    made: list[str] = []

    def make() -> str:
        name = f"test_{worker_id}_{next(_numbers)}"
        run_statement(f"create database {name} template {TEMPLATE} strategy file_copy")
        made.append(name)
        return postgres_address.format(name)

    yield make
    for name in made:
        run_statement(f"drop database {name} with (force)")


@pytest.fixture
def database_url(make_database: Callable[[], str]) -> str:
    """The address of a database of this test's own, migrated, with nothing in it."""
    return make_database()


@pytest.fixture(scope="session")
def server_folder() -> Iterator[ServerFolder]:
    """Where this process's Valkey keeps its files."""
    folder = ServerFolder()
    yield folder
    folder.close()


@pytest.fixture(scope="session")
def valkey_url(server_folder: ServerFolder) -> Iterator[str]:
    """A Valkey for each of xdist's processes: the channels of pub/sub know no database numbers."""
    valkey = server_folder.valkey()
    valkey.start()
    yield valkey.url
    valkey.kill()


@pytest.fixture
def redis_url(valkey_url: str) -> str:
    """The address of a Valkey with nothing in it."""
    with redis.Redis.from_url(valkey_url) as connection:
        connection.flushall()
    return valkey_url


@pytest.fixture
def environment(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a process of the product under test."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": SECRET_KEY,
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_POOL_MIN": "1",
        "LOG_LEVEL": "info",
    }


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    """The settings of this test; `msgspec.structs.replace` changes one."""
    return load(environment)


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    """A pool on this test's database."""
    pool = await create_pool(settings)
    yield pool
    await pool.close()


@pytest.fixture
def factory(pool: Pool) -> Factory:
    """Makes people and conversations in this test's database."""
    return Factory(pool)


@pytest.fixture
async def serve(settings: Settings) -> AsyncIterator[Serve]:
    """Run the product in this process, without limits: `await serve(send_limit_per_minute=3)` answers its address.

    Each call is one more web process to the others: they share nothing but the servers.
    """
    async with AsyncExitStack() as stack:

        async def start(**changes: object) -> str:
            changed = msgspec.structs.replace(settings, **(NO_LIMITS | changes))
            return await stack.enter_async_context(serving(create_app(changed)))

        yield start


@pytest.fixture
async def url(serve: Serve) -> str:
    """The address of the product without limits."""
    return await serve()


@pytest.fixture
async def connect(url: str, pool: Pool) -> AsyncIterator[Connect]:
    """Bring a person's device on line: `await connect(user_id)`."""
    devices: list[Device] = []

    async def connect_(user_id: UUID, address: str = url) -> Device:
        device = await Device.connect(address, pool, user_id)
        devices.append(device)
        return device

    yield connect_
    await asyncio.gather(*(device.close() for device in devices))


@pytest.fixture
def start_web(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., WebProcess]]:
    """Start a web process on this test's servers: `start_web(SEND_LIMIT_PER_MINUTE="0")`; killed at the end."""
    started: list[WebProcess] = []

    def start(*arguments: str, **changes: str) -> WebProcess:
        log = tmp_path / f"web-{len(started)}.log"
        web = WebProcess(*arguments, environment={**environment, **changes}, log=log)
        started.append(web)
        web.start()
        return web

    yield start
    for web in started:
        web.kill()


@pytest.fixture
def start_worker(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., WorkerProcess]]:
    """Start a worker on this test's servers; killed at the end."""
    started: list[WorkerProcess] = []

    def start(**changes: str) -> WorkerProcess:
        log = tmp_path / f"worker-{len(started)}.log"
        worker = WorkerProcess(environment={**environment, **changes}, log=log)
        started.append(worker)
        worker.launch()
        return worker

    yield start
    for worker in started:
        worker.kill()


@pytest.fixture
def private_servers() -> Iterator[ServerFolder]:
    """A folder for a PostgreSQL and a Valkey of this test's own, to be killed and started again."""
    folder = ServerFolder()
    yield folder
    folder.close()
