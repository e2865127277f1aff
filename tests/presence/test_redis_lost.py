"""Those who ask who is there while Redis is lost."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast
from uuid import uuid4

from chat.realtime.connection import Connection
from chat.realtime.presence import PresenceUpdate
from chat.realtime.watchers import LOOKS_AT_ONCE, Pair, Watchers
from tests.presence.test_heartbeats import Socket


async def test_who_waits_for_a_turn_to_ask_does_not_wait_for_its_silence() -> None:
    asked = 0
    is_found_lost = asyncio.Event()

    async def fetch(_pairs: Sequence[Pair]) -> Mapping[Pair, PresenceUpdate]:
        nonlocal asked
        asked += 1
        await is_found_lost.wait()
        raise TimeoutError

    watchers = Watchers(fetch, most=10, grace=60)
    coming = [
        asyncio.create_task(watchers.watch(cast("Connection", Socket()), [uuid4()])) for _ in range(3 * LOOKS_AT_ONCE)
    ]
    while asked < LOOKS_AT_ONCE:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)
    watchers.set_lost("heartbeats", True)
    is_found_lost.set()
    await asyncio.gather(*coming)

    assert asked == LOOKS_AT_ONCE
