"""A thousand people on line, each with fifty others on screen: their coming all at once, their changes, their silence.

Every frame is looked at: whoever isn't told of each change of each of the fifty ends the run.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from bench.device import Device, connect_all, text_frame
from bench.figures import Figure
from bench.people import Person, make_people, make_room
from bench.process import cpu_seconds
from bench.stage import Stage, open_pool
from bench.statements import CommandCounts

PEOPLE = 1000
# As many as are in one room, oneself among them.
ON_SCREEN = 50
SILENT_SECONDS = 20.0
BEAT_SECONDS = 15.0
PATIENCE = 120.0
_UPDATE = b'{"type":"presence:update"'


class Screens:
    """Knows of each device what it was told of each person last."""

    def __init__(self) -> None:
        self._told: list[dict[bytes, bytes]] = [{} for _ in range(PEOPLE)]
        self._counted: Counter[bytes] = Counter()
        self._changed = asyncio.Event()
        self.frames = 0
        self.bytes = 0

    def listener(self, number: int) -> Callable[[bytes], None]:
        """What gets the frames of one device."""
        told = self._told[number]

        def listen(frame: bytes) -> None:
            if not frame.startswith(_UPDATE):
                return
            self.frames += 1
            self.bytes += len(frame)
            fields = frame.split(b'"', 12)
            person, status = fields[7], fields[11]
            if person in told:
                self._counted[told[person]] -= 1
            told[person] = status
            self._counted[status] += 1
            self._changed.set()

        return listen

    async def show(self, status: bytes) -> None:
        """Wait until everybody on every screen is so."""
        async with asyncio.timeout(PATIENCE):
            while self._counted[status] < PEOPLE * (ON_SCREEN - 1):
                self._changed.clear()
                await self._changed.wait()


async def measure(stage: Stage) -> list[Figure]:
    """A mass reconnect, a change of everybody's state, and nothing but heartbeats."""
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, PEOPLE)
        rooms = [people[start : start + ON_SCREEN] for start in range(0, PEOPLE, ON_SCREEN)]
        for number, room in enumerate(rooms):
            await make_room(pool, room, name=f"Room {number}")
        await pool.execute("vacuum analyze")
    web = stage.web(database_url)
    web.start()
    screens, commands = Screens(), CommandCounts(stage.valkey)
    return await _measure(web.url, web.process.pid, people, rooms, screens, commands)


async def _measure(
    url: str, pid: int, people: list[Person], rooms: list[list[Person]], screens: Screens, commands: CommandCounts
) -> list[Figure]:
    devices = await connect_all(url, people, screens.listener, open_=[[]] * PEOPLE)
    before, started = cpu_seconds(pid), time.monotonic()
    watches = [_watch(room) for room in rooms for _ in room]
    for device, watch in zip(devices, watches, strict=True):
        device.write(_beat(b"online") + watch)
    await screens.show(b"online")
    coming, coming_cpu = time.monotonic() - started, cpu_seconds(pid) - before
    coming_bytes = screens.bytes

    screens.frames = screens.bytes = 0
    before, started = cpu_seconds(pid), time.monotonic()
    for device in devices:
        device.write(_beat(b"away"))
    await screens.show(b"away")
    changing, changing_cpu = time.monotonic() - started, cpu_seconds(pid) - before
    told, told_bytes = screens.frames, screens.bytes

    screens.frames = 0
    await commands.take()
    before = cpu_seconds(pid)
    await _beat_on(devices)
    silent_cpu, silent = cpu_seconds(pid) - before, await commands.take()
    await commands.close()
    for device in devices:
        device.close()
    by_name = ", ".join(f"{name} {count / SILENT_SECONDS:.1f}" for name, count in sorted(silent.items()))
    return [
        Figure(
            "a thousand come at once, until each sees its fifty",
            coming,
            "s",
            note=f"CPU of the web process {coming_cpu:.2f} s; {coming_bytes / 1e6:.1f} MB to the devices",
        ),
        Figure(
            "CPU for a change of one person, 49 watching",
            changing_cpu / PEOPLE * 1e3,
            "ms",
            note=f"{told / PEOPLE:.1f} frames, {told_bytes / PEOPLE:,.0f} bytes; a thousand took {changing:.1f} s",
        ),
        Figure(
            "a thousand on line, nothing but heartbeats: Valkey's commands",
            sum(silent.values()) / SILENT_SECONDS,
            "/s",
            note=f"{by_name}; {screens.frames} frames to devices; CPU {silent_cpu / SILENT_SECONDS:.1%} of a core",
        ),
    ]


async def _beat_on(devices: list[Device]) -> None:
    """Each once in `BEAT_SECONDS`, spread evenly."""
    started = time.monotonic()
    beats = int(SILENT_SECONDS / BEAT_SECONDS * len(devices))
    for number in range(beats):
        devices[number % len(devices)].write(_beat(b"away"))
        behind = started + number * BEAT_SECONDS / len(devices) - time.monotonic()
        if behind > 0:
            await asyncio.sleep(behind)


def _beat(status: bytes) -> bytes:
    return text_frame(b'{"type":"presence:heartbeat","payload":{"status":"%b"}}' % status)


def _watch(people: list[Person]) -> bytes:
    ids = ",".join(f'"{person.id}"' for person in people).encode()
    return text_frame(b'{"type":"presence:watch","payload":{"user_ids":[%b]}}' % ids)
