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

from bench.browser import PANE, Browser
from bench.figures import Figure, percentile
from bench.people import Person, make_directs, make_people
from bench.stage import Stage, open_pool
from chat.db import Pool
from chat.seed import seed

SIZES = (10_000, 1_000_000)
CONVERSATIONS = 100
IN_EACH_OTHER = 50
AT_ONCE = 16
REQUESTS = 400
ROUNDS = 4
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
        b'class="badge-count">7<',
        1,
    ),
)


async def measure(stage: Stage) -> list[Figure]:
    """Medians in milliseconds: of the larger size, with the smaller as its reference."""
    contents = await _contents(stage)
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
        browser = await Browser.open(house.url, house.viewer)
        page = gzip.decompress(await _plain(browser, reading, house))
        assert page.count(reading.mark) == reading.count, f"{reading.name}: {page.count(reading.mark)}"
        for _ in range(REQUESTS // ROUNDS // at_once):
            started = time.perf_counter()
            await browser.get(reading.path(house), reading.headers)
            times.append((time.perf_counter() - started) * 1000)
        browser.close()

    await asyncio.gather(*(read() for _ in range(at_once)))
    return times


async def _plain(browser: Browser, reading: Reading, house: House) -> bytes:
    """One page for a look at it, compressed even where it is too small for the server to do that."""
    page = await browser.get(reading.path(house), reading.headers)
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
        await _fill(pool, conversations[:1], contents, size)
        await _fill(pool, conversations[1:], contents, IN_EACH_OTHER)
        # Seven are unread everywhere, so that a row has something to count.
        await pool.execute(
            "update members m set read_up_to_seq = last_seq - 7 from conversations c where c.id = m.conversation_id"
        )
        await pool.execute("vacuum analyze")
    web = stage.web(database_url)
    web.start()
    return House(web.url, viewer, conversations, size)


async def _fill(pool: Pool, conversations: list[UUID], contents: list[str], size: int) -> None:
    """Messages of both people by turns. A number after the first word makes each text the only one of its kind, so
    that no cache knows it."""
    async with pool.acquire() as connection, connection.transaction():
        # The rows are right; looking that up a million times over would take a minute.
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            """
            insert into messages
                (id, conversation_id, seq, revision, sender_id, client_message_id, content, continues, created_at)
            select uuidv7(), c.id, seq, seq, case seq / 3 % 2 when 0 then direct_low else direct_high end,
                gen_random_uuid(),
                regexp_replace(($2::text[])[seq % cardinality($2::text[]) + 1], ' ', ' ' || seq || ' '),
                seq % 3 > 0, now() - interval '1 minute' * ($3 - seq)
            from conversations c, generate_series(1, $3::bigint) seq
            where c.id = any ($1)
            """,
            conversations,
            contents,
            size,
        )
        await connection.execute(
            """
            update conversations set last_seq = $2, revision = $2, last_message_at = now(), last_sender_id = direct_low
            where id = any ($1)
            """,
            conversations,
            size,
        )


async def _contents(stage: Stage) -> list[str]:
    """What people say to each other in the demo data: long and short, plain and with Markdown, as it comes."""
    async with await open_pool(await stage.database()) as pool:
        await seed(pool)
        return [
            record["content"]
            for record in await pool.fetch(
                """
                select content from messages where conversation_id =
                    (select id from conversations order by last_seq desc limit 1) order by seq
                """
            )
        ]
