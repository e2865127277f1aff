"""`chat web --processes N`: several processes behind one port, which come, go and answer as one."""

import json
import os
import resource
import signal
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from chat.commands.ports import reserve
from chat.db import Pool
from chat.embedded.server import free_port
from tests.commands.processes import children_of, is_alive, wait_until
from tests.device import Device
from tests.factory import Factory
from tests.servers import ChatProcess, ServerFolder, WebProcess

StartWeb = Callable[..., WebProcess]
LIVE = "/health/live"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes share a port on Linux only")


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where the processes make their temporary files; pytest's own folders have names too long for a Unix socket."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def two(start_web: StartWeb, temporary: Path) -> WebProcess:
    """Two processes behind one port, and both answer."""
    web = start_web("--processes", "2", TMPDIR=str(temporary))
    wait_until(lambda: processes_in(web) == {"1", "2"}, web.printed)
    return web


def files_in(folder: Path) -> list[str]:
    """What is in a folder and in the folders within."""
    return sorted(path.name for path in folder.rglob("*"))


def fetch(web: WebProcess, path: str) -> str:
    """A page, over a connection of its own, so that either process may get it."""
    with urllib.request.urlopen(web.url + path, timeout=5) as answer:  # noqa: S310 - our own
        text: str = answer.read().decode()
        return text


def counted(web: WebProcess, name: str, **labels: str) -> Counter[str]:
    """The values of a metric by process, from one scrape."""
    found: Counter[str] = Counter()
    for family in text_string_to_metric_families(fetch(web, "/metrics")):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                found[sample.labels["process"]] += int(sample.value)
    return found


def processes_in(web: WebProcess) -> set[str]:
    """Which processes a scrape answers for."""
    return set(counted(web, "process_resident_memory_bytes"))


def test_a_scrape_of_either_adds_up_both(two: WebProcess) -> None:
    before = counted(two, "chat_http_requests_total", route=LIVE)
    for _ in range(40):
        fetch(two, LIVE)
    added = [counted(two, "chat_http_requests_total", route=LIVE) - before for _ in range(8)]
    assert all(one == added[0] for one in added), "whichever is asked, the answer is the same"
    assert added[0].total() == 40
    assert set(added[0]) == {"1", "2"}, "the port is shared"


def test_either_says_that_it_is_ready(two: WebProcess) -> None:
    answers = [json.loads(fetch(two, "/health/ready"))["checks"] for _ in range(8)]
    assert all(checks["database"]["status"] == checks["sockets"]["status"] == "up" for checks in answers)


def test_a_killed_process_is_replaced_under_its_name_and_the_port_keeps_answering(two: WebProcess) -> None:
    before = children_of(two.process.pid)
    assert len(before) == 2
    killed = min(before)
    os.kill(killed, signal.SIGKILL)
    # As long as one of its threads is still ending, it takes connections.
    wait_until(lambda: killed not in children_of(two.process.pid), "it survived kill -9")

    def replaced() -> bool:
        fetch(two, LIVE)
        return processes_in(two) == {"1", "2"} and len(children_of(two.process.pid)) == 2

    wait_until(replaced, two.printed)
    assert killed not in children_of(two.process.pid)
    assert "was ended by SIGKILL; starting it again" in two.printed()


async def test_told_to_end_they_send_their_sockets_elsewhere_and_leave_nothing_behind(
    two: WebProcess, pool: Pool, temporary: Path
) -> None:
    factory = Factory(pool)
    devices = [await Device.connect(two.url, pool, await factory.user()) for _ in range(12)]
    connections = counted(two, "chat_connections")
    assert connections.total() == 12
    assert min(connections.values()) > 0, "both have sockets to close"
    processes = children_of(two.process.pid)
    assert files_in(temporary)[:2] == ["1.sock", "2.sock"]

    assert two.stop() == 0

    assert [await device.closed() for device in devices] == [1001] * 12
    assert [process for process in processes if is_alive(process)] == []
    assert files_in(temporary) == []
    for device in devices:
        await device.close()


def test_when_the_parent_is_killed_its_processes_end_with_it(two: WebProcess) -> None:
    processes = children_of(two.process.pid)
    os.kill(two.process.pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, processes)), "processes without a parent")


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_taken_port_is_refused_in_a_sentence(
    two: WebProcess, environment: dict[str, str], tmp_path: Path, processes: str
) -> None:
    changed = {**environment, "PORT": str(two.port)}
    second = ChatProcess("web", "--processes", processes, environment=changed, log=tmp_path / "second.log")
    second.launch()
    assert second.process.wait(20) == 1
    assert second.printed() == f"chat: port {two.port} on 127.0.0.1 is taken; choose another with PORT\n"


def test_a_port_is_held_for_one_alone() -> None:
    port = free_port()
    held = reserve("127.0.0.1", port)
    assert held is not None
    with held:
        assert reserve("127.0.0.1", port) is None
    again = reserve("127.0.0.1", port)
    assert again is not None
    again.close()


def test_without_servers_it_says_what_to_set(private_servers: ServerFolder, tmp_path: Path) -> None:
    environment = {"DATA_DIR": str(private_servers.path / "data")}
    alone = ChatProcess("web", environment=environment, log=tmp_path / "alone.log")
    alone.launch()
    assert alone.process.wait(20) == 1
    assert alone.printed() == (
        "chat: this needs DATABASE_URL and REDIS_URL in the environment, or a chat run under way here\n"
    )


def test_a_process_takes_as_many_open_files_as_it_may_have(start_web: StartWeb) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
    try:
        web = start_web()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert resource.prlimit(web.process.pid, resource.RLIMIT_NOFILE)[0] == min(hard, 65_536)
