"""The embedded Valkey, which speaks Redis."""

import signal
import socket
from pathlib import Path

from chat.embedded.account import ServerAccount
from chat.embedded.folder import write_private
from chat.embedded.programs import Programs
from chat.embedded.server import EmbeddedServer

# Messages live in PostgreSQL; what lives here can be made again, at a price: jobs that wait, receipts that
# wait for their flush, who is online, rate limits. So a crash may cost the last second (`everysec`), and not
# more; and nothing is evicted silently, because a job that vanished is worse than an error that is seen.
_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
pidfile "{folder}/pid"
logfile ""
loglevel notice
daemonize no
set-proc-title no
save ""
appendonly {append}
appendfsync everysec
auto-aof-rewrite-min-size 16mb
maxmemory 256mb
maxmemory-policy noeviction
maxclients 4096
"""


class EmbeddedValkey(EmbeddedServer):
    """One Valkey in `folder`."""

    name = "Valkey"
    variable = "REDIS_URL"
    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL
    _passing_failures = ("Address already in use",)

    def __init__(
        self, folder: Path, account: ServerAccount, programs: Programs, *, password: str, durable: bool = True
    ) -> None:
        super().__init__(folder, account)
        self._programs = programs
        self._password = password
        self._durable = durable

    @property
    def url(self) -> str:
        """The address of database 0."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Write the configuration; the password in it is for the server's account alone."""
        text = _CONFIGURATION.format(
            port=self.port,
            password=self._password,
            folder=str(self.folder).replace("\\", "\\\\").replace('"', '\\"'),
            append="yes" if self._durable else "no",
        )
        write_private(self._configuration, text)
        self._account.own(self._configuration)

    def is_ready(self) -> bool:
        """Whether it answers a PING: while it still reads its file it says LOADING."""
        hello = f"AUTH {self._password}\r\nPING\r\n".encode()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(hello)
                answer = b""
                while answer.count(b"\n") < 2:
                    received = connection.recv(256)
                    if not received:
                        return False
                    answer += received
                return answer == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False

    @property
    def _configuration(self) -> Path:
        return self.folder / "valkey.conf"

    def _command(self) -> list[str]:
        return [str(self._programs.valkey), str(self._configuration)]

    def _recorded_process(self) -> int | None:
        try:
            return int((self.folder / "pid").read_text())
        except (FileNotFoundError, ValueError):
            return None
