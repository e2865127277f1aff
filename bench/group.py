"""A group of 1,000 people, all of them looking: from one write to the last of their screens, and deliveries a second.

The reference is aiohttp alone, writing the same bytes to as many sockets in a loop (`bare.py`), heard by the same
client: what the two have in common is the load's own cost, and the kernel's.
"""

import asyncio
import itertools
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bench.audience import Audience, converse
from bench.device import connect_all
from bench.figures import Figure, percentile
from bench.people import make_group, make_people
from bench.process import cpu_seconds
from bench.reference import Bare
from bench.stage import Stage, open_pool

PEOPLE = 1000
ROUNDS = 3
PER_SECOND = 20
WRITERS = 8
# In each round: so many at a steady pace, and then so many as fast as it goes.
STEADY = 100
HASTY = 25 * WRITERS

# Has one message more on all screens.
Say = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Taken:
    """What one of the two sides took, over all rounds: milliseconds of each steady message; each round's deliveries
    a second when hasty; and CPU microseconds of the server and of the load for each of those deliveries."""

    steady: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    late: int = 0

    @property
    def cpu(self) -> str:
        """Who used the processors for how long."""
        return f"server {statistics.median(self.server):.1f} µs, load {statistics.median(self.load):.1f} µs"


async def measure(stage: Stage) -> list[Figure]:
    """Rounds that take turns with the reference, so that both see the same machine."""
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, PEOPLE)
        conversation_id = await make_group(pool, people)
    web = stage.web(database_url)
    web.start()
    audience, bare_audience = Audience(PEOPLE), Audience(PEOPLE)
    devices = await connect_all(web.url, people, audience.listener, open_=[[conversation_id]] * PEOPLE)

    writers = dict(enumerate(devices[:WRITERS]))
    turns = itertools.cycle(enumerate(devices[:PEOPLE]))

    async def say() -> None:
        await converse(dict([next(turns)]), conversation_id, audience, each=1)

    async def argue() -> None:
        await converse(writers, conversation_id, audience, each=HASTY // WRITERS)

    taken, reference = Taken(), Taken()
    await argue()
    async with Bare() as bare:
        devices += await bare.connect(PEOPLE, bare_audience)
        await bare.send(audience.frame, bare_audience, messages=1)
        for _ in range(ROUNDS):
            await _steadily(lambda: bare.send(audience.frame, bare_audience, messages=1), reference)
            await _hastily(lambda: bare.send(audience.frame, bare_audience, messages=HASTY), bare.pid, reference)
            await _steadily(say, taken)
            await _hastily(argue, web.process.pid, taken)
    audience.check(HASTY * (ROUNDS + 1) + STEADY * ROUNDS)
    for device in devices:
        device.close()
    web.kill()
    return _figures(taken, reference, frame=len(audience.frame))


async def _steadily(say: Say, taken: Taken) -> None:
    """One message after another at the pace; a message waits for the one before it to be everywhere."""
    started = time.perf_counter()
    for number in range(STEADY):
        due = started + number / PER_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        at = time.perf_counter()
        taken.late += at - due > 1 / PER_SECOND
        await say()
        taken.steady.append((time.perf_counter() - at) * 1000)


async def _hastily(argue: Say, server_pid: int, taken: Taken) -> None:
    """`HASTY` messages as fast as it goes."""
    deliveries = HASTY * PEOPLE
    pids = (server_pid, os.getpid())
    cpu_before = [cpu_seconds(pid) for pid in pids]
    started = time.perf_counter()
    await argue()
    taken.rates.append(deliveries / (time.perf_counter() - started))
    server, load = (
        (cpu_seconds(pid) - before) / deliveries * 1e6 for pid, before in zip(pids, cpu_before, strict=True)
    )
    taken.server.append(server)
    taken.load.append(load)


def _figures(taken: Taken, reference: Taken, *, frame: int) -> list[Figure]:
    late = f"; {taken.late} of {len(taken.steady)} were sent late" if taken.late else ""
    figures = [
        Figure(
            f"one message → on {PEOPLE:,} screens, p{percent}",
            percentile(taken.steady, percent),
            "ms",
            reference=percentile(reference.steady, percent),
        )
        for percent in (50, 95)
    ]
    return [
        *figures,
        Figure(
            f"deliveries to a group of {PEOPLE:,}",
            statistics.median(taken.rates),
            "/s",
            reference=statistics.median(reference.rates),
            note=f"reference: a bare aiohttp loop, heard by the same client; {frame:,} bytes a frame{late}\n"
            f"CPU a delivery: {taken.cpu}; bare: {reference.cpu}",
        ),
    ]
