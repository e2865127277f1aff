"""What an earlier run left behind: stopped or stepped over, and never a reason not to start."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from chat.embedded import EmbeddedPostgres
from chat.embedded.leftover import is_ours
from tests.servers import ServerFolder


@pytest.fixture
def strangers_process(private_servers: ServerFolder) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with us, of the account that the servers run as."""
    account = private_servers.account
    as_account = {"user": account.uid, "group": account.gid, "extra_groups": []} if account.switch else {}
    with subprocess.Popen(["sleep", "600"], cwd="/", **as_account) as process:  # type: ignore[call-overload]
        yield process
        process.kill()


def cut_the_power(postgres: EmbeddedPostgres) -> Path:
    """End every process of a server at once, as a power cut does; answers its pid file."""
    pid_file = postgres.folder / "cluster" / "postmaster.pid"
    assert postgres.process is not None
    children = Path(f"/proc/{postgres.process.pid}/task/{postgres.process.pid}/children").read_text().split()
    for process in map(int, [*children, str(postgres.process.pid)]):
        # A child may just have ended by itself.
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    postgres.process.wait()
    deadline = time.monotonic() + 10
    while any(is_ours(int(child), "postgres") for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return pid_file


def test_postgres_starts_after_a_power_cut_though_a_stranger_has_its_number(
    private_servers: ServerFolder, strangers_process: subprocess.Popen[bytes]
) -> None:
    postgres = private_servers.postgres()
    postgres.start()
    pid_file = cut_the_power(postgres)
    _, *rest = pid_file.read_text().splitlines(keepends=True)
    pid_file.write_text("".join([f"{strangers_process.pid}\n", *rest]))

    postgres.start(timeout=20)

    assert postgres.is_ready()
    assert strangers_process.poll() is None, "a stranger's process is left alone"
    postgres.kill()


def test_a_server_that_hangs_is_ended_before_its_folder_is_used_again(private_servers: ServerFolder) -> None:
    valkey = private_servers.valkey()
    valkey.start()
    old = valkey.process
    assert old is not None
    successor = private_servers.valkey()
    successor.start()
    assert successor.is_ready()
    assert old.wait(10) is not None
    successor.kill()
