"""One conversation on many screens: deliveries for each second of the web process's CPU time.

The reference is aiohttp alone, writing the same bytes to as many sockets in a loop (`bare.py`).
"""

import asyncio
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Self
from uuid import UUID, uuid4

import aiohttp

from bench.device import Device, connect_all, send_frame, seq_of
from bench.figures import Figure
from bench.people import Person, make_group, make_people
from bench.process import cpu_seconds
from bench.stage import Stage, open_pool
from chat.embedded.server import free_port
from chat.folders import home_folder

SOCKETS = (500, 5000)
# So many write at the same time, each waiting for the confirmation before the next message.
WRITERS = 8
DELIVERIES = 150_000
ROUNDS = 3
PATIENCE = 120.0
CONTENT = "Lunch is here: falafel, salad, and the good bread. Come and get it while it is warm!"
_RECEIVED, _SENT = b'{"type":"message:received"', b'{"type":"message:sent"'


class Audience:
    """Everyone who has the conversation on screen: the sequence numbers that each has seen, and the last frame."""

    def __init__(self, count: int) -> None:
        self.received: list[list[int]] = [[] for _ in range(count)]
        self.confirmed: list[list[int]] = [[] for _ in range(count)]
        self.frame = b""
        self.on_confirmed: Callable[[int], None] = lambda _: None
        self._left = 0
        self._all_here = asyncio.Event()

    def __len__(self) -> int:
        return len(self.received)

    def listener(self, number: int) -> Callable[[bytes], None]:
        """What gets the frames of one socket."""

        def on_frame(frame: bytes) -> None:
            if frame.startswith(_RECEIVED):
                self.frame = frame
                self.received[number].append(seq_of(frame))
            elif frame.startswith(_SENT):
                self.confirmed[number].append(seq_of(frame))
                self.on_confirmed(number)
            self._left -= 1
            if not self._left:
                self._all_here.set()

        return on_frame

    def expect(self, messages: int) -> None:
        """From now on, so many messages for everyone."""
        self._left = messages * len(self)
        self._all_here.clear()

    async def all_here(self) -> None:
        """Wait for them."""
        async with asyncio.timeout(PATIENCE):
            await self._all_here.wait()

    def check(self, messages: int) -> None:
        """Everyone has every message once, and what others wrote in its order."""
        for received, confirmed in zip(self.received, self.confirmed, strict=True):
            assert received == sorted(received), "a message came out of order"
            assert sorted(received + confirmed) == list(range(1, messages + 1)), "a message is missing, or came twice"


async def measure(stage: Stage) -> list[Figure]:
    """For each size, the median of rounds that take turns with the reference."""
    return [await _measure_size(stage, count) for count in SOCKETS]


async def _measure_size(stage: Stage, count: int) -> Figure:
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, count)
        conversation_id = await make_group(pool, people)
        web = stage.web(database_url)
        web.start()
        audience, bare_audience = Audience(count), Audience(count)
        devices = await connect_all(web.url, people, audience.listener, open_=[[conversation_id]] * count)
        # Ahead of the rounds: the reference needs a frame, and the first of everything is slow.
        await _converse(devices[:WRITERS], conversation_id, audience, each=1)
        rates, references = [], []
        each = max(1, DELIVERIES // count // ROUNDS // WRITERS)
        deliveries = each * WRITERS * count
        async with Bare() as bare:
            devices += await bare.connect(count, bare_audience)
            await bare.send(audience.frame, bare_audience, messages=1)
            for _ in range(ROUNDS):
                before = cpu_seconds(bare.pid)
                await bare.send(audience.frame, bare_audience, messages=each * WRITERS)
                references.append(deliveries / (cpu_seconds(bare.pid) - before))
                before = cpu_seconds(web.process.pid)
                await _converse(devices[:WRITERS], conversation_id, audience, each=each)
                rates.append(deliveries / (cpu_seconds(web.process.pid) - before))
    audience.check((each * ROUNDS + 1) * WRITERS)
    for device in devices:
        device.close()
    web.kill()
    return Figure(
        f"deliveries to {count:,} sockets",
        statistics.median(rates),
        "/CPU-s",
        reference=statistics.median(references),
        aim=0.8,
        at_most=False,
        note=f"reference: a bare aiohttp loop; {len(audience.frame):,} bytes a frame",
    )


async def _converse(writers: Sequence[Device], conversation_id: UUID, audience: Audience, *, each: int) -> None:
    """Let each writer send so many messages, one after another, until everyone has them all."""
    left = [each] * len(writers)

    def send_next(number: int) -> None:
        if left[number]:
            left[number] -= 1
            writers[number].write(send_frame(conversation_id, str(uuid4()), CONTENT))

    audience.on_confirmed = send_next
    audience.expect(each * len(writers))
    for number in range(len(writers)):
        send_next(number)
    await audience.all_here()


class Bare:
    """The reference's process."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen([sys.executable, "-m", "bench.bare", str(port)], cwd=home_folder())
        _wait_until_it_listens(port)

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def connect(self, count: int, audience: Audience) -> list[Device]:
        """So many sockets."""
        nobody = Person(uuid4(), "", "")
        return await connect_all(self.url, [nobody] * count, audience.listener, open_=[()] * count, greeted=False)

    async def send(self, frame: bytes, audience: Audience, *, messages: int) -> None:
        """Write the text to every socket, one message after another."""
        for _ in range(messages):
            audience.expect(1)
            async with self._http.post(f"{self.url}/send", data=frame):
                await audience.all_here()


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
