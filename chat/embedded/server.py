"""What the two embedded servers have in common: start, wait, notice a leftover of an earlier run, stop."""

import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

from chat.embedded.account import ServerAccount
from chat.embedded.launch import launched
from chat.embedded.leftover import stop_leftover

_LOG_BYTES = 16 * 1024 * 1024
_POLL = 0.01


class EmbeddedError(Exception):
    """An embedded server doesn't start; the message says why, with the last lines of its log."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class EmbeddedServer(ABC):
    """One server process of ours, in a folder of its own."""

    name: str
    variable: str
    """The environment variable that says where a server of this kind is."""
    stop_signal: signal.Signals
    """Ends the server in order."""
    kill_signal: signal.Signals
    """Ends it at once, for when the other isn't heeded."""
    _passing_failures: tuple[str, ...]
    """Words in the log of a failed start that say: try again."""

    def __init__(self, folder: Path, account: ServerAccount) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self._account = account
        self._log_start = 0

    @property
    @abstractmethod
    def url(self) -> str:
        """How to connect, password included."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the files that the server needs. Raises `EmbeddedError`."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the started process takes connections."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The program and its arguments."""

    @abstractmethod
    def _recorded_process(self) -> int | None:
        """The process id that the last start left in the folder."""

    def _environment(self) -> dict[str, str]:
        """The environment of the program: the same everywhere, whatever the shell's is."""
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

    def start(self, *, timeout: float = 60) -> None:
        """Start the server and wait until it takes connections, at most `timeout` seconds.

        A server that an earlier run left behind is stopped first; a damaged shutdown is recovered by the
        server itself. Raises `EmbeddedError`.
        """
        deadline = time.monotonic() + timeout
        self.prepare()
        self.launch()
        while True:
            try:
                self.wait_ready(timeout=deadline - time.monotonic())
            except EmbeddedError as error:
                if time.monotonic() > deadline or not any(words in str(error) for words in self._passing_failures):
                    raise
                self.port = free_port()
                self.prepare()
                self.launch()
            else:
                return

    def launch(self) -> None:
        """Start the process, on the same port as before, without waiting for it.

        To be called from the main thread: the kernel ends the server with the thread that started it.
        """
        stop_leftover(self._recorded_process(), f"{self.folder}/", gently=self.stop_signal, firmly=self.kill_signal)
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_name("log.1"))
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self.process = subprocess.Popen(
                self.as_account(self._command(), death_signal=self.stop_signal),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self._environment(),
                # Ctrl-C in the terminal is for chat, which stops its servers last.
                start_new_session=True,
            )

    def as_account(self, command: list[str], *, death_signal: signal.Signals) -> list[str]:
        """`command`, run as the servers' account, and ended by `death_signal` when this process dies."""
        change_to = (self._account.uid, self._account.gid) if self._account.switch else None
        return launched(command, death_signal=death_signal, change_to=change_to)

    def wait_ready(self, *, timeout: float) -> None:
        """Wait until the server takes connections. Raises `EmbeddedError` where it ends, or `timeout` passes."""
        deadline = time.monotonic() + timeout
        while not self.is_ready():
            if not self.is_running():
                raise EmbeddedError(f"{self.name} doesn't start; the end of {self.log}:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"{self.name} isn't ready after {timeout:.0f} s; the end of {self.log}:\n{self.log_tail()}"
                )
            time.sleep(_POLL)

    def is_running(self) -> bool:
        """Whether the process that we started is alive."""
        return self.process is not None and self.process.poll() is None

    def stop(self, *, timeout: float = 10) -> None:
        """Stop the server in order; after `timeout` seconds, at once. Does nothing where it doesn't run."""
        if self.process is None or not self.is_running():
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.send_signal(self.kill_signal)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End the process as a crash would, without any order."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def log_tail(self, lines: int = 8) -> str:
        """The last lines that the server wrote since its latest start."""
        try:
            with self.log.open("rb") as log:
                log.seek(self._log_start)
                written = log.read().decode(errors="replace").strip()
        except OSError:
            return "(no log)"
        return "\n".join(written.splitlines()[-lines:]) or "(nothing was written)"
