"""The worker's half of receipts: brings what waits in Redis to PostgreSQL, in batches.

To store a batch twice changes nothing, so it doesn't matter at what point a worker dies, or whether two are at work.
"""

from collections.abc import Callable, Sequence
from time import monotonic

import asyncpg

from chat.db import UNAVAILABLE, Pool, acquired
from chat.receipts import consumer
from chat.receipts import flush_queries as queries
from chat.receipts.consumer import Entry
from chat.receipts.model import Receipt
from chat.receipts.steps import furthest, steps
from chat.redis import Redis
from chat.settings import Settings
from chat.web.logs import get_logger

log = get_logger()

# Entries that are taken together, and so the memory that a flush needs, whatever waits.
BATCH = 2000
# As long as a statement of the pool may take, and the time after which another worker needn't wait for it any more.
_STORE_SECONDS = 2.0
_AGAIN_SECONDS = 4.0
# What the database says of one entry and not of itself.
_REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError)


async def flush(pool: Pool, redis: Redis, settings: Settings, *, is_ending: Callable[[], bool]) -> int:
    """Store what waits, until there is nothing more, the time for the next flush has come, or the worker is ending; how
    many entries.

    While the database is away, or takes nothing, it gives up at the first batch, for the next flush to try it again.
    Raises one of `redis.UNAVAILABLE`; nothing is lost by it.
    """
    return await _Flush(pool, redis, settings).run(is_ending)


class _Flush:
    """One run."""

    def __init__(self, pool: Pool, redis: Redis, settings: Settings) -> None:
        self._pool = pool
        self._redis = redis
        self._settings = settings
        self._timeout = settings.statement_timeout + _STORE_SECONDS
        self._again_after = self._timeout + _AGAIN_SECONDS
        self._stored = 0

    async def run(self, is_ending: Callable[[], bool]) -> int:
        until = monotonic() + self._settings.receipts_flush_seconds
        try:
            while await self._store_some() and monotonic() < until and not is_ending():
                pass
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            await self._fail(error)
        return self._stored

    async def _store_some(self) -> bool:
        """Whether there was anything."""
        taken = await consumer.take(
            self._redis,
            most=BATCH,
            again_after=self._again_after,
            tries=self._settings.receipts_tries,
        )
        if taken.set_aside:
            log.error("receipts.set_aside", entries=taken.set_aside)
        if taken.unreadable:
            log.error("receipts.unreadable", entries=taken.unreadable)
            await self._note("UnreadableEntry")
        if taken.entries:
            await self._store(taken.entries)
        return taken != ([], 0, 0)

    async def _store(self, entries: Sequence[Entry]) -> None:
        """Store entries and let go of them; where the database refuses one, all but that one."""
        receipts = furthest(entries)
        try:
            rows = await self._write(entries, receipts)
        except _REFUSED as error:
            if len(entries) == 1:
                await self._fail(error)
                return
            half = len(entries) // 2
            await self._store(entries[:half])
            await self._store(entries[half:])
        else:
            await consumer.acknowledge(self._redis, entries=entries, stored=receipts, rows=rows)
            self._stored += len(entries)

    async def _write(self, entries: Sequence[Entry], receipts: Sequence[Receipt]) -> int:
        """One transaction; the number of rows that were written."""
        async with acquired(self._pool, timeout=self._timeout) as connection, connection.transaction():
            made = steps(entries)
            await queries.lock(connection, receipts=receipts)
            stored = await queries.store_steps(connection, steps=made)
            await queries.forget_overtaken(connection, steps=made)
            return stored + await queries.move_marks(connection, receipts=receipts)

    async def _fail(self, error: Exception) -> None:
        why = type(error).__qualname__
        log.warning("receipts.flush_failed", error=why)
        await self._note(why)

    async def _note(self, why: str) -> None:
        # Until these entries are tried for the last time, and seen by the flush after that.
        seconds = 2 * (self._again_after + self._settings.receipts_flush_seconds)
        await consumer.note_failure(self._redis, why, seconds=seconds)
