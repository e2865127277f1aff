"""One machine's installation: the data folder, its secrets, and the embedded servers that it needs."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from chat.embedded.account import server_account
from chat.embedded.folder import DataFolder, open_data_folder, write_private
from chat.embedded.postgres import EmbeddedPostgres
from chat.embedded.programs import find_programs
from chat.embedded.server import EmbeddedServer
from chat.embedded.valkey import EmbeddedValkey

SERVERS = ("DATABASE_URL", "REDIS_URL")
_ANNOUNCED = (*SERVERS, "SECRET_KEY", "DATA_DIR")
_RUNNING = "running.json"


class Installation:
    """The data folder, locked for this process, and the servers that the environment doesn't name itself."""

    def __init__(self, environ: Mapping[str, str], *, home: Path) -> None:
        """Take the folder. Raises `DataFolderError` or `ProgramsMissingError`."""
        account = server_account()
        self.folder: DataFolder = open_data_folder(environ, home=home, account=account)
        self.folder.lock()
        self.servers: list[EmbeddedServer] = []
        self._environ = environ
        wanted = [variable for variable in SERVERS if not environ.get(variable, "").strip()]
        if not wanted:
            return
        programs = find_programs(account, copies=self.folder.path / "programs")
        if "DATABASE_URL" in wanted:
            folder = self.folder.server_folder("postgres", account)
            password = self.folder.secret("postgres-password")
            self.servers.append(EmbeddedPostgres(folder, account, programs, password=password))
        if "REDIS_URL" in wanted:
            folder = self.folder.server_folder("valkey", account)
            password = self.folder.secret("valkey-password")
            self.servers.append(EmbeddedValkey(folder, account, programs, password=password))

    def start(self) -> None:
        """Start the servers and wait until they take connections. Raises `EmbeddedError`."""
        for server in self.servers:
            server.start()

    def stop(self) -> None:
        """Stop the servers, keep their data, and let go of the folder."""
        self._running.unlink(missing_ok=True)
        for server in reversed(self.servers):
            server.stop()
        self.folder.close()

    def environment(self) -> dict[str, str]:
        """The environment for the processes of this installation; a secret key is made where none is set."""
        environment = {name: value for name, value in self._environ.items() if value.strip()}
        environment["DATA_DIR"] = str(self.folder.path)
        if "SECRET_KEY" not in environment:
            environment["SECRET_KEY"] = self.folder.secret("secret-key")
        for server in self.servers:
            environment[server.variable] = server.url
        return environment

    def announce(self) -> None:
        """Tell other commands on this machine where the servers are, until `stop`."""
        environment = self.environment()
        told = {name: environment[name] for name in _ANNOUNCED}
        write_private(self._running, json.dumps(told, indent=2) + "\n")

    @property
    def _running(self) -> Path:
        return self.folder.path / _RUNNING


@contextmanager
def servers(environ: Mapping[str, str], *, home: Path, needed: Iterable[str] = SERVERS) -> Iterator[dict[str, str]]:
    """An environment in which the servers `needed` can be reached, for the length of a command.

    They are those that `environ` names, else those of a `chat run` in the data folder, else the embedded ones,
    started for the block. Raises what `Installation` does, and `EmbeddedError`.
    """
    if all(environ.get(variable, "").strip() for variable in needed):
        yield dict(environ)
        return
    found = running_environment(environ, home=home)
    if found is not None:
        yield found
        return
    installation = Installation(environ, home=home)
    try:
        installation.start()
        yield installation.environment()
    finally:
        installation.stop()


def running_environment(environ: Mapping[str, str], *, home: Path) -> dict[str, str] | None:
    """The environment of the `chat run` that uses the data folder at this moment, if there is one."""
    folder = open_data_folder(environ, home=home, account=server_account())
    if not folder.locked_elsewhere():
        return None
    try:
        told = json.loads((folder.path / _RUNNING).read_text())
    except FileNotFoundError:
        return None
    return {**told, **{name: value for name, value in environ.items() if value.strip()}}
