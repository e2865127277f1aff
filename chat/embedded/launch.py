"""Become another program: as another account, and ended by the kernel when the process that started it ends.

Run as a script, with the standard library alone. A process of its own does this, because Python code between
fork and exec may hang in a program that has threads; and because changing the account forgets the wish to be
ended with the parent, so the order matters.
"""

import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def launched(
    command: list[str], *, death_signal: signal.Signals, change_to: tuple[int, int] | None = None
) -> list[str]:
    """`command` wrapped so that it gets `death_signal` when this process dies (on Linux), however it dies.

    `change_to` is the uid and gid to run it as. To be started from the main thread: to the kernel, the parent
    is the thread that started the process.
    """
    uid, gid = change_to or ("-", "-")
    script = str(Path(__file__).resolve())
    arguments = [str(os.getpid()), str(int(death_signal)), str(uid), str(gid)]
    return [sys.executable, "-I", "-S", script, *arguments, *command]


def main() -> None:
    """Arguments: the parent's process id, the signal, the uid and the gid (or two dashes), and the command."""
    # Here, because only this script's own process needs it; and now, because the other account may be
    # unable to read Python's own files.
    import ctypes

    parent, death_signal, uid, gid, *command = sys.argv[1:]
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
        os.umask(0o077)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - the program and its arguments are our own


if __name__ == "__main__":
    main()
