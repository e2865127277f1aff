"""Takes the receipts of this process: many at once, each kept once, and told when it is kept.

As with messages, nothing waits on a timer: while one statement is under way the next receipts gather, and those of the
same member become one. What belongs to a larger conversation goes on to Redis, in one command for all of them.
"""

import asyncio
from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import TypeAlias
from uuid import UUID

import asyncpg

from chat import redis
from chat.db import UNAVAILABLE, Pool, Record
from chat.errors import Unavailable
from chat.events import Event, ReceiptMoved, ReceiptsCounted
from chat.receipts import pending, queries
from chat.receipts.model import ReadState, Receipt, read_state
from chat.redis import Redis
from chat.web.logs import get_logger

log = get_logger()

# Receipts in one statement, and members whose receipts may wait.
BATCH = 1000
MOST = 20_000
TRIES = 3
COUNT_SECONDS = 1.0


# A member: conversation and person.
Key: TypeAlias = tuple[UUID, UUID]


class _Waiting:
    """What came of one member since the last statement, and who wants to know what became of it."""

    __slots__ = ("answers", "key", "receipt")

    def __init__(self, key: Key, receipt: Receipt) -> None:
        self.key = key
        self.receipt = receipt
        self.answers: list[asyncio.Future[ReadState | None]] = []


class Recorder:
    """Keeps receipts. `small` is the number of people up to which a group is written at once."""

    def __init__(
        self, pool: Pool, redis_client: Redis, *, small: int, timeout: float, emit: Callable[[Event], None]
    ) -> None:
        self._pool = pool
        self._redis = redis_client
        self._small = small
        self._timeout = timeout
        self._emit = emit
        self._waiting: dict[Key, _Waiting] = {}
        # Larger conversations whose counts were told within the last second, and whether they have changed since.
        self._counted: dict[UUID, bool] = {}
        self._task: asyncio.Task[None] | None = None

    async def record(self, receipt: Receipt) -> ReadState | None:
        """Keep a receipt; what holds then, None where the person is not in the conversation.

        A number that lies behind what is known changes nothing, one beyond the last message means the last message.
        Raises `Unavailable` where the database can't be reached, or too much is waiting already.
        """
        key = (receipt.conversation_id, receipt.user_id)
        waiting = self._waiting.get(key)
        if waiting is None:
            if len(self._waiting) >= MOST:
                raise Unavailable("Too many receipts are waiting.")
            waiting = self._waiting[key] = _Waiting(key, receipt)
        else:
            waiting.receipt = Receipt(
                *key, max(waiting.receipt.delivered, receipt.delivered), max(waiting.receipt.read, receipt.read)
            )
        answer: asyncio.Future[ReadState | None] = asyncio.get_running_loop().create_future()
        waiting.answers.append(answer)
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return await answer

    async def close(self) -> None:
        """Keep what waits; called when nothing new can come in."""
        if self._task is not None:
            await self._task

    async def _drain(self) -> None:
        while self._waiting:
            batch = [self._waiting.pop(key) for key in list(self._waiting)[:BATCH]]
            try:
                states = await self._keep([waiting.receipt for waiting in batch])
            except Exception as error:
                if isinstance(error, UNAVAILABLE):
                    log.warning("receipts.database_lost", error=type(error).__name__)
                else:
                    log.exception("receipts.batch_failed", size=len(batch))
                for answer in _open_answers(batch):
                    answer.set_exception(Unavailable("This could not be saved just now."))
            else:
                for waiting in batch:
                    for answer in _open_answers([waiting]):
                        answer.set_result(states.get(waiting.key))
        # In the same turn of the loop as the last look at what waits, so that whatever comes next starts another.
        self._task = None

    async def _keep(self, receipts: list[Receipt]) -> dict[Key, ReadState]:
        """What holds afterwards, for each member; those who are none are missing."""
        rows = await self._record(receipts)
        states = {_key_of(row): self._tell(row) for row in rows}
        waiting = [row for row in rows if not row["here"] and _is_news(row)]
        if waiting:
            states |= await self._keep_large(waiting)
        return states

    async def _keep_large(self, rows: list[Record]) -> dict[Key, ReadState]:
        """Through Redis. Straight to the database as well go a marker that is to go, and all where Redis is lost, or
        full."""
        at_once = [row for row in rows if _clears_marker(row)]
        added: list[pending.Added] = []
        try:
            added = await pending.add(self._redis, [_receipt_of(row) for row in rows], at=rows[0]["at"])
        except (*redis.UNAVAILABLE, pending.Full) as error:
            log.warning("receipts.written_at_once", error=type(error).__name__)
            at_once = rows
        written = await self._record([_receipt_of(row) for row in at_once], large_too=True) if at_once else []
        now = {_key_of(row): row for row in written}
        return {
            _key_of(row): self._tell(now.get(_key_of(row), row), one)
            for row, one in zip_longest(rows, added, fillvalue=pending.NOTHING)
        }

    async def _record(self, receipts: list[Receipt], *, large_too: bool = False) -> list[Record]:
        tries = 0
        while True:
            tries += 1
            try:
                async with asyncio.timeout(self._timeout):
                    return await queries.record(self._pool, receipts=receipts, small=self._small, large_too=large_too)
            except asyncpg.DeadlockDetectedError:
                # With whoever sends at the same moment, and takes the same rows in another order.
                if tries == TRIES:
                    raise

    def tell(self, moved: ReceiptMoved) -> None:
        """Tell what has been kept, here or with a message that was sent."""
        self._emit(moved)
        if not moved.small:
            self._count(moved.conversation_id)

    def _tell(self, row: Record, added: pending.Added = pending.NOTHING) -> ReadState:
        """Tell what has moved, if anything has."""
        is_delivered = row["is_delivered"] or added.is_delivered
        is_read = row["is_read"] or added.is_read
        read_up_to = max(row["read_up_to"], added.read_up_to)
        unread_from = row["unread_from"]
        if is_delivered or is_read:
            self.tell(
                ReceiptMoved(
                    conversation_id=row["conversation_id"],
                    user_id=row["user_id"],
                    delivered_up_to=max(row["delivered_up_to"], added.delivered_up_to),
                    read_up_to=read_up_to,
                    at=row["at"],
                    unread_from=unread_from,
                    is_delivered=is_delivered,
                    is_read=is_read,
                    small=row["small"],
                    shared=row["shared"],
                )
            )
        return read_state(row["last_seq"], read_up_to, unread_from)

    def _count(self, conversation_id: UUID) -> None:
        """Have the counts of a larger conversation told: now, or, where that was done within the last second, when it
        is over."""
        if conversation_id in self._counted:
            self._counted[conversation_id] = True
            return
        self._counted[conversation_id] = False
        self._emit(ReceiptsCounted(conversation_id))
        asyncio.get_running_loop().call_later(COUNT_SECONDS, self._count_again, conversation_id)

    def _count_again(self, conversation_id: UUID) -> None:
        if self._counted.pop(conversation_id):
            self._count(conversation_id)


def _open_answers(batch: Iterable[_Waiting]) -> list[asyncio.Future[ReadState | None]]:
    return [answer for waiting in batch for answer in waiting.answers if not answer.done()]


def _is_news(row: Record) -> bool:
    return row["delivered"] > row["delivered_up_to"] or row["read"] > row["read_up_to"] or _clears_marker(row)


def _clears_marker(row: Record) -> bool:
    return row["unread_from"] is not None and row["read"] >= row["unread_from"]


def _key_of(row: Record) -> Key:
    return row["conversation_id"], row["user_id"]


def _receipt_of(row: Record) -> Receipt:
    """As far as there is something to receive and read."""
    return Receipt(*_key_of(row), delivered=max(row["delivered"], row["read"]), read=row["read"])
