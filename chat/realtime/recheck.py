"""A second look at the database, for what the open sockets haven't heard of, or have heard in the wrong order."""

import asyncio
import contextlib
import time
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from chat.db import UNAVAILABLE, Pool
from chat.events import ConversationRemoved
from chat.realtime import queries
from chat.realtime.connection import REVOKED
from chat.realtime.hub import Hub
from chat.realtime.roster import Membership
from chat.web.logs import get_logger

log = get_logger()
T = TypeVar("T")

INTERVAL_SECONDS = 30.0
RETRY_SECONDS = 1.0
# How long before the last look something may have been committed that it did not see.
MARGIN_SECONDS = 60.0
BATCH = 1000


class Recheck:
    """Holds three promises where an event did not arrive: whose session ends is disconnected, who leaves a conversation
    hears nothing more of it, and who comes in hears it. Normally the events do that within a second.
    """

    def __init__(self, hub: Hub, pool: Pool) -> None:
        self._hub = hub
        self._pool = pool
        self._looked_at = time.monotonic()
        self._missed = asyncio.Event()

    def soon(self) -> None:
        """News may have been lost: don't wait for the next regular look."""
        self._missed.set()

    async def run(self) -> None:
        """Look every `INTERVAL_SECONDS`, and when told, for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL_SECONDS):
                    await self._missed.wait()
            missed = self._missed.is_set()
            self._missed.clear()
            try:
                await self._look(missed=missed)
            except UNAVAILABLE:
                log.warning("recheck.database_lost")
                await asyncio.sleep(RETRY_SECONDS)
                self._missed.set()
            except Exception:
                log.exception("recheck.failed")

    async def _look(self, *, missed: bool) -> None:
        now = time.monotonic()
        since = timedelta(seconds=now - self._looked_at + MARGIN_SECONDS)
        await self._close_ended_sessions()
        people = self._hub.roster.user_ids
        self._hub.roster.doubt(await queries.departures(self._pool, user_ids=people, since=since))
        self._hub.roster.doubt_people(people)
        if missed:
            self._hub.roster.doubt(await queries.arrivals(self._pool, user_ids=people, since=since))
        for conversation_id in await queries.deleted_conversations(self._pool, since=since):
            if self._hub.roster.told_of(conversation_id):
                self._hub.emit(ConversationRemoved(conversation_id, None, "deleted"))
        self._looked_at = now

    async def _close_ended_sessions(self) -> None:
        connections = self._hub.roster.connections
        live = await queries.live_sessions(self._pool, ids={connection.session_id for connection in connections})
        for connection in connections:
            if connection.session_id not in live:
                connection.close_later(REVOKED)

    async def settle_doubts(self) -> None:
        """Look up each membership that is doubted, and each person of whom there was news, for ever."""
        while True:
            memberships, people = await self._hub.roster.doubted()
            try:
                for batch in _batches(memberships):
                    await self._settle(batch)
                for batch_of_people in _batches(people):
                    await look_up_people(self._hub, self._pool, user_ids=batch_of_people)
            except UNAVAILABLE:
                log.warning("recheck.database_lost")
                await asyncio.sleep(RETRY_SECONDS)
                self._hub.roster.doubt(memberships)
                self._hub.roster.doubt_people(people)
            except Exception:
                log.exception("recheck.failed")

    async def _settle(self, doubted: list[Membership]) -> None:
        found = await queries.memberships(self._pool, of=doubted)
        for user_id, conversation_id in doubted:
            await self._hub.settle(user_id, conversation_id, is_member=(user_id, conversation_id) in found)


async def look_up_people(hub: Hub, pool: Pool, *, user_ids: Collection[UUID]) -> None:
    """What these people share, and with whom. Of two looks that overlap the later one counts."""
    asked_at = time.monotonic()
    await hub.settle_privacy(await queries.privacy(pool, user_ids=user_ids), asked_at=asked_at)


def _batches(doubted: set[T]) -> Iterator[list[T]]:
    listed = list(doubted)
    for start in range(0, len(listed), BATCH):
        yield listed[start : start + BATCH]
