"""Joining a room of 10,000 people while some of them look on, and finding rooms among 1,000 public ones.

The reference for joining is a room of ten, as many of them looking on as it has.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from bench.client import program
from bench.device import connect_all
from bench.figures import Figure, percentile
from bench.people import Person, access_tokens, make_people, make_room
from bench.reading import AT_ONCE, percentiles, times
from bench.stage import Stage, open_pool
from chat.db import Pool

MEMBERS = 10_000
FEW = 10
CONNECTED = 300
JOINING = 200
ROOMS = 1000
PAGE = 50
REQUESTS = 400
WARM_UP = 40
PATIENCE = 30.0
_TOPICS = ("boats and people", "the office", "numbers", "what is broken right now", "lunch", "the new board")


@dataclass(slots=True)
class Crowd:
    """Those who look on: how many frames they have got, of lines that tell that somebody joined."""

    frames: int = 0

    def listener(self, _number: int) -> Callable[[bytes], None]:
        """What gets the frames of one of them."""
        return self.on_frame

    def on_frame(self, frame: bytes) -> None:
        """Something came to one of them."""
        self.frames += frame.startswith(b'{"type":"message:received"')

    async def expect(self, frames: int) -> None:
        """Wait until all have come."""
        async with asyncio.timeout(PATIENCE):
            while self.frames < frames:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.005)


async def measure(stage: Stage) -> list[Figure]:
    """p50 and p95 in milliseconds."""
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, MEMBERS + JOINING)
        members, joining = people[:MEMBERS], people[MEMBERS:]
        large = await make_room(pool, members, name="Everybody")
        small = await make_room(pool, members[:FEW], name="A few")
        for number in range(ROOMS - 2):
            topic = _TOPICS[number % len(_TOPICS)]
            await make_room(pool, members[number : number + 3], name=f"Quay {number} news", topic=topic)
        await pool.execute("vacuum analyze")
        tokens = await access_tokens(pool, stage.settings(database_url), joining)
        web = stage.web(database_url)
        web.start()
        figures = await _join(web.url, pool, joining, tokens, members=members, large=large, small=small)
    return [*figures, *await _search(web.url, tokens[0])]


async def _join(
    url: str,
    pool: Pool,
    joining: Sequence[Person],
    tokens: Sequence[str],
    *,
    members: Sequence[Person],
    large: UUID,
    small: UUID,
) -> list[Figure]:
    """Everybody joins both rooms, one person after another, the two rooms by turns."""
    crowds = {large: Crowd(), small: Crowd()}
    looking = {large: members[-CONNECTED:], small: members[:FEW]}
    devices = [
        device
        for room_id, crowd in crowds.items()
        for device in await connect_all(
            url, looking[room_id], crowd.listener, open_=[[room_id]] * len(looking[room_id])
        )
    ]
    taken: dict[UUID, list[float]] = {large: [], small: []}
    for number, token in enumerate(tokens, start=1):
        client = await program(url, token)
        for room_id, crowd in crowds.items():
            started = time.perf_counter()
            await client.post(f"/api/rooms/{room_id}/join", b"")
            taken[room_id].append((time.perf_counter() - started) * 1000)
            await crowd.expect(number * len(looking[room_id]))
        client.close()
    counts = await pool.fetch("select id, members_count from conversations where id = any ($1)", [large, small])
    assert dict(counts) == {large: MEMBERS + len(joining), small: FEW + len(joining)}, "somebody wasn't counted"
    for device in devices:
        device.close()
    return [
        Figure(
            f"joining a room of {MEMBERS:,}, p{percent}",
            percentile(taken[large], percent),
            "ms",
            reference=percentile(taken[small], percent),
            note=note,
        )
        for percent, note in (
            (50, ""),
            (95, f"{CONNECTED} of them look on; reference: a room of {FEW}, all looking on"),
        )
    ]


async def _search(url: str, token: str) -> list[Figure]:
    """By the beginnings of two words of name and topic; and all of them, by name."""
    figures = []
    for name, path in (
        (f"search among {ROOMS:,} public rooms", "/api/rooms?q=qu+brok"),
        (f"the first {PAGE} of {ROOMS:,} public rooms", "/api/rooms"),
    ):
        open_client = partial(program, url, token)
        client = await open_client()
        assert len(json.loads(await client.get(path))["items"]) == PAGE, path
        client.close()
        await times(open_client, path, requests=WARM_UP, at_once=1)
        for at_once in (1, AT_ONCE):
            taken = await times(open_client, path, requests=REQUESTS, at_once=at_once)
            figures += percentiles(name if at_once == 1 else f"{name}, {at_once} at once", taken)
    return figures
