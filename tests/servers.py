"""The servers that tests stand on: one PostgreSQL for the whole run, and private ones to kill and start again."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from aiohttp import web

from chat.embedded import DataFolder, EmbeddedPostgres, EmbeddedValkey, server_account
from chat.embedded.folder import open_spare_folder
from chat.embedded.launch import launched
from chat.embedded.programs import find_programs
from chat.embedded.server import free_port
from chat.folders import home_folder, resource_folder
from chat.migrations import migrate_up, read_migrations

TEMPLATE = "chat_template"
# Runs the product in the test's own process, with changed settings; answers its address.
Serve = Callable[..., Awaitable[str]]
SECRET_KEY = "the tests' own secret key, 32 characters or more"


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Serve an application in the test's own process as `chat web` does, and get its address.

    aiohttp's own TestServer is another: it breaks off what a handler does when its client goes away.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class ServerFolder:
    """A folder that the servers' account can reach, for servers that live for a while; removed by `close`."""

    def __init__(self) -> None:
        self.account = server_account()
        # Not in pytest's own folder: where root runs the tests, nobody else may enter that one.
        self.path = Path(tempfile.mkdtemp(prefix="chat-tests-", dir="/var/tmp"))
        self.path.chmod(0o711)
        self._data = DataFolder(self.path)
        copies = open_spare_folder(home_folder()).path / "programs"
        self._programs = find_programs(self.account, copies=copies)

    def postgres(self, name: str = "postgres") -> EmbeddedPostgres:
        """A PostgreSQL that isn't started yet. It survives kill -9 as any does, but not a power cut."""
        return EmbeddedPostgres(
            self._data.server_folder(name, self.account),
            self.account,
            self._programs,
            password=self._data.secret(f"{name}-password"),
            durable=False,
        )

    def valkey(self, name: str = "valkey", *, durable: bool = False) -> EmbeddedValkey:
        """A Valkey that isn't started yet, and forgets everything when it ends, unless it is durable."""
        return EmbeddedValkey(
            self._data.server_folder(name, self.account),
            self.account,
            self._programs,
            password=self._data.secret(f"{name}-password"),
            durable=durable,
        )

    def close(self) -> None:
        """Remove the folder; its servers have to be stopped."""
        shutil.rmtree(self.path, ignore_errors=True)


class SharedPostgres:
    """The PostgreSQL of the whole run, with a migrated template that each test's database is a copy of."""

    def __init__(self) -> None:
        self._folder = ServerFolder()
        self._postgres = self._folder.postgres()
        self._postgres.start()
        asyncio.run(self._make_template())

    @property
    def address(self) -> str:
        """The address of any database, with {} for its name."""
        return self._postgres.url_of("{}")

    def close(self) -> None:
        """Stop the server and remove all that it kept."""
        self._postgres.kill()
        self._folder.close()

    async def _make_template(self) -> None:
        connection = await asyncpg.connect(self._postgres.url_of("postgres"))
        try:
            await connection.execute(f"create database {TEMPLATE}")
        finally:
            await connection.close()
        await migrate_up(
            self._postgres.url_of(TEMPLATE), read_migrations(resource_folder("migrations")), report=lambda _: None
        )


class ChatProcess:
    """A `python -m chat …` of its own, which may be killed and started again on the same port.

    With `python`, it is the product installed there that runs, away from the checkout.
    """

    def __init__(self, *arguments: str, environment: Mapping[str, str], log: Path, python: Path | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._python = str(python or sys.executable)
        self._folder = python.parent if python else home_folder()
        self._arguments = arguments
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start the process without waiting for it."""
        command = [self._python, "-m", "chat", *self._arguments]
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                launched(command, death_signal=signal.SIGKILL),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**inherited, "PORT": str(self.port), **self._environment},
                start_new_session=True,
            )

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that was started last."""
        assert self._process is not None, "launch it first"
        return self._process

    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it as kill -9 does, with the processes that it started."""
        if self._process is not None and self.is_running():
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self, *, timeout: float = 15) -> int:
        """Ask it to end, as a deploy does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def printed(self) -> str:
        """All that it has written so far."""
        return self.log.read_text() if self.log.exists() else ""


class WebProcess(ChatProcess):
    """A `chat web`, ready when it answers /health/live."""

    def __init__(self, *arguments: str, environment: Mapping[str, str], log: Path, python: Path | None = None) -> None:
        super().__init__("web", *arguments, environment=environment, log=log, python=python)

    def start(self, *, timeout: float = 30) -> None:
        """Start it and wait until it answers."""
        self.launch()
        self.wait_ready(timeout=timeout)

    def wait_ready(self, *, timeout: float = 30) -> None:
        """Wait until it answers; fail with what it printed where it doesn't."""
        deadline = time.monotonic() + timeout
        while not self._is_ready():
            assert self.is_running(), f"chat web ended:\n{self.printed()}"
            assert time.monotonic() < deadline, f"chat web isn't ready after {timeout} s:\n{self.printed()}"
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health/live", timeout=2) as answer:  # noqa: S310 - our own
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class WorkerProcess(ChatProcess):
    """A `chat worker`."""

    def __init__(self, *, environment: Mapping[str, str], log: Path) -> None:
        super().__init__("worker", environment=environment, log=log)
