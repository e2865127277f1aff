"""A server that an earlier run left behind: recognised, and stopped before its folder is used again."""

import os
import signal
import subprocess
import time
from pathlib import Path

_POLL = 0.02


def stop_leftover(
    process: int | None, folder: str, *, gently: signal.Signals, firmly: signal.Signals, patience: float = 10
) -> None:
    """End the process, if it is still alive and a server of `folder`; wait until it has ended.

    A number that meanwhile belongs to somebody else's program is left alone. Each signal gets `patience`
    seconds, and the last word is SIGKILL.
    """
    if process is None:
        return
    for word in (gently, firmly, signal.SIGKILL):
        if not is_ours(process, folder):
            return
        try:
            os.kill(process, word)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while is_ours(process, folder) and time.monotonic() < deadline:
            time.sleep(_POLL)


def is_ours(process: int, folder: str) -> bool:
    """Whether the process is alive and was started with `folder` among its arguments."""
    return folder in _arguments(process)


def _arguments(process: int) -> str:
    """The command line of a live process; empty for one that has ended, even if nobody has collected it."""
    listing = Path(f"/proc/{process}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            return listing.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    shown = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return shown.stdout
