"""What an open socket costs while nothing happens on it: KiB of the web process for each of 2,000 people."""

import asyncio

from bench.device import connect_all
from bench.figures import Figure
from bench.people import make_directs, make_people
from bench.process import memory
from bench.stage import Stage, open_pool

CONNECTIONS = 2000
# Made first and kept: buffers, caches and pools that a process has once, however many come after.
WARM_UP = 200
SETTLE_SECONDS = 2.0


async def measure(stage: Stage) -> list[Figure]:
    """The difference between 200 connections and 2,200, each of a person with one conversation on screen."""
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, WARM_UP + CONNECTIONS)
        neighbours = [*people[1:], people[0]]
        conversations = await make_directs(pool, list(zip(people, neighbours, strict=True)))
        web = stage.web(database_url)
        web.start()
        on_screen = [[conversation] for conversation in conversations]
        devices = await connect_all(web.url, people[:WARM_UP], lambda _: _ignore, open_=on_screen)
        await asyncio.sleep(SETTLE_SECONDS)
        before = memory(web.process.pid)
        devices += await connect_all(web.url, people[WARM_UP:], lambda _: _ignore, open_=on_screen[WARM_UP:])
        await asyncio.sleep(SETTLE_SECONDS)
        after = memory(web.process.pid)
    assert all(device.close_code is None for device in devices), "a connection was closed"
    resident = (after.rss - before.rss) / CONNECTIONS
    return [
        Figure(
            "an idle signed-in connection",
            (after.pss - before.pss) / CONNECTIONS,
            "KiB",
            aim=14,
            note=f"proportional; {resident:.1f} KiB resident; {CONNECTIONS:,} connections",
        )
    ]


def _ignore(_frame: bytes) -> None:
    """Nothing is expected."""
