"""Group commit: everything that waits is stored in one transaction, and nothing waits on a timer.

With an idle database a lone message goes at once. While its commit is under way the next batch gathers, so the
cost of a commit is shared by as many messages as arrive in the meantime.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncpg
import msgspec

from chat.conversations.model import ConversationNotFound
from chat.db import UNAVAILABLE, Pool, Record, acquired
from chat.errors import ChatError, Unavailable, ValidationFailed
from chat.events import Message, Quote, Reaction, ReceiptMoved, Sender
from chat.messages import store_queries
from chat.messages.model import NewMessage, Sent
from chat.web.logs import get_logger

if TYPE_CHECKING:
    from uuid import UUID

log = get_logger()

_decode_quote = msgspec.json.Decoder(Quote).decode
_decode_reactions = msgspec.json.Decoder(tuple[Reaction, ...]).decode

RETRY_DELAYS = (0.1, 0.3, 0.9, 2.7, 5.0)


@dataclass(slots=True)
class Waiting:
    """A message that is not stored yet, and everyone who waits for it."""

    message: NewMessage
    answers: list["asyncio.Future[Sent]"] = field(default_factory=list)


@dataclass(slots=True)
class Lane:
    """What waits for one connection, and the task that stores it while there is something."""

    waiting: deque[Waiting] = field(default_factory=deque)
    task: "asyncio.Task[None] | None" = None


class Writer:
    """Stores messages in batches, on `writers` connections at most.

    Each conversation has its lane, so that its messages are never in two transactions of this process at once: the one
    that was committed later might be heard of first.

    `committed` is called with each message that is new, after its commit, before its sender is answered; it must
    not block. It is called again for one that is sent again while nothing has followed it, as the others may not know
    of it: the connection, or the whole process, may have been lost between the commit and this call. Retries after
    a lost connection are safe, because the client message id finds what was stored. `read` is called in the same way
    where the sender has read something by that. Groups of up to `direct_max` people are small.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        writers: int,
        batch: int,
        queue: int,
        retries: int,
        timeout: float,
        direct_max: int,
        committed: Callable[[Message], None],
        read: Callable[[ReceiptMoved], None],
    ) -> None:
        self._pool = pool
        self._batch = batch
        self._queue = queue
        self._retries = retries
        self._timeout = timeout
        self._direct_max = direct_max
        self._committed = committed
        self._read = read
        self._lanes = [Lane() for _ in range(writers)]
        self._by_key: dict[tuple[UUID, UUID], Waiting] = {}

    async def store(self, message: NewMessage) -> Sent:
        """Wait until the message is on disk.

        Raises `ConversationNotFound` where the sender may not write this there, for whatever reason; `Unavailable`
        where the database can't be reached or too much is waiting already; and `ValidationFailed` where the database
        refuses the row.
        """
        answer: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()
        key = (message.sender_id, message.client_message_id)
        waiting = self._by_key.get(key)
        if waiting is None:
            if len(self._by_key) >= self._queue:
                raise Unavailable("Too many messages are waiting to be saved.")
            waiting = self._by_key[key] = Waiting(message)
            lane = self._lanes[hash(message.conversation_id) % len(self._lanes)]
            lane.waiting.append(waiting)
            if lane.task is None:
                lane.task = asyncio.create_task(self._drain(lane))
        waiting.answers.append(answer)
        return await answer

    async def close(self) -> None:
        """Wait for what is under way; called when nothing new can come in."""
        for lane in self._lanes:
            if lane.task is not None:
                await lane.task

    async def _drain(self, lane: Lane) -> None:
        while lane.waiting:
            await self._store_next(lane.waiting)
        # In the same turn of the loop as the last look at what waits: whatever comes after it starts another. A done
        # callback would come a turn later, and leave a message that came between for ever.
        lane.task = None

    async def _store_next(self, waiting: deque[Waiting]) -> None:
        batch = [waiting.popleft() for _ in range(min(self._batch, len(waiting)))]
        try:
            await self._store_batch(batch)
        except Exception:
            log.exception("message.batch_failed", size=len(batch))
            for one in batch:
                self._refuse(one, Unavailable("The message could not be saved."))

    async def _store_batch(self, batch: list[Waiting]) -> None:
        try:
            answers = await self._store_with_retries([waiting.message for waiting in batch])
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, ValueError) as error:
            if len(batch) == 1:
                log.warning("message.refused_by_database", error=type(error).__name__)
                self._refuse(batch[0], ValidationFailed("This message could not be saved."))
                return
            # One bad row must not sink its neighbours: halves, down to the one.
            middle = len(batch) // 2
            await self._store_batch(batch[:middle])
            await self._store_batch(batch[middle:])
        except UNAVAILABLE:
            for waiting in batch:
                self._refuse(waiting, Unavailable("The database can't be reached."))
        else:
            self._answer(batch, answers)

    async def _store_with_retries(self, messages: list[NewMessage]) -> list[store_queries.Stored]:
        attempt = 0
        while True:
            try:
                async with acquired(self._pool, timeout=self._timeout) as connection:
                    return await store_queries.store(connection, messages=messages, direct_max=self._direct_max)
            except asyncpg.UniqueViolationError:
                # Another process stored one of them in this moment. Now it is there to be found.
                if attempt >= self._retries:
                    raise
            except ValueError:
                # A value that asyncpg can't encode; its error counts among the `UNAVAILABLE` ones too.
                raise
            except (*UNAVAILABLE, asyncpg.DeadlockDetectedError):
                if attempt >= self._retries:
                    raise
                await asyncio.sleep(RETRY_DELAYS[attempt])
            attempt += 1

    def _answer(self, batch: list[Waiting], answers: list[store_queries.Stored]) -> None:
        by_position = {stored.position: stored for stored in answers}
        for position, waiting in enumerate(batch, start=1):
            stored = by_position.get(position)
            if stored is None:
                self._refuse(waiting, ConversationNotFound())
                continue
            message = message_of(stored.row)
            if stored.untold:
                self._committed(message)
            if stored.covered:
                self._read(_receipt_of(message, stored.covered))
            duplicate = stored.duplicate
            for answer in self._take(waiting):
                answer.set_result(Sent(message, duplicate))
                duplicate = True

    def _refuse(self, waiting: Waiting, error: ChatError) -> None:
        for answer in self._take(waiting):
            answer.set_exception(error)

    def _take(self, waiting: Waiting) -> list["asyncio.Future[Sent]"]:
        """Everyone still waiting for this message; from here on the next one of the same id is a new request."""
        key = (waiting.message.sender_id, waiting.message.client_message_id)
        if self._by_key.get(key) is waiting:
            del self._by_key[key]
        return [answer for answer in waiting.answers if not answer.done()]


def _receipt_of(message: Message, covered: store_queries.Covered) -> ReceiptMoved:
    return ReceiptMoved(
        conversation_id=message.conversation_id,
        user_id=message.sender.id,
        joined_seq=covered.joined_seq,
        delivered_up_to=message.seq,
        read_up_to=message.seq,
        at=message.created_at,
        unread_from=None,
        is_delivered=True,
        is_read=True,
        is_marked=True,
        small=covered.small,
        shared=covered.shared,
    )


def message_of(row: Record) -> Message:
    """A row of `chat.messages.queries.COLUMNS` as everyone sees it."""
    quote, reactions = row["quote"], row["reactions"]
    return Message(
        id=row["id"],
        conversation_id=row["conversation_id"],
        seq=row["seq"],
        revision=row["revision"],
        sender=Sender(row["sender_id"], row["username"], row["display_name"], row["role"]),
        client_message_id=row["client_message_id"],
        content=row["content"],
        content_type=row["content_type"],
        continues=row["continues"],
        created_at=row["created_at"],
        edited_at=row["edited_at"],
        deleted_at=row["deleted_at"],
        reply_to=None if quote is None else _decode_quote(quote),
        reactions=() if reactions is None else _decode_reactions(reactions),
    )
