"""Become another program: as another account, and ended by the kernel when the process that started it ends.

Run as a script by `chat.embedded.server`, with the standard library alone. A process of its own does this, because
Python code between fork and exec may hang in a program that has threads, and because changing the account
forgets the wish to be ended with the parent, so the order matters.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Arguments: the parent's process id, the signal for its death, the uid and gid (or -), and the command."""
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
