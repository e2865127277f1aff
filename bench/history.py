"""Reading: a page of 50 messages, the list of 100 conversations, one row with its unread count.

With 10,000 and with 1,000,000 messages in one conversation, alone and with 16 at once, in turns: it is to be flat.
"""

import asyncio
import gzip
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from bench.client import PANE, Client, browser
from bench.figures import Figure, percentile
from bench.filling import contents_of_demo, fill, leave_unread
from bench.people import Person, make_directs, make_people
from bench.stage import Stage, open_pool

SIZES = (10_000, 1_000_000)
CONVERSATIONS = 100
IN_EACH_OTHER = 50
AT_ONCE = 16
REQUESTS = 400
ROUNDS = 4
UNREAD = 7
FLAT = 1.25
PAGE_OF_50_MS = 4.0


@dataclass(frozen=True, slots=True)
class House:
    """A web process whose viewer has 100 conversations, the first of them with `size` messages."""

    url: str
    viewer: Person
    conversations: list[UUID]
    size: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Something that is read: its name, the address of one of them, and what has to be in the answer how often."""

    name: str
    path: Callable[[House], str]
    headers: dict[str, str]
    mark: bytes
    count: int
    aim_ms: float | None = None


READINGS = (
    Reading(
        "page of 50, newest",
        lambda house: f"/c/{house.conversations[0]}",
        PANE,
        b'<li class="message',
        # One more is the template of the bubble that waits for its confirmation.
        51,
        aim_ms=PAGE_OF_50_MS,
    ),
    Reading(
        "page of 50, older",
        lambda house: f"/c/{house.conversations[0]}/history?before={random.randrange(100, house.size)}",
        {"HX-Request": "true"},
        b'<li class="message',
        50,
        aim_ms=PAGE_OF_50_MS,
    ),
    Reading("list of 100 conversations", lambda _: "/sidebar", {}, b'<li class="conversation"', CONVERSATIONS),
    Reading(
        "unread count of one",
        lambda house: f"/c/{random.choice(house.conversations)}/row",
        {},
        b'class="badge-count">%d<' % UNREAD,
        1,
    ),
)


async def measure(stage: Stage) -> list[Figure]:
    """Medians in milliseconds: of the larger size, with the smaller as its reference."""
    contents = await contents_of_demo(stage)
    small, large = [await _house(stage, contents, size) for size in SIZES]
    figures = []
    for reading in READINGS:
        for at_once in (1, AT_ONCE):
            taken = await _in_turns(reading, small, large, at_once=at_once)
            figures += _figures(reading, taken, at_once=at_once)
    return figures


async def _in_turns(reading: Reading, *houses: House, at_once: int) -> list[list[float]]:
    """Milliseconds of each request, house by house, in rounds that take turns."""
    taken: list[list[float]] = [[] for _ in houses]
    for _ in range(ROUNDS):
        for house, times in zip(houses, taken, strict=True):
            times += await _read(reading, house, at_once=at_once)
    return taken


async def _read(reading: Reading, house: House, *, at_once: int) -> list[float]:
    times: list[float] = []

    async def read() -> None:
        client = await browser(house.url, house.viewer)
        page = gzip.decompress(await _plain(client, reading, house))
        assert page.count(reading.mark) == reading.count, f"{reading.name}: {page.count(reading.mark)}"
        for _ in range(REQUESTS // ROUNDS // at_once):
            started = time.perf_counter()
            await client.get(reading.path(house), reading.headers)
            times.append((time.perf_counter() - started) * 1000)
        client.close()

    await asyncio.gather(*(read() for _ in range(at_once)))
    return times


async def _plain(client: Client, reading: Reading, house: House) -> bytes:
    """One page for a look at it, compressed even where it is too small for the server to do that."""
    page = await client.get(reading.path(house), reading.headers)
    return page if page.startswith(b"\x1f\x8b") else gzip.compress(page)


def _figures(reading: Reading, taken: list[list[float]], *, at_once: int) -> list[Figure]:
    small, large = (percentile(times, 50) for times in taken)
    name = reading.name if at_once == 1 else f"{reading.name}, {at_once} at once"
    figures = [Figure(name, large, "ms", reference=small, aim=FLAT, note=f"p99 {percentile(taken[1], 99):.1f} ms")]
    if at_once == 1 and reading.aim_ms is not None:
        figures.append(Figure(f"{name}, alone", large, "ms", aim=reading.aim_ms))
    return figures


async def _house(stage: Stage, contents: list[str], size: int) -> House:
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, CONVERSATIONS + 1)
        viewer, others = people[0], people[1:]
        conversations = await make_directs(pool, [(viewer, other) for other in others])
        await fill(pool, conversations[:1], contents, size)
        await fill(pool, conversations[1:], contents, IN_EACH_OTHER)
        await leave_unread(pool, UNREAD)
        await pool.execute("vacuum analyze")
    web = stage.web(database_url)
    web.start()
    return House(web.url, viewer, conversations, size)
