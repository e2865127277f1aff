"""A room of 1,000 people on 1,000 screens, of whom 50 wrote its newest messages, with a worker.

First each reads 1,000 messages, in ten steps and as fast as it goes, until the 50 know. Then there is a message a
second, which all read within that second. A sender who isn't told that all have read ends the run.
"""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from bench.device import Device, connect_all, read_frame, send_frame, seq_of
from bench.figures import Figure, percentile
from bench.filling import fill, share_newest
from bench.people import Person, make_people, make_room
from bench.process import cpu_seconds, family_cpu_seconds
from bench.stage import Stage, open_pool
from chat.db import Pool

PEOPLE = 1000
WRITERS = 50
MESSAGES = 1000
STEPS = 10
SILENT_SECONDS = 5
SECONDS = 10
# Of each second, for a message to be stored and told before people begin to read it.
STORED_AFTER = 0.1
PATIENCE = 60.0
ALL_KNOWN_SECONDS = 10
_RECEIVED = b'{"type":"message:received"'
_COUNT = b'{"type":"receipt:count"'


class Told:
    """The counts that all devices were told, and the newest message."""

    def __init__(self) -> None:
        self.updates = 0
        self.bytes = 0
        self.newest = 0
        # When the sender of a message knew that everybody has read it, by the message's number.
        self.known: dict[int, float] = {}
        self._changed = asyncio.Event()

    def on_frame(self, frame: bytes) -> None:
        """Something came to one of them."""
        if frame.startswith(_RECEIVED):
            if (seq := seq_of(frame)) > self.newest:
                self.newest = seq
                self._changed.set()
        elif frame.startswith(_COUNT):
            self.updates += 1
            self.bytes += len(frame)
            if _number(frame, b'"count":') == PEOPLE - 1:
                self.known.setdefault(seq_of(frame), time.perf_counter())
                self._changed.set()

    async def all_know(self, seqs: range) -> float:
        """Wait until the senders of all these know; when the last one did."""
        await self._until(lambda: self.known.keys() >= set(seqs))
        return max(self.known[seq] for seq in seqs)

    async def has_come(self, seq: int) -> None:
        """Wait for a message: nobody reads what isn't there."""
        await self._until(lambda: self.newest >= seq)

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


@dataclass(frozen=True, slots=True)
class Room:
    """The room with its processes. The first of its devices are those of the writers."""

    pool: Pool
    conversation_id: UUID
    devices: list[Device]
    told: Told
    cpu: Callable[[], dict[str, float]]
    """Seconds of processor time so far, by process."""


async def measure(stage: Stage) -> list[Figure]:
    """The time of the storm; then what a second of steady reading costs, and how soon senders know."""
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, PEOPLE)
        conversation_id = await _make_room(pool, people)
        web, worker = stage.web(database_url), stage.worker(database_url)
        web.start()
        worker.launch()
        postgres, valkey = stage.postgres.process, stage.valkey.process
        assert postgres is not None
        assert valkey is not None
        told = Told()
        devices = await connect_all(web.url, people, lambda _: told.on_frame, open_=[[conversation_id]] * PEOPLE)

        def cpu() -> dict[str, float]:
            return {
                "web": cpu_seconds(web.process.pid),
                "PostgreSQL": family_cpu_seconds(postgres.pid),
                "Valkey": cpu_seconds(valkey.pid),
                "worker": cpu_seconds(worker.process.pid),
                "load": cpu_seconds(os.getpid()),
            }

        room = Room(pool, conversation_id, devices, told, cpu)
        figures = [await _storm(room), *await _steadily(room)]
        for device in devices:
            device.close()
    return figures


async def _make_room(pool: Pool, people: list[Person]) -> UUID:
    conversation_id = await make_room(pool, people, name="Everybody")
    await fill(pool, [conversation_id], ["Hello there"], MESSAGES)
    await share_newest(pool, conversation_id, people[:WRITERS])
    await pool.execute("vacuum analyze")
    return conversation_id


async def _storm(room: Room) -> Figure:
    """Everybody reads everything."""
    before, started = room.cpu(), time.perf_counter()
    for step in range(1, STEPS + 1):
        for device in room.devices:
            device.write(read_frame(room.conversation_id, MESSAGES // STEPS * step))
        await asyncio.sleep(0)
    known = await room.told.all_know(range(MESSAGES - WRITERS + 1, MESSAGES + 1)) - started
    cpu = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in _used(before, room.cpu(), 1).items())
    async with asyncio.timeout(PATIENCE):
        while await room.pool.fetchval(  # noqa: ASYNC110 - nothing tells of it
            "select count(*) from members where conversation_id = $1 and read_up_to_seq < $2",
            room.conversation_id,
            MESSAGES,
        ):
            await asyncio.sleep(0.05)
    stored = time.perf_counter() - started
    steps = await room.pool.fetchval("select count(*) from read_events")
    return Figure(
        f"{PEOPLE:,} read {MESSAGES:,} messages: recorded, counted, and told to {WRITERS} senders",
        known,
        "s",
        aim=ALL_KNOWN_SECONDS,
        note=f"{PEOPLE * STEPS:,} reads; CPU until then: {cpu}\n"
        f"stored by the worker's next flush, {stored:.1f} s after the first read: {steps:,} steps",
    )


async def _steadily(room: Room) -> list[Figure]:
    """A message a second: first nobody reads, then all do, spread over the second."""
    before, started = room.cpu(), time.perf_counter()
    for number in range(SILENT_SECONDS):
        _say(room, number)
        await _until(started + number + 1)
    silent = _used(before, room.cpu(), SILENT_SECONDS)

    room.told.updates = room.told.bytes = 0
    before, started = room.cpu(), time.perf_counter()
    have_read = []
    for number in range(SECONDS):
        await _until(started + number)
        _say(room, SILENT_SECONDS + number)
        seq = MESSAGES + SILENT_SECONDS + number + 1
        await room.told.has_come(seq)
        for reader, device in enumerate(room.devices):
            await _until(started + number + STORED_AFTER + (1 - STORED_AFTER) * reader / PEOPLE)
            device.write(read_frame(room.conversation_id, seq))
        have_read.append(time.perf_counter())
    took = time.perf_counter() - started
    reading = _used(before, room.cpu(), SECONDS)
    updates, size = room.told.updates, room.told.bytes
    seqs = range(MESSAGES + SILENT_SECONDS + 1, MESSAGES + SILENT_SECONDS + SECONDS + 1)
    await room.told.all_know(seqs)
    lag = [room.told.known[seq] - at for seq, at in zip(seqs, have_read, strict=True)]
    each = {name: (reading[name] - silent[name]) / PEOPLE * 1e6 for name in reading}
    return [
        Figure(
            f"count updates to {WRITERS} senders, {PEOPLE:,} reads a second",
            updates / took,
            "/s",
            note=f"{size / updates:,.0f} bytes each, {size / took / 1e3:.1f} kB/s together",
        ),
        Figure(
            "CPU of all servers for a read there, counting and storing included",
            sum(microseconds for name, microseconds in each.items() if name != "load"),
            "µs",
            note=", ".join(f"{name} {microseconds:.0f} µs" for name, microseconds in each.items()),
        ),
        Figure(
            "the last of them has read → its sender knows, p50",
            percentile(lag, 50),
            "s",
            note=f"the slowest of {len(lag)}: {max(lag):.2f} s; told at most once a second",
        ),
    ]


async def _until(at: float) -> None:
    await asyncio.sleep(max(0.0, at - time.perf_counter()))


def _say(room: Room, number: int) -> None:
    """One of the writers, by turns, writes a message."""
    room.devices[number % WRITERS].write(send_frame(room.conversation_id, str(uuid4()), f"Number {number}"))


def _used(before: dict[str, float], after: dict[str, float], seconds: float) -> dict[str, float]:
    """Seconds of processor time in a second, by process."""
    return {name: (after[name] - before[name]) / seconds for name in before}


def _number(frame: bytes, name: bytes) -> int:
    """The number of that name in a frame."""
    start = frame.index(name) + len(name)
    return int(frame[start : frame.index(b",", start)])
