"""From a send to the other screen at 50 messages a second: ten conversations that take turns, on one process."""

import asyncio
import gc
import time
from collections.abc import Callable
from uuid import UUID, uuid4

from bench.device import connect_all, send_frame, seq_of
from bench.figures import Figure, percentile
from bench.people import make_directs, make_people
from bench.stage import Stage, open_pool

CONVERSATIONS = 10
PER_SECOND = 50
WARM_UP = 100
MESSAGES = 1500
CONTENT = "Shall we look at it together after lunch? I have the numbers from last week."
_RECEIVED = b'{"type":"message:received"'


class Screen:
    """What came onto one person's screen, and when."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.times: list[float] = []

    def on_frame(self, frame: bytes) -> None:
        """Note a message's time before anything else is done with it."""
        if frame.startswith(_RECEIVED):
            self.times.append(time.perf_counter())
            self.seqs.append(seq_of(frame))


async def measure(stage: Stage) -> list[Figure]:
    """p50, p95 and p99 of all messages after the warm-up."""
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, 2 * CONVERSATIONS)
        writers, readers = people[:CONVERSATIONS], people[CONVERSATIONS:]
        conversations = await make_directs(pool, list(zip(writers, readers, strict=True)))
        web = stage.web(database_url)
        web.start()
        on_screen = [[conversation] for conversation in conversations]
        screens = [Screen() for _ in readers]
        devices = await connect_all(web.url, writers, lambda _: _ignore, open_=on_screen)
        await connect_all(web.url, readers, lambda number: screens[number].on_frame, open_=on_screen)
        sent = await _send_steadily([device.write for device in devices], conversations, count=WARM_UP + MESSAGES)
        await asyncio.sleep(1)
        stored = await pool.fetchval("select count(*) from messages")
    assert stored == WARM_UP + MESSAGES, "a message was not stored"
    taken = []
    for screen, times in zip(screens, sent, strict=True):
        assert screen.seqs == list(range(1, len(times) + 1)), "a message is missing, twice or out of order"
        taken += [(seen - at) * 1000 for at, seen in zip(times, screen.times, strict=True)][WARM_UP // CONVERSATIONS :]
    return [
        Figure("send → other screen, p50", percentile(taken, 50), "ms", aim=2.5),
        Figure("send → other screen, p95", percentile(taken, 95), "ms"),
        Figure("send → other screen, p99", percentile(taken, 99), "ms", aim=10),
    ]


async def _send_steadily(
    writes: list[Callable[[bytes], None]], conversations: list[UUID], *, count: int
) -> list[list[float]]:
    """Send one message after another at the pace, whether or not the ones before have arrived; when each went."""
    sent: list[list[float]] = [[] for _ in conversations]
    gc.collect()
    gc.freeze()
    started = time.perf_counter()
    for number in range(count):
        await asyncio.sleep(max(0.0, started + number / PER_SECOND - time.perf_counter()))
        which = number % len(conversations)
        frame = send_frame(conversations[which], str(uuid4()), CONTENT)
        sent[which].append(time.perf_counter())
        writes[which](frame)
    return sent


def _ignore(_frame: bytes) -> None:
    """The writers' confirmations."""
