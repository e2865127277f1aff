"""`chat run`: everything on this machine in one command, and a clean end whatever happens."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chat.embedded.folder import open_spare_folder
from chat.folders import home_folder
from chat.seed.people import PASSWORD
from tests.commands.processes import is_alive, mentioning, wait_until
from tests.plain_browser import Browser
from tests.servers import ChatProcess

SLOW = 60.0
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what these tests are about

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


class Run(ChatProcess):
    """A `chat run` with a data folder of its own."""

    def __init__(self, *arguments: str, data: Path, log: Path, **changes: str) -> None:
        # Whatever a kill leaves behind goes with the test.
        environment = {"DATA_DIR": str(data), "TMPDIR": str(data.parent), **changes}
        super().__init__("run", *arguments, environment=environment, log=log)
        self.data = data

    def wait_greeting(self) -> None:
        """Wait until it has said where the chat is."""
        wait_until(lambda: "Ctrl-C" in self.printed() or not self.is_running(), self.printed, timeout=SLOW)
        assert self.is_running(), self.printed()

    @property
    def address(self) -> str:
        """Where it says that the chat is."""
        return re.findall(r"The chat is ready: +(http://\S+)", self.printed())[-1]

    @property
    def logins(self) -> list[tuple[str, str]]:
        """E-mail address and password of the demo's people, as it shows them."""
        return re.findall(r"(\S+@\S+)  (\S+)", self.printed())

    def press_ctrl_c(self) -> int:
        """What a terminal does: SIGINT to the whole group; answers the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(SLOW)


StartRun = Callable[..., Run]


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that the servers' account can reach, which pytest's own folders aren't where root runs it."""
    with tempfile.TemporaryDirectory(prefix="chat-run-", dir="/var/tmp") as folder:
        home = Path(folder)
        home.chmod(0o711)
        # Copies of the servers' programs, where they are needed, are taken from those that the tests have.
        copies = open_spare_folder(home_folder()).path / "programs"
        (home / "data").mkdir()
        if copies.is_dir():
            (home / "data" / "programs").symlink_to(copies)
        yield home / "data"


@pytest.fixture
def start_run(data: Path, tmp_path: Path) -> Iterator[StartRun]:
    """Start a `chat run` on the data folder and wait for its greeting; killed at the end."""
    started: list[Run] = []

    def start(*arguments: str, **changes: str) -> Run:
        run = Run(*arguments, data=data, log=tmp_path / f"run-{len(started)}.log", **changes)
        started.append(run)
        run.launch()
        run.wait_greeting()
        return run

    yield start
    for run in started:
        run.kill()
    wait_until(lambda: not mentioning(data), lambda: str(mentioning(data)), timeout=SLOW)


def finish(command: list[str], data: Path) -> "subprocess.CompletedProcess[str]":
    """Another command on the same data folder, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "chat", *command],
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(data)},
        cwd=home_folder(),
        capture_output=True,
        text=True,
        timeout=SLOW,
        check=False,
    )


async def test_one_command_and_a_demo_person_is_in_their_conversations(start_run: StartRun, data: Path) -> None:
    run = start_run()
    assert run.address == run.url
    assert str(data) in run.printed()
    assert len(run.logins) == 2

    email, password = run.logins[0]
    browser = Browser(run.address)
    signed_in = await browser.log_in(email, password)
    assert signed_in.status == 303
    page = await browser.get("/")
    assert page.status in {200, 303}
    assert await browser.is_signed_in()
    await browser.http.close()

    assert run.press_ctrl_c() == 0
    assert run.printed().endswith(f"Stopped. The data is kept in {data}\n")
    assert "Traceback" not in run.printed()
    assert mentioning(data) == {}

    again = start_run()
    assert again.logins == run.logins, "it remembers the logins, and adds no demo data a second time"
    assert "Demo data added" not in again.printed()
    assert "Warning" not in again.printed()
    assert again.press_ctrl_c() == 0

    assert "Warning: these passwords are in our source" in start_run(HOST=EVERYWHERE).printed()


async def test_demo_logins_that_strangers_could_try_are_not_the_known_ones(start_run: StartRun) -> None:
    run = start_run(HOST=EVERYWHERE)

    (email, password), _ = run.logins
    assert password != PASSWORD
    assert "Warning" not in run.printed()
    browser = Browser(run.address)
    assert (await browser.log_in(email, PASSWORD)).status == 401
    assert (await browser.log_in(email, password)).status == 303
    await browser.http.close()


async def test_without_the_demo_the_first_account_stays_after_everything_is_killed(start_run: StartRun) -> None:
    first = start_run("--no-demo")
    assert "the first account becomes the owner" in first.printed()
    browser = Browser(first.address)
    assert (await browser.register("noah")).status == 303
    await browser.http.close()

    for process in [first.process.pid, *mentioning(first.data)]:
        os.kill(process, signal.SIGKILL)
    first.process.wait()

    second = start_run("--no-demo")
    browser = Browser(second.address)
    assert (await browser.log_in("noah")).status == 303
    await browser.http.close()


def test_killed_alone_it_takes_its_processes_with_it_and_starts_again(start_run: StartRun, data: Path) -> None:
    run = start_run("--no-demo")
    assert len(mentioning(data)) >= 4, "PostgreSQL, Valkey, web and worker at least"
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    again = start_run("--no-demo")
    assert again.press_ctrl_c() == 0


def test_what_is_killed_is_started_again(start_run: StartRun, data: Path) -> None:
    run = start_run("--no-demo")

    def running() -> dict[str, int]:
        programs = ("bin/postgres", "valkey-server", "chat web", "chat worker")
        found = mentioning(data).items()
        return {
            program: process
            for program in programs
            for process, command in found
            if program in command and is_alive(process)
        }

    before = running()
    assert len(before) == 4, mentioning(data)
    for process in before.values():
        os.kill(process, signal.SIGKILL)
    wait_until(lambda: running().keys() == before.keys() and not set(running().values()) & set(before.values()), "")
    wait_until(lambda: finish(["doctor"], data).returncode == 0, lambda: finish(["doctor"], data).stdout)
    assert run.printed().count("starting it again") >= 4
    assert run.press_ctrl_c() == 0


def test_other_commands_find_its_servers(start_run: StartRun, data: Path) -> None:
    start_run("--no-demo")
    status = finish(["migrate", "status"], data)
    assert (status.returncode, status.stderr) == (0, "")
    assert "applied  0001_accounts" in status.stdout
    doctor = finish(["doctor"], data)
    assert (doctor.returncode, doctor.stderr) == (0, ""), doctor.stdout
    assert "chat run is under way and chose it" in doctor.stdout


def test_a_second_one_on_the_same_data_is_refused(start_run: StartRun, data: Path) -> None:
    run = start_run("--no-demo")
    second = finish(["run"], data)
    assert second.returncode == 1
    assert second.stderr == (
        f"chat: another chat (process {run.process.pid}) is running with the data folder {data}; "
        "stop it first, or start this one with DATA_DIR=/another/folder\n"
    )
    assert run.is_running()


def test_a_taken_port_is_told_and_another_is_taken(start_run: StartRun) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = start_run("--no-demo", PORT=str(port))
    assert f"Port {port} is taken; using " in run.printed()
    assert run.address != f"http://127.0.0.1:{port}"


def test_servers_that_are_named_are_used(start_run: StartRun, data: Path, database_url: str, redis_url: str) -> None:
    run = start_run("--no-demo", DATABASE_URL=database_url, REDIS_URL=redis_url, PROCESSES="2")
    assert "PostgreSQL" not in run.printed()
    assert not (data / "postgres").exists()
    assert sum("chat web" in command for command in mentioning(data).values()) == 2
    assert run.press_ctrl_c() == 0
    assert mentioning(data) == {}


def test_impatience_while_it_starts_leaves_nothing_behind(data: Path, tmp_path: Path) -> None:
    for moment, sign in enumerate(("postgres", "postgres/cluster*", "running.json")):
        run = Run("--no-demo", data=data, log=tmp_path / f"{moment}.log")
        run.launch()
        wait_until(lambda sign=sign: any(data.glob(sign)), run.printed)  # type: ignore[misc]
        # 130 where there was nothing to stop yet.
        assert run.press_ctrl_c() in {0, 130}, run.printed()
        assert "Traceback" not in run.printed()
        assert mentioning(data) == {}
