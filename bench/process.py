"""What a process costs, from /proc: CPU time and memory."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of one process, in steps of 1/100 s."""
    return _seconds(_stat(Path(f"/proc/{pid}")))


def family_cpu_seconds(pid: int) -> float:
    """The same with all its living children: PostgreSQL is one process for each connection."""
    total = cpu_seconds(pid)
    for path in Path("/proc").iterdir():
        # Any of them may end while we look.
        with suppress(OSError):
            if path.name.isdigit() and (fields := _stat(path))[1] == str(pid):
                total += _seconds(fields)
    return total


def machine_cpu_seconds() -> float:
    """What all processors did for anybody, the kernel included, since the machine started."""
    times = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    # User, nice, system, then idle and waiting, which are not counted, then interrupts and what the host took away.
    return sum(int(time) for number, time in enumerate(times[:8]) if number not in {3, 4}) / _TICKS


def _stat(process: Path) -> list[str]:
    """The fields after the program's name, which may hold spaces: the third one of proc(5) is the first here."""
    return (process / "stat").read_text().rpartition(")")[2].split()


def _seconds(fields: list[str]) -> float:
    return (int(fields[11]) + int(fields[12])) / _TICKS


@dataclass(frozen=True, slots=True)
class Memory:
    """KiB of a process: all that it has in memory, and the same with shared pages divided by their users."""

    rss: int
    pss: int


def memory(pid: int) -> Memory:
    """The process's memory now."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines[1:])
    return Memory(rss=_kib(fields["Rss"]), pss=_kib(fields["Pss"]))


def peak_kib(pid: int) -> int:
    """The most that the process has ever had in memory, in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(_kib(line.split(":", 1)[1]) for line in lines if line.startswith("VmHWM:"))


def _kib(text: str) -> int:
    return int(text.split()[0])
