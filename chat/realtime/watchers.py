"""Which of the connections have which people on screen, and may see whether those are there."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias
from uuid import UUID

from chat import db, redis
from chat.events import (
    ConversationListed,
    ConversationRemoved,
    Event,
    MessageCreated,
    PersonChanged,
    PresenceChanged,
    SessionsRevoked,
)
from chat.realtime.connection import Connection
from chat.realtime.delivery import tell_all
from chat.realtime.presence import PresenceUpdate, presence_unknown, presence_update
from chat.web import metrics
from chat.web.logs import get_logger

log = get_logger()

UNAVAILABLE = (*db.UNAVAILABLE, *redis.UNAVAILABLE)

# Somebody who wants to know, and a person.
Pair: TypeAlias = tuple[UUID, UUID]
# A connection, and somebody whom it has on screen.
Watched: TypeAlias = tuple[Connection, UUID]
# What is found for those of the pairs where the viewer may see the person. Raises one of `UNAVAILABLE`.
FetchPresence: TypeAlias = Callable[[Sequence[Pair]], Awaitable[Mapping[Pair, PresenceUpdate]]]

# So often all are looked up again, for what there was no news of.
RECHECK_SECONDS = 300.0
# However much news there is, what is doubted is gathered for so long after each look.
GATHER_SECONDS = 0.2
RETRY_SECONDS = 1.0
# So many pairs are looked up in one query.
BATCH = 1000
# However many devices come at once, they leave connections to the database for those who send.
LOOKS_AT_ONCE = 4


class _Meanwhile:
    """What there was news of while the database and Redis were asked. Each piece of news has a number: what is higher
    than the number at which a look began is newer than what it finds."""

    def __init__(self) -> None:
        self.now = 0
        self.lost_at = 0
        self.doubted: dict[UUID, int] = {}
        self.told: dict[UUID, tuple[int, PresenceUpdate]] = {}
        self._looking = 0

    def next(self) -> int:
        """The number of a piece of news."""
        self.now += 1
        return self.now

    @contextlib.contextmanager
    def looking(self) -> Iterator[int]:
        """The number at which this look begins. What no look under way needs is forgotten."""
        self._looking += 1
        try:
            yield self.now
        finally:
            self._looking -= 1
            if not self._looking:
                self.doubted.clear()
                self.told.clear()


class Watchers:
    """Whom each connection watches, and what is known here of those people.

    Who may see whom is looked up when a connection begins to watch, and again when there is news that could change it.
    Somebody who is not seen any more is told of once more, as `unknown`. While Redis is away nothing is told: nobody
    knows then; `grace` seconds after its return, when every process has told it of its devices, all is told anew.
    """

    def __init__(self, fetch: FetchPresence, *, most: int, grace: float) -> None:
        self._fetch = fetch
        self._most = most
        self._grace = grace
        # Whom each connection has on screen; of those that may be seen, by which connections, and how they are.
        self._wanted: dict[Connection, frozenset[UUID]] = {}
        self._seeing: defaultdict[UUID, set[Connection]] = defaultdict(set)
        self._states: dict[UUID, PresenceUpdate] = {}
        self._meanwhile = _Meanwhile()
        self._gate = asyncio.Semaphore(LOOKS_AT_ONCE)
        self._doubted: set[UUID] = set()
        self._doubts_all = False
        self._wake = asyncio.Event()
        self._is_lost = False
        # Who finds that Redis is lost. For a while after its return it still counts as lost.
        self._lost_by: set[str] = set()
        self._resuming: asyncio.TimerHandle | None = None

    async def watch(self, connection: Connection, user_ids: Iterable[UUID]) -> None:
        """Tell the connection of these people from now on, instead of those before, and at once of how it is now.

        Where the database or Redis can't be asked, that follows when they can.
        """
        wanted = frozenset(user_ids) - {connection.user_id}
        for user_id in self._wanted.get(connection, frozenset()) - wanted:
            self._hide(connection, user_id)
        self._wanted[connection] = wanted
        try:
            await self._look([(connection, user_id) for user_id in wanted], answer=True)
        except UNAVAILABLE:
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self.doubt, connection.user_id)

    def forget(self, connection: Connection) -> None:
        """The connection has ended."""
        for user_id in self._wanted.pop(connection, ()):
            self._hide(connection, user_id)

    async def hear(self, event: Event) -> None:
        """Something has happened: tell those who watch, or doubt who may see whom."""
        match event:
            case PresenceChanged():
                if not self._is_lost:
                    update = presence_update(event)
                    self._meanwhile.told[event.user_id] = self._meanwhile.next(), update
                    await tell_all(self._note(update), update)
            case PersonChanged(user_id) | ConversationListed(user_id) | SessionsRevoked(user_id):
                self.doubt(user_id)
            case ConversationRemoved(_, user_id) if user_id is not None:
                self.doubt(user_id)
            case MessageCreated(message) if message.seq == 1:
                # Until then a direct conversation is one for who opened it only.
                self.doubt(message.sender.id)

    def _note(self, update: PresenceUpdate) -> list[Connection]:
        """This is how somebody is: those for whom it is news, at most `most`."""
        before = self._states.get(update.user_id)
        if before is None or before.looks_like(update):
            return []
        self._states[update.user_id] = update
        return list(islice(self._seeing[update.user_id], self._most))

    def doubt(self, user_id: UUID | None) -> None:
        """Who may see this person, and whom this person may see, may be others now; of everybody where it is None."""
        if user_id is None:
            self._doubts_all = True
        else:
            self._doubted.add(user_id)
            self._meanwhile.doubted[user_id] = self._meanwhile.next()
        self._wake.set()

    def set_lost(self, by: str, is_lost: bool) -> None:
        """Redis was lost, or is back, as somebody has found. It is back when everybody has found it to be."""
        if self._resuming is not None:
            self._resuming.cancel()
            self._resuming = None
        (self._lost_by.add if is_lost else self._lost_by.discard)(by)
        if self._lost_by:
            self._is_lost = True
            self._seeing.clear()
            self._states.clear()
            self._meanwhile.lost_at = self._meanwhile.next()
        else:
            self._resuming = asyncio.get_running_loop().call_later(self._grace, self._resume)

    def _resume(self) -> None:
        self._is_lost = False
        self.doubt(None)

    async def run(self) -> None:
        """Look up what is doubted, and from time to time everything, for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECHECK_SECONDS):
                    await self._wake.wait()
            doubts_all = self._doubts_all or not self._wake.is_set()
            self._wake.clear()
            self._doubts_all = False
            try:
                await self._settle_doubts()
                if doubts_all:
                    await self._look_at_all()
            except UNAVAILABLE as error:
                log.warning("watchers.lost", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                self.doubt(None)
            except Exception:
                log.exception("watchers.failed")
            await asyncio.sleep(GATHER_SECONDS)

    async def _look_at_all(self) -> None:
        for batch in _batches([(one, user_id) for one, wanted in self._wanted.items() for user_id in wanted]):
            await self._look(batch)
            # What there is news of doesn't wait for all the rest.
            await self._settle_doubts()

    async def _settle_doubts(self) -> None:
        doubted, self._doubted = self._doubted, set()
        pairs = [
            (connection, user_id)
            for connection, wanted in self._wanted.items()
            for user_id in (wanted if connection.user_id in doubted else wanted & doubted)
        ]
        for batch in _batches(pairs):
            await self._look(batch)

    async def _look(self, watching: Sequence[Watched], *, answer: bool = False) -> None:
        """Look up who may see whom, and how those are; tell what is new, or, as an `answer`, all of it."""
        if not watching:
            return
        pairs = list({(connection.user_id, user_id) for connection, user_id in watching})
        async with self._gate:
            if self._is_lost:
                return
            with self._meanwhile.looking() as began:
                found = await self._fetch(pairs)
                news = self._learn(watching, found, began=began, answer=answer)
        await self._tell(news)

    def _learn(
        self, watching: Sequence[Watched], found: Mapping[Pair, PresenceUpdate], *, began: int, answer: bool
    ) -> list[Watched]:
        """Keep what was found, as far as there is nothing newer: who is to be told of whom."""
        meanwhile = self._meanwhile
        if self._is_lost or meanwhile.lost_at > began:
            return []
        states: dict[UUID, PresenceUpdate] = {}
        for (_, user_id), update in found.items():
            told_at, told = meanwhile.told.get(user_id, (0, update))
            states[user_id] = told if told_at > began else update
        news: list[Watched] = []
        for connection, user_id in watching:
            for person in (connection.user_id, user_id):
                if meanwhile.doubted.get(person, 0) > began:
                    self.doubt(person)
            if user_id not in self._wanted.get(connection, ()):
                continue
            if (connection.user_id, user_id) not in found:
                if self._hide(connection, user_id):
                    news.append((connection, user_id))
            elif self._show(connection, states[user_id]) or answer:
                news.append((connection, user_id))
        for state in states.values():
            news += [(connection, state.user_id) for connection in self._note(state)]
        return news

    async def _tell(self, news: Iterable[Watched]) -> None:
        """How it is now, which may be later than when it was found to be news."""
        for connection, user_id in news:
            is_seen = connection in self._seeing.get(user_id, ())
            if not self._is_lost and user_id in self._wanted.get(connection, ()):
                told = self._states[user_id] if is_seen else presence_unknown(user_id)
                metrics.deliveries.inc(await connection.tell(told))

    def _show(self, connection: Connection, state: PresenceUpdate) -> bool:
        """False where the connection saw the person before."""
        self._states.setdefault(state.user_id, state)
        seeing = self._seeing[state.user_id]
        is_new = connection not in seeing
        seeing.add(connection)
        return is_new

    def _hide(self, connection: Connection, user_id: UUID) -> bool:
        """False where the connection didn't see the person."""
        seeing = self._seeing.get(user_id, set())
        if connection not in seeing:
            return False
        seeing.remove(connection)
        if not seeing:
            del self._seeing[user_id], self._states[user_id]
        return True


def _batches(watching: Sequence[Watched]) -> Iterator[Sequence[Watched]]:
    for start in range(0, len(watching), BATCH):
        yield watching[start : start + BATCH]
