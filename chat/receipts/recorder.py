"""Takes the receipts of this process: many at once, each kept once, and told when it is kept.

As with messages, nothing waits on a timer: while one statement is under way the next receipts gather, and those of the
same member become one. What belongs to a larger conversation goes on to Redis, in one command for all of them.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import islice, zip_longest
from uuid import UUID

import asyncpg

from chat import redis
from chat.db import UNAVAILABLE, Pool, Record, acquired
from chat.errors import Unavailable
from chat.events import Event, ReceiptCountsChanged, ReceiptMoved
from chat.receipts import pending, queries
from chat.receipts.model import MemberKey, ReadState, Receipt, read_state
from chat.redis import Redis
from chat.web.logs import get_logger

log = get_logger()

# Receipts in one statement, and members whose receipts may wait.
BATCH = 1000
MOST = 20_000
TRIES = 3
# How often at most the counts of a larger conversation are told.
COUNT_SECONDS = 1.0
# So long a lost Redis isn't asked again: whoever reads in a small conversation would wait for its silence, too.
REDIS_PAUSE_SECONDS = 5.0


class _Waiting:
    """What came of one member since the last statement, and who wants to know what became of it."""

    __slots__ = ("answers", "receipt")

    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
        self.answers: list[asyncio.Future[ReadState | None]] = []

    @property
    def open_answers(self) -> list["asyncio.Future[ReadState | None]"]:
        return [answer for answer in self.answers if not answer.done()]


class Recorder:
    """Keeps receipts. Groups of up to `direct_max` people are written at once."""

    def __init__(
        self, pool: Pool, redis_client: Redis, *, direct_max: int, timeout: float, emit: Callable[[Event], None]
    ) -> None:
        self._pool = pool
        self._redis = redis_client
        self._redis_lost_at = float("-inf")
        self._direct_max = direct_max
        self._timeout = timeout
        self._emit = emit
        self._waiting: dict[MemberKey, _Waiting] = {}
        # What came of these may have been kept without anybody being told. The latest of them.
        self._untold: dict[MemberKey, None] = {}
        # Larger conversations whose counts were told within the last second, and whether they have changed since.
        self._counted: dict[UUID, bool] = {}
        self._task: asyncio.Task[None] | None = None

    async def record(self, receipt: Receipt) -> ReadState | None:
        """Keep a receipt; what holds then, None where the person is not in the conversation.

        A number that lies behind what is known changes nothing, one beyond the last message means the last message.
        Raises `Unavailable` where the database can't be reached, or too much is waiting already.
        """
        waiting = self._waiting.get(receipt.key)
        if waiting is not None:
            waiting.receipt = waiting.receipt.merged_with(receipt)
        elif len(self._waiting) >= MOST:
            raise Unavailable("Too many receipts are waiting.")
        else:
            waiting = self._waiting[receipt.key] = _Waiting(receipt)
        answer: asyncio.Future[ReadState | None] = asyncio.get_running_loop().create_future()
        waiting.answers.append(answer)
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return await answer

    async def close(self) -> None:
        """Keep what waits, and tell what was held back; called when nothing new can come in."""
        if self._task is not None:
            await self._task
        for conversation_id in [one for one, has_changed in self._counted.items() if has_changed]:
            self._emit(ReceiptCountsChanged(conversation_id))

    async def _drain(self) -> None:
        while self._waiting:
            batch = [self._waiting.pop(key) for key in list(islice(self._waiting, BATCH))]
            try:
                states = await self._keep([waiting.receipt for waiting in batch])
            except Exception as error:
                if isinstance(error, UNAVAILABLE):
                    log.warning("receipts.database_lost", error=type(error).__name__)
                else:
                    log.exception("receipts.batch_failed", size=len(batch))
                self._refuse(batch)
            else:
                for waiting in batch:
                    for answer in waiting.open_answers:
                        answer.set_result(states.get(waiting.receipt.key))
        # In the same turn of the loop as the last look at what waits, so that whatever comes next starts another.
        self._task = None

    def _refuse(self, batch: Sequence[_Waiting]) -> None:
        """Nobody knows whether these were kept. Their devices send them again, and then they are told in any case."""
        for waiting in batch:
            self._untold[waiting.receipt.key] = None
            if len(self._untold) > MOST:
                del self._untold[next(iter(self._untold))]
            for answer in waiting.open_answers:
                answer.set_exception(Unavailable("This could not be saved just now."))

    async def _keep(self, receipts: Sequence[Receipt]) -> dict[MemberKey, ReadState]:
        """What holds afterwards, for each member; those who are none are missing."""
        rows = await self._record(receipts)
        states = {_key_of(row): self._tell_of(row) for row in rows if row["here"]}
        large = [row for row in rows if not row["here"]]
        if large:
            states |= await self._keep_large(large)
        return states

    async def _keep_large(self, rows: Sequence[Record]) -> dict[MemberKey, ReadState]:
        """Through Redis. Straight to the database as well go a marker that is to go, and all where Redis is lost, or
        full."""
        at_once = [row for row in rows if _clears_marker(row)]
        added = await self._add(rows)
        if not added:
            at_once = [row for row in rows if _is_news(row)]
        written = await self._record([_receipt_of(row) for row in at_once], large_too=True) if at_once else []
        now = {_key_of(row): row for row in written}
        return {
            _key_of(row): self._tell_of(now.get(_key_of(row), row), one)
            for row, one in zip_longest(rows, added, fillvalue=pending.NOTHING)
        }

    async def _add(self, rows: Sequence[Record]) -> list[pending.Added]:
        """What Redis makes of them, also of those that are no news to the database: more may wait there. Nothing where
        it is lost, or full."""
        if time.monotonic() < self._redis_lost_at + REDIS_PAUSE_SECONDS:
            return []
        try:
            return await pending.add(self._redis, [_news_of(row) for row in rows], at=rows[0]["at"])
        except (*redis.UNAVAILABLE, pending.Full) as error:
            log.warning("receipts.written_at_once", error=type(error).__name__)
            self._redis_lost_at = time.monotonic()
            return []

    async def _record(self, receipts: Sequence[Receipt], *, large_too: bool = False) -> list[Record]:
        tries = 0
        while True:
            tries += 1
            try:
                async with acquired(self._pool, timeout=self._timeout) as connection:
                    return await queries.record(
                        connection, receipts=receipts, direct_max=self._direct_max, large_too=large_too
                    )
            except asyncpg.DeadlockDetectedError:
                # With whoever takes the same rows at the same moment in another order.
                if tries == TRIES:
                    raise

    def _tell_of(self, row: Record, added: pending.Added = pending.NOTHING) -> ReadState:
        """Tell what has moved of this member, if anything has; what holds now."""
        key = _key_of(row)
        moved = ReceiptMoved(
            conversation_id=row["conversation_id"],
            user_id=row["user_id"],
            joined_seq=row["joined_seq"],
            delivered_up_to=max(row["delivered_up_to"], added.delivered_up_to),
            read_up_to=max(row["read_up_to"], added.read_up_to),
            at=row["at"],
            unread_from=row["unread_from"],
            is_delivered=row["is_delivered"] or added.is_delivered or key in self._untold,
            is_read=row["is_read"] or added.is_read or key in self._untold,
            is_marked=row["is_marked"],
            small=row["small"],
            shared=row["shared"],
        )
        self._untold.pop(key, None)
        self.tell(moved)
        return read_state(row["last_seq"], moved.read_up_to, moved.unread_from)

    def tell(self, moved: ReceiptMoved) -> None:
        """Tell what has been kept, here or with a message that was sent; nothing where nothing has moved.

        What somebody has received of a larger conversation is told nobody but as a count.
        """
        if moved.is_read or moved.is_marked or (moved.is_delivered and moved.small):
            self._emit(moved)
        if not moved.small and (moved.is_read or moved.is_delivered):
            self._count(moved.conversation_id)

    def _count(self, conversation_id: UUID) -> None:
        """Have the counts of a larger conversation told: now, or, where that was done within the last second, when it
        is over."""
        if conversation_id in self._counted:
            self._counted[conversation_id] = True
            return
        self._counted[conversation_id] = False
        self._emit(ReceiptCountsChanged(conversation_id))
        asyncio.get_running_loop().call_later(COUNT_SECONDS, self._count_again, conversation_id)

    def _count_again(self, conversation_id: UUID) -> None:
        if self._counted.pop(conversation_id):
            self._count(conversation_id)


def _is_news(row: Record) -> bool:
    return row["delivered"] > row["delivered_up_to"] or row["read"] > row["read_up_to"] or _clears_marker(row)


def _clears_marker(row: Record) -> bool:
    return row["unread_from"] is not None and row["read"] >= row["unread_from"]


def _key_of(row: Record) -> MemberKey:
    return row["conversation_id"], row["user_id"]


def _receipt_of(row: Record) -> Receipt:
    """As far as there is something to receive and read. What was read was received."""
    return Receipt(*_key_of(row), delivered=max(row["delivered"], row["read"]), read=row["read"])


def _news_of(row: Record) -> Receipt:
    """As far as the database doesn't know it yet."""
    delivered, read = max(row["delivered"], row["read"]), row["read"]
    return Receipt(
        *_key_of(row),
        delivered=delivered if delivered > row["delivered_up_to"] else 0,
        read=read if read > row["read_up_to"] else 0,
    )
