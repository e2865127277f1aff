"""Processes as the machine knows them: the children of one, and those that have to do with a folder."""

import os
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 20.0


def children_of(process: int) -> set[int]:
    """The process ids of its children."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return {int(child) for task in tasks for child in task.read_text().split()}


def mentioning(folder: Path) -> dict[int, str]:
    """Process id and command line of every live process with `folder` in its arguments or its environment."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in command + environment:
            found[int(entry.name)] = command.decode(errors="replace")
    return found


def is_alive(process: int) -> bool:
    """Whether it runs; one that has ended and isn't collected yet doesn't."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], object], what: Callable[[], str] | str, *, timeout: float = PATIENCE) -> None:
    """Wait until `condition` holds; fail with `what` where it doesn't."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.02)
