"""A web process at its start: seconds from exec to the first response, and the memory that it has then."""

import os
import signal
import socket
import statistics
import subprocess
import sys
import time

from bench.figures import Figure
from bench.process import Memory, memory
from bench.stage import Stage
from chat.embedded.server import free_port
from chat.folders import home_folder

STARTS = 7
PATIENCE = 30.0
# A page rather than /health/live: templates, session and compression have to work for it.
REQUEST = b"GET /register HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"


async def measure(stage: Stage) -> list[Figure]:
    """The medians of several starts; the first, which may have to compile modules, doesn't count."""
    environment = {**os.environ, **stage.environment(await stage.database())}
    starts = [_start(environment, stage) for _ in range(STARTS + 1)][1:]
    return [
        Figure("exec → first page", statistics.median(seconds for seconds, _ in starts), "s", aim=0.4),
        Figure(
            "web process at start",
            statistics.median(used.rss for _, used in starts) / 1024,
            "MB",
            aim=70,
            note=f"resident; {statistics.median(used.pss for _, used in starts) / 1024:.1f} MB proportional",
        ),
    ]


def _start(environment: dict[str, str], stage: Stage) -> tuple[float, Memory]:
    port = free_port()
    with (stage.folder / "start.log").open("ab") as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "chat", "web"],
            env={**environment, "PORT": str(port)},
            stdout=log,
            stderr=log,
            cwd=home_folder(),
        )
    try:
        _first_page(port, deadline=started + PATIENCE)
        return time.perf_counter() - started, memory(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _first_page(port: int, *, deadline: float) -> None:
    """Ask until there is an answer, without sleeping longer than the answer is worth."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                connection.sendall(REQUEST)
                answer = connection.recv(12)
        except ConnectionRefusedError:
            if time.perf_counter() > deadline:
                raise
            time.sleep(0.002)
        else:
            assert answer == b"HTTP/1.1 200", answer
            return
