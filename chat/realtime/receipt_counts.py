"""Tells the writers of a larger conversation how many have read their messages, at most once a second."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeAlias
from uuid import UUID

from chat import redis
from chat.db import UNAVAILABLE
from chat.realtime.receipts import ReceiptCount
from chat.realtime.roster import Roster
from chat.web import metrics
from chat.web.logs import get_logger

log = get_logger()

INTERVAL_SECONDS = 1.0
# A conversation, and people who may have written in it: what is found for those who have.
FetchCounts: TypeAlias = Callable[[UUID, Collection[UUID]], Awaitable[Mapping[UUID, ReceiptCount]]]


class ReceiptCounts:
    """Gathers which conversations have other counts now, and sends `receipt:count`.

    However many have read in a second, each conversation is looked up once, and only where somebody has it on screen
    who may know. While the database or Redis is away nothing is told: a part of the truth would be a lower number.
    """

    def __init__(self, roster: Roster, fetch: FetchCounts) -> None:
        self._roster = roster
        self._fetch = fetch
        self._changed: set[UUID] = set()
        # What was told within the last moments.
        self._latest: set[UUID] = set()
        self._wake = asyncio.Event()

    def note(self, conversation_id: UUID) -> None:
        """The counts there have changed."""
        if any(conversation_id in connection.open for connection in self._roster.told_of(conversation_id)):
            self._changed.add(conversation_id)
            self._wake.set()

    def overtake(self, conversation_id: UUID) -> None:
        """A device was told what was found a moment ago. Where it has been told something newer before, it is told that
        again."""
        if conversation_id in self._latest:
            self.note(conversation_id)

    async def run(self) -> None:
        """Send for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            changed, self._changed = self._changed, set()
            self._latest = changed
            for conversation_id in changed:
                try:
                    await self._send(conversation_id)
                except (*UNAVAILABLE, *redis.UNAVAILABLE) as error:
                    log.warning("receipt_counts.postponed", error=type(error).__name__)
                    self.note(conversation_id)
                except Exception:
                    log.exception("receipt_counts.failed")
            await asyncio.sleep(INTERVAL_SECONDS)
            self._latest = set()

    async def _send(self, conversation_id: UUID) -> None:
        watching = [
            connection for connection in self._roster.told_of(conversation_id) if conversation_id in connection.open
        ]
        counts = await self._fetch(conversation_id, {connection.user_id for connection in watching})
        for connection in watching:
            # Whoever has left meanwhile hears nothing more.
            count = counts.get(connection.user_id)
            if count is None or conversation_id not in connection.open:
                continue
            shares = connection.person.shares_reads(conversation_id)
            metrics.deliveries.inc(await connection.tell(count if shares else count.without_reads))
