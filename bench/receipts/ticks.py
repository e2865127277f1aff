"""From a read to the sender's tick at 50 reads a second: ten direct conversations that take turns, on one process."""

import asyncio
import gc
import time
from collections.abc import Callable
from uuid import UUID

from bench.device import connect_all, read_frame
from bench.figures import Figure, percentile
from bench.filling import fill
from bench.people import Person, make_directs, make_people
from bench.stage import Stage, open_pool

CONVERSATIONS = 10
PER_SECOND = 50
WARM_UP = 50
READS = 400
PATIENCE = 10.0
# What the spec says of receipts.
AIM_MS = 500
_UPDATED, _READ = b'{"type":"receipt:updated"', b'"read_up_to":'


class Ticks:
    """What the sender of a conversation was told of its reader: how far, and when."""

    def __init__(self, reader: Person) -> None:
        self._reader = b'"user_id":"%b"' % str(reader.id).encode()
        self.up_to: list[int] = []
        self.times: list[float] = []

    def on_frame(self, frame: bytes) -> None:
        """Note the time before anything else is done."""
        now = time.perf_counter()
        if frame.startswith(_UPDATED) and self._reader in frame:
            start = frame.index(_READ) + len(_READ)
            # After `subscribed` it is told that nothing has been read so far.
            if up_to := int(frame[start : frame.index(b",", start)]):
                self.times.append(now)
                self.up_to.append(up_to)


async def measure(stage: Stage) -> list[Figure]:
    """p50 and p95 of all reads after the warm-up."""
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, 2 * CONVERSATIONS)
        writers, readers = people[:CONVERSATIONS], people[CONVERSATIONS:]
        conversations = await make_directs(pool, list(zip(writers, readers, strict=True)))
        await fill(pool, conversations, ["Hello there"], (WARM_UP + READS) // CONVERSATIONS)
        await pool.execute("vacuum analyze")
    web = stage.web(database_url)
    web.start()
    on_screen = [[conversation] for conversation in conversations]
    ticks = [Ticks(reader) for reader in readers]
    await connect_all(web.url, writers, lambda number: ticks[number].on_frame, open_=on_screen)
    devices = await connect_all(web.url, readers, lambda _: _ignore, open_=on_screen)
    said = await _read_steadily([device.write for device in devices], conversations)
    async with asyncio.timeout(PATIENCE):
        while sum(len(one.times) for one in ticks) < WARM_UP + READS:  # noqa: ASYNC110 - they come by themselves
            await asyncio.sleep(0.01)
    taken = []
    for one, times in zip(ticks, said, strict=True):
        assert one.up_to == list(range(1, len(times) + 1)), "a read is missing, twice or out of order"
        taken += [(seen - at) * 1000 for at, seen in zip(times, one.times, strict=True)][WARM_UP // CONVERSATIONS :]
    return [
        Figure("read → sender's tick, p50", percentile(taken, 50), "ms"),
        Figure(
            "read → sender's tick, p95",
            percentile(taken, 95),
            "ms",
            aim=AIM_MS,
            note=f"p99 {percentile(taken, 99):.1f} ms, the slowest {max(taken):.1f} ms",
        ),
    ]


async def _read_steadily(writes: list[Callable[[bytes], None]], conversations: list[UUID]) -> list[list[float]]:
    """One read after another at the pace, whether or not those before have been told; when each went."""
    said: list[list[float]] = [[] for _ in conversations]
    gc.collect()
    started = time.perf_counter()
    for number in range(WARM_UP + READS):
        behind = started + number / PER_SECOND - time.perf_counter()
        if behind > 0:
            await asyncio.sleep(behind)
        up_to, which = divmod(number, len(conversations))
        said[which].append(time.perf_counter())
        writes[which](read_frame(conversations[which], up_to + 1))
    return said


def _ignore(_frame: bytes) -> None:
    """What the readers are told of themselves."""
