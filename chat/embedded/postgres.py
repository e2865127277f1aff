"""The embedded PostgreSQL: a cluster in the data folder, as durable as any."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from chat.embedded.account import ServerAccount
from chat.embedded.folder import write_private
from chat.embedded.programs import Programs
from chat.embedded.server import EmbeddedError, EmbeddedServer

_SOCKET_PATH_BYTES = 103
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    # The details of an error quote what was in the row.
    "log_error_verbosity": "terse",
    # Our statements are short; compiling one takes longer than running it.
    "jit": "off",
}
# For tests only: what a crash of the machine may lose, they don't need.
_CARELESS_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "1h",
    "checkpoint_timeout": "1h",
    "max_wal_size": "4GB",
    "shared_buffers": "64MB",
}


class EmbeddedPostgres(EmbeddedServer):
    """One PostgreSQL in `folder`, with the database `chat` and one user of that name."""

    name = "PostgreSQL"
    variable = "DATABASE_URL"
    stop_signal = signal.SIGINT
    kill_signal = signal.SIGQUIT
    _passing_failures = (
        # Somebody took the port between our look and its start.
        "Address already in use",
        # The children of a postmaster that was killed need a moment to notice.
        "pre-existing shared memory block",
    )

    def __init__(
        self, folder: Path, account: ServerAccount, programs: Programs, *, password: str, durable: bool = True
    ) -> None:
        super().__init__(folder, account)
        self._programs = programs
        self._password = password
        self._durable = durable
        self._cluster = folder / "cluster"

    @property
    def url(self) -> str:
        """The address of the database `chat`: through the Unix socket, which is quicker, where its path fits."""
        return self.url_of("chat")

    def url_of(self, database: str) -> str:
        """The address of one database of this server."""
        if self._socket_folder:
            place = f"/{database}?host={quote(self._socket_folder, safe='')}&port={self.port}"
        else:
            place = f"127.0.0.1:{self.port}/{database}"
        return f"postgresql://chat:{self._password}@{place}"

    def tcp_url_of(self, database: str) -> str:
        """The same over TCP, for what sits between: a proxy, another container."""
        return f"postgresql://chat:{self._password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the cluster at the first start. One that was half made when the machine went down is made anew."""
        if self._cluster.is_dir():
            return
        unfinished = self.folder / "cluster.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = self._password_file()
        try:
            made = subprocess.run(
                self.as_account(self._initdb_command(unfinished, password_file), death_signal=signal.SIGKILL),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd="/",
                env=self._environment(),
                check=False,
            )
        finally:
            password_file.unlink()
        if made.returncode != 0:
            raise EmbeddedError(f"the database couldn't be made in {self.folder}:\n{made.stdout.strip()}")
        self._make_database(unfinished)
        unfinished.rename(self._cluster)

    def is_ready(self) -> bool:
        """PostgreSQL writes its state into the eighth line of its pid file; pg_ctl looks there, too."""
        lines = self._pid_file_lines()
        return (
            self.process is not None
            and len(lines) >= 8
            and lines[0].strip() == str(self.process.pid)
            and lines[7].strip() == "ready"
        )

    @property
    def _socket_folder(self) -> str:
        longest = self.folder / ".s.PGSQL.65535"
        return str(self.folder) if len(os.fsencode(longest)) <= _SOCKET_PATH_BYTES else ""

    def _command(self) -> list[str]:
        settings = _SETTINGS | ({} if self._durable else _CARELESS_SETTINGS)
        settings |= {"port": str(self.port), "unix_socket_directories": self._socket_folder}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._programs.postgres), "-D", str(self._cluster), *options]

    def _environment(self) -> dict[str, str]:
        """To PostgreSQL, whatever process has the number in its pid file is its old self, and it won't start.

        We know better by then: after a power cut, the number may be anybody's. Told that it is that of whoever
        starts it, PostgreSQL goes on, and still looks whether old processes use the cluster's shared memory.
        """
        recorded = self._recorded_process()
        return super()._environment() | ({"PG_GRANDPARENT_PID": str(recorded)} if recorded else {})

    def _initdb_command(self, cluster: Path, password_file: Path) -> list[str]:
        return [
            str(self._programs.initdb),
            f"--pgdata={cluster}",
            "--username=chat",
            f"--pwfile={password_file}",
            # A local account of the machine is no reason for trust: everybody needs the password.
            "--auth=scram-sha-256",
            # Its rounds slow down guessing, which 256 random bits don't need; a pool opens at once.
            "--set=scram_iterations=1",
            "--encoding=UTF8",
            # The same order and the same lower case on every machine.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
            *([] if self._durable else ["--no-sync"]),
        ]

    def _make_database(self, cluster: Path) -> None:
        """Create the database `chat` while nobody can connect: one step less that could be interrupted."""
        command = [str(self._programs.postgres), "--single", "-D", str(cluster), "-c", "log_checkpoints=off"]
        made = subprocess.run(
            self.as_account([*command, "postgres"], death_signal=signal.SIGKILL),
            input="create database chat;\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env=self._environment(),
            check=False,
        )
        if made.returncode != 0 or "ERROR" in made.stdout:
            raise EmbeddedError(f"the database couldn't be made in {self.folder}:\n{made.stdout.strip()}")

    def _password_file(self) -> Path:
        """The password where initdb, under the servers' account, can read it."""
        path = self.folder / "password"
        write_private(path, self._password)
        self._account.own(path)
        return path

    def _recorded_process(self) -> int | None:
        lines = self._pid_file_lines()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else None

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []
