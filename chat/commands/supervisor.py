"""Keeps programs running: starts them again when they end, and ends them in order when told to."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from chat.embedded.launch import launched
from chat.embedded.server import EmbeddedServer

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_STEADY_SECONDS = 30.0
_LONGEST_LINE = 1024 * 1024
_LOOK_SECONDS = 0.2

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Program:
    """A process of ours: `python -m chat` with these arguments."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    prefixed: bool = True
    """Whether its lines carry its name; else it writes straight to our own output."""


class Backoff:
    """How long to pause before the next start: longer each time, until a start has held for a while."""

    def __init__(self) -> None:
        self._pause = _FIRST_PAUSE
        self._started = time.monotonic()

    def start(self) -> None:
        """Note that a start is made now."""
        self._started = time.monotonic()

    def pause(self) -> float:
        """The seconds to wait after an end that nobody asked for."""
        if time.monotonic() - self._started > _STEADY_SECONDS:
            self._pause = _FIRST_PAUSE
        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE)
        return pause


async def keep_running(programs: list[Program], *, patience: float, report: Report) -> None:
    """Run all programs until this task is cancelled, then end them: SIGTERM, and SIGKILL after `patience` seconds."""
    async with asyncio.TaskGroup() as group:
        for program in programs:
            group.create_task(_keep_one(program, patience=patience, report=report))


async def keep_servers_running(servers: list[EmbeddedServer], *, report: Report) -> None:
    """Start an embedded server again, on its port, when it has ended; until this task is cancelled."""
    backoffs = {server.name: Backoff() for server in servers}
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        for server in servers:
            if not server.is_running():
                pause = backoffs[server.name].pause()
                report(f"{server.name} ended; starting it again in {pause:g} s")
                await asyncio.sleep(pause)
                backoffs[server.name].start()
                server.launch()


async def _keep_one(program: Program, *, patience: float, report: Report) -> None:
    backoff = Backoff()
    while True:
        backoff.start()
        process = await _start(program)
        try:
            await _follow(process, program)
            status = await process.wait()
        finally:
            await _end(process, program, patience=patience)
        pause = backoff.pause()
        report(f"{program.name} {_how_it_ended(status)}; starting it again in {pause:g} s")
        await asyncio.sleep(pause)


async def _start(program: Program) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "chat", *program.arguments]
    output = asyncio.subprocess.PIPE if program.prefixed else None
    return await asyncio.create_subprocess_exec(
        *launched(command, death_signal=signal.SIGTERM),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT if program.prefixed else None,
        env=dict(program.environment),
        limit=_LONGEST_LINE,
        # Ctrl-C in the terminal is for us; we end our programs in order.
        start_new_session=True,
    )


async def _follow(process: asyncio.subprocess.Process, program: Program) -> None:
    """Pass the program's lines on until it closes its output."""
    if process.stdout is None:
        return
    prefix = f"{program.name:<8}| ".encode()
    while True:
        try:
            line = await process.stdout.readuntil(b"\n")
        except asyncio.IncompleteReadError as rest:
            line = rest.partial
        except asyncio.LimitOverrunError as error:
            line = await process.stdout.readexactly(error.consumed)
        if not line:
            return
        _write(prefix + line.rstrip(b"\n") + b"\n")


def _write(line: bytes) -> None:
    # Whoever read our output may have gone; that is no reason to end the chat.
    with suppress(OSError, ValueError):
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


async def _end(process: asyncio.subprocess.Process, program: Program, *, patience: float) -> None:
    """End a process, unless it has ended already. Being cancelled meanwhile means: at once."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(patience):
            # Its last lines are read, too: a full pipe would hold it up.
            await asyncio.gather(process.wait(), _follow(process, program))
    except (TimeoutError, asyncio.CancelledError) as reason:
        # Its whole session, so that no child of it stays behind.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        if isinstance(reason, asyncio.CancelledError):
            raise


def _how_it_ended(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
