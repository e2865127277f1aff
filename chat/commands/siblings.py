"""Web processes that share a port under one parent: their names, and the folder in which they meet."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from chat.commands.supervisor import Program

_ARGUMENTS = ("web", "--processes", "1", "--shared-port")
# A Unix socket's path has some 100 characters at most, and `TMPDIR` may be anything.
_LONGEST_PARENT = 64


@contextmanager
def web_programs(environ: Mapping[str, str], processes: int, *, prefixed: bool) -> Iterator[list[Program]]:
    """The programs of `processes` web processes.

    Each has a name that its successors take over, and all have a folder in common, in which they hand each
    other their numbers; it goes at the end of the block.
    """
    parent = tempfile.gettempdir()
    if len(os.fsencode(parent)) > _LONGEST_PARENT:
        parent = "/tmp"  # noqa: S108 - the folder made in it is ours alone
    with tempfile.TemporaryDirectory(prefix="chat-web-", dir=parent, ignore_cleanup_errors=True) as folder:
        yield [
            Program(
                "web" if processes == 1 else f"web.{number}",
                _ARGUMENTS,
                {**environ, "PROCESS_NAME": str(number), "METRICS_FOLDER": folder},
                prefixed=prefixed,
            )
            for number in range(1, processes + 1)
        ]
