"""What every bench stands on: the embedded servers, as durable as in use, a database of its own, and `chat web`."""

import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Self

import asyncpg

from chat.db import Pool
from chat.embedded.account import server_account
from chat.embedded.folder import open_spare_folder
from chat.embedded.installation import Installation
from chat.embedded.postgres import EmbeddedPostgres
from chat.embedded.programs import Programs, find_programs
from chat.embedded.valkey import EmbeddedValkey
from chat.folders import home_folder, resource_folder
from chat.migrations import migrate_up, read_migrations
from chat.settings import Settings, load
from tests.servers import ChatProcess, WebProcess, WorkerProcess

# The limits of one person would bound what the machine can do. Everything else is as an operator gets it.
LIFTED = {
    "SEND_LIMIT_PER_MINUTE": "0",
    "CHANGE_LIMIT_PER_MINUTE": "0",
    "HISTORY_LIMIT_PER_MINUTE": "0",
    "SEARCH_LIMIT_PER_MINUTE": "0",
    "CONNECT_LIMIT_PER_MINUTE": "0",
    "FRAME_LIMIT_PER_SECOND": "0",
}


class Stage:
    """PostgreSQL with fsync and Valkey with its file, in a folder of this run's own, gone at the end."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chat-bench-", dir="/var/tmp"))
        self.folder.chmod(0o711)
        self._installation = Installation({"DATA_DIR": str(self.folder)}, home=home_folder())
        self._processes: list[ChatProcess] = []
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        self._installation.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_processes()
        self._installation.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The database server."""
        return next(server for server in self._installation.servers if isinstance(server, EmbeddedPostgres))

    @property
    def valkey(self) -> EmbeddedValkey:
        """The Redis server."""
        return next(server for server in self._installation.servers if isinstance(server, EmbeddedValkey))

    @property
    def programs(self) -> Programs:
        """Where pgbench is, among others."""
        return find_programs(server_account(), copies=open_spare_folder(home_folder()).path / "programs")

    async def database(self) -> str:
        """The address of a new database, migrated, with nothing in it."""
        name = f"bench_{next(self._numbers)}"
        connection = await asyncpg.connect(self.postgres.url)
        try:
            await connection.execute(f"create database {name}")
        finally:
            await connection.close()
        url = self.postgres.url_of(name)
        await migrate_up(url, read_migrations(resource_folder("migrations")), report=lambda _: None)
        return url

    def web(self, database_url: str, *arguments: str, **changes: str) -> WebProcess:
        """A `chat web` on that database, not started yet."""
        log = self.folder / f"web-{next(self._numbers)}.log"
        web = WebProcess(*arguments, environment=self.environment(database_url) | changes, log=log)
        self._processes.append(web)
        return web

    def worker(self, database_url: str, **changes: str) -> WorkerProcess:
        """A `chat worker` on that database, not started yet."""
        log = self.folder / f"worker-{next(self._numbers)}.log"
        worker = WorkerProcess(environment=self.environment(database_url) | changes, log=log)
        self._processes.append(worker)
        return worker

    def environment(self, database_url: str) -> dict[str, str]:
        """The settings of a process on that database."""
        return self._installation.environment() | LIFTED | {"DATABASE_URL": database_url}

    def settings(self, database_url: str) -> Settings:
        """The same as the process reads them."""
        return load(self.environment(database_url))

    def stop_processes(self) -> None:
        """End the processes that were started so far."""
        for process in self._processes:
            process.kill()
        self._processes.clear()


async def open_pool(database_url: str) -> Pool:
    """A small pool for the bench's own use."""
    return await asyncpg.create_pool(database_url, min_size=1, max_size=4)
