"""Acknowledged sends per second: 64 sockets over 64 conversations, against pgbench with the same transaction.

Sixty-four people stand in a circle; each writes to the next one, and waits for the confirmation before writing
again. Every message is on disk, confirmed to its sender, and shown on the other's screen.
"""

import asyncio
import gc
import os
import statistics
from collections.abc import Callable
from functools import partial
from uuid import UUID

from bench.device import Device, connect_all, send_frame, seq_of
from bench.figures import Figure
from bench.people import Person, make_directs, make_people
from bench.pgbench import stored_per_second
from bench.process import cpu_seconds, family_cpu_seconds, machine_cpu_seconds
from bench.stage import Stage, open_pool
from chat.db import Pool

CONNECTIONS = 64
ROUNDS = 3
SECONDS = 8.0
WARM_UP_SECONDS = 2.0
CONTENT = "The deploy went through, I am watching the graphs. Anything odd on your side?"
_SENT = b'{"type":"message:sent"'
_RECEIVED = b'{"type":"message:received"'
_ERROR = b'{"type":"error"'


class Sender:
    """One person of the circle: writes to the next, hears from the one before."""

    def __init__(self, number: int, conversation_id: UUID) -> None:
        self.confirmed: list[int] = []
        self.received: list[int] = []
        self.refused: list[bytes] = []
        self.device: Device | None = None
        self.running = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._number = number
        self._conversation_id = conversation_id
        self._count = 0

    def send_next(self) -> None:
        """Write a message."""
        assert self.device is not None
        self._count += 1
        client_message_id = f"{self._number:08x}-0000-4000-8000-{self._count:012x}"
        self.device.write(send_frame(self._conversation_id, client_message_id, CONTENT))

    def on_frame(self, frame: bytes) -> None:
        """What came: the confirmation, or a neighbour's message. What was received and read is told, too."""
        if frame.startswith(_RECEIVED):
            self.received.append(seq_of(frame))
        elif frame.startswith(_SENT):
            self.confirmed.append(seq_of(frame))
            if self.running:
                self.send_next()
            else:
                self.done.set_result(None)
        elif frame.startswith(_ERROR):
            self.refused.append(frame)
            self.done.set_result(None)


async def measure(stage: Stage) -> list[Figure]:
    """The ratio of the medians of rounds that take turns, so that both see the same machine."""
    database_url = await stage.database()
    reference_url = await stage.database()
    async with await open_pool(database_url) as pool, await open_pool(reference_url) as reference_pool:
        people, conversations = await _make_circle(pool)
        await _make_circle(reference_pool)
        web = stage.web(database_url)
        web.start()
        senders = [Sender(number, conversation) for number, conversation in enumerate(conversations)]
        devices = await connect_all(
            web.url,
            people,
            lambda number: senders[number].on_frame,
            open_=[(conversations[number], conversations[number - 1]) for number in range(CONNECTIONS)],
        )
        for sender, device in zip(senders, devices, strict=True):
            sender.device = device
        await _send_for(senders, WARM_UP_SECONDS)
        rates, references, shares = [], [], []
        for _ in range(ROUNDS):
            references.append(
                await stored_per_second(stage, reference_url, clients=CONNECTIONS, seconds=SECONDS, content=CONTENT)
            )
            rate, share = await _round(stage, web.process.pid, senders)
            rates.append(rate)
            shares.append(share)
        await _check(pool, senders, conversations)
    return [
        Figure(
            "acknowledged sends, 64 sockets",
            statistics.median(rates),
            "/s",
            reference=statistics.median(references),
            aim=1.0,
            at_most=False,
            note=f"reference: pgbench, 64 clients; rounds {_listed(rates)} against {_listed(references)}\n"
            f"CPU a message: {shares[rates.index(statistics.median(rates))]}",
        )
    ]


async def _make_circle(pool: Pool) -> tuple[list[Person], list[UUID]]:
    people = await make_people(pool, CONNECTIONS)
    pairs = [(people[number], people[(number + 1) % CONNECTIONS]) for number in range(CONNECTIONS)]
    return people, await make_directs(pool, pairs)


async def _send_for(senders: list[Sender], seconds: float) -> float:
    """Let all write for some seconds; messages per second until the last confirmation."""
    loop = asyncio.get_running_loop()
    before = sum(len(sender.confirmed) for sender in senders)
    gc.collect()
    gc.disable()
    started = loop.time()
    for sender in senders:
        sender.done = loop.create_future()
        sender.running = True
        sender.send_next()
    await asyncio.sleep(seconds)
    for sender in senders:
        sender.running = False
    await asyncio.gather(*(sender.done for sender in senders))
    taken = loop.time() - started
    gc.enable()
    return (sum(len(sender.confirmed) for sender in senders) - before) / taken


async def _round(stage: Stage, web_pid: int, senders: list[Sender]) -> tuple[float, str]:
    """One round's rate, and who used the processors for how long."""
    assert stage.postgres.process is not None
    assert stage.valkey.process is not None
    meters: dict[str, Callable[[], float]] = {
        "web": partial(cpu_seconds, web_pid),
        "PostgreSQL": partial(family_cpu_seconds, stage.postgres.process.pid),
        "Valkey": partial(cpu_seconds, stage.valkey.process.pid),
        "load": partial(cpu_seconds, os.getpid()),
        "everything": machine_cpu_seconds,
    }
    sent_before = sum(len(sender.confirmed) for sender in senders)
    before = {name: meter() for name, meter in meters.items()}
    rate = await _send_for(senders, SECONDS)
    sent = sum(len(sender.confirmed) for sender in senders) - sent_before
    used = {name: (meter() - before[name]) / sent * 1e6 for name, meter in meters.items()}
    everything = used.pop("everything")
    used["others"] = everything - sum(used.values())
    return rate, ", ".join(f"{name} {microseconds:.0f} µs" for name, microseconds in used.items())


async def _check(pool: Pool, senders: list[Sender], conversations: list[UUID]) -> None:
    """Every message is in the database, was confirmed once, and reached the neighbour once, in order."""
    await asyncio.sleep(0.5)
    assert not [sender.refused for sender in senders if sender.refused], senders[0].refused[:1]
    stored = dict(
        await pool.fetch("select conversation_id, array_agg(seq order by seq) from messages group by conversation_id")
    )
    for number, sender in enumerate(senders):
        seqs = stored[conversations[number]]
        assert seqs == list(range(1, len(seqs) + 1)), "the sequence has a gap"
        assert sender.confirmed == seqs, "a confirmation is missing, twice or out of order"
        assert senders[(number + 1) % CONNECTIONS].received == seqs, "a message is missing, twice or out of order"


def _listed(rates: list[float]) -> str:
    return ", ".join(f"{rate:,.0f}" for rate in rates)
