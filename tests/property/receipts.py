"""People who read in any order, on several devices and processes, while a worker stores what they have read, as
Hypothesis decides."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from chat.db import Pool
from chat.events import Event, ReceiptMoved
from chat.messages.model import NewMessage
from chat.messages.writer import Writer
from chat.receipts import consumer, snapshots
from chat.receipts.flush import flush
from chat.receipts.model import Receipt
from chat.receipts.recorder import Recorder
from chat.redis import Redis
from chat.services import Services
from chat.settings import Settings
from tests.factory import Factory, client_id
from tests.workers.waiting import NOTHING, left_in_redis, time_passes

PEOPLE = 4
T = TypeVar("T")

people = st.integers(0, PEOPLE - 1)
processes = st.integers(0, 1)


@dataclass(frozen=True)
class World:
    """What stays while conversations come and go. `lost` is a Redis that nobody reaches."""

    runner: asyncio.Runner
    settings: Settings
    pool: Pool
    redis: Redis
    lost: Redis


class Said(NamedTuple):
    """A receipt of a device, or a message, as a number: it is for the last message, or so many before or after it."""

    what: str
    person: int
    process: int
    number: int


saids = st.builds(Said, st.sampled_from(["read", "read", "delivered", "send"]), people, processes, st.integers(-8, 2))


class Process:
    """What a web process has of it: small groups are those of up to two people, so this one is large, or not."""

    def __init__(self, world: World, direct_max: int) -> None:
        self.events: list[Event] = []
        self.recorders = {
            has_redis: Recorder(
                world.pool,
                world.redis if has_redis else world.lost,
                direct_max=direct_max,
                timeout=10,
                emit=self.events.append,
            )
            for has_redis in (True, False)
        }
        self.has_redis = True
        self.writer = Writer(
            world.pool,
            writers=2,
            batch=8,
            queue=100,
            retries=2,
            timeout=10,
            direct_max=direct_max,
            committed=lambda _message: None,
            read=lambda moved: self.recorder.tell(moved),
        )

    @property
    def recorder(self) -> Recorder:
        return self.recorders[self.has_redis]


class Receipts(RuleBasedStateMachine):
    """Whatever is read, flushed and lost: everybody ends with the furthest that one of their devices has said, step by
    step in the order of time, and the counts are what the database says."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.users: list[UUID] = []
        # As far as is known to have been said, by person; and what there was at the time.
        self.read: defaultdict[UUID, int] = defaultdict(int)
        self.delivered: defaultdict[UUID, int] = defaultdict(int)
        self.last_seq = 0
        self.seen: dict[UUID, tuple[int, int]] = {}
        self.processes: list[Process] = []
        self.room: UUID

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.world.runner.run(doing)

    @initialize(direct_max=st.sampled_from([2, 2, 2, 10]), members=st.integers(2, PEOPLE))
    def begin(self, direct_max: int, members: int) -> None:
        self.run(self._begin(direct_max, members))

    async def _begin(self, direct_max: int, members: int) -> None:
        await self.world.redis.flushdb()
        self.factory = Factory(self.world.pool)
        self.users = [await self.factory.user() for _ in range(PEOPLE)]
        # A small one has to have all of the people there may be.
        self.room = await self.factory.group(*self.users[: max(members, 3)])
        await self.factory.say(self.room, [(self.users[0], str(n), self.factory.later()) for n in range(10)])
        self.last_seq = 10
        self.processes = [Process(self.world, direct_max) for _ in range(2)]

    @rule(said=saids)
    def say(self, said: Said) -> None:
        self.run(self._at_once([said]))

    @rule(several=st.lists(saids, min_size=2, max_size=8))
    def say_at_once(self, several: Sequence[Said]) -> None:
        self.run(self._at_once(several))

    @rule(several=st.lists(saids, max_size=5))
    def flush_meanwhile(self, several: Sequence[Said]) -> None:
        self.run(self._flush_meanwhile(several))

    async def _flush_meanwhile(self, several: Sequence[Said]) -> None:
        await asyncio.gather(self._flush(), self._flush(), self._at_once(several))

    @rule(process=processes)
    def redis_is_lost_to_a_process_or_back(self, process: int) -> None:
        self.processes[process].has_redis ^= True

    @rule()
    def a_worker_dies_with_what_it_has_taken(self) -> None:
        self.run(self._take_and_die())

    async def _take_and_die(self) -> None:
        await consumer.take(self.world.redis, most=3, again_after=9, tries=1_000_000)

    @precondition(lambda self: self.users)
    @rule(person=people)
    def somebody_comes_in(self, person: int) -> None:
        self.run(self._come_in(self.users[person]))

    async def _come_in(self, user_id: UUID) -> None:
        added = await self.world.pool.fetchval(
            """
            insert into members (conversation_id, user_id, delivered_up_to_seq, read_up_to_seq, joined_seq)
            select id, $2, last_seq, last_seq, last_seq from conversations where id = $1
            on conflict do nothing
            returning read_up_to_seq
            """,
            self.room,
            user_id,
        )
        if added is not None:
            await self.world.pool.execute(
                "update conversations set members_count = members_count + 1 where id = $1", self.room
            )
            self.read[user_id] = self.delivered[user_id] = added

    async def _at_once(self, several: Sequence[Said]) -> None:
        await asyncio.gather(*(self._say(said) for said in several))
        self.last_seq = await self.world.pool.fetchval("select last_seq from conversations where id = $1", self.room)
        await self._nothing_went_back()

    async def _say(self, said: Said) -> None:
        user_id, process = self.users[said.person], self.processes[said.process]
        if said.what == "send":
            message = NewMessage(client_id(), self.room, user_id, client_id(), "Hello")
            [sent] = await asyncio.gather(process.writer.store(message), return_exceptions=True)
            if not isinstance(sent, BaseException):
                self._note(user_id, read=sent.message.seq)
            return
        # One beyond the end means the end; who knows where that is while others write?
        up_to = max(0, min(self.last_seq + said.number, self.last_seq))
        receipt = Receipt(self.room, user_id, **{said.what: up_to})
        state = await process.recorder.record(receipt)
        if state is not None:
            self._note(user_id, **{said.what: up_to})
            assert state.read_up_to >= (up_to if said.what == "read" else 0)

    def _note(self, user_id: UUID, *, read: int = 0, delivered: int = 0) -> None:
        self.read[user_id] = max(self.read[user_id], read)
        self.delivered[user_id] = max(self.delivered[user_id], read, delivered)

    async def _flush(self) -> None:
        await flush(self.world.pool, self.world.redis, self.world.settings, is_ending=lambda: False)

    async def _nothing_went_back(self) -> None:
        rows = await self.world.pool.fetch(
            "select user_id, delivered_up_to_seq, read_up_to_seq from members where conversation_id = $1", self.room
        )
        for user_id, *now in rows:
            before = self.seen.get(user_id, (0, 0))
            assert now[0] >= before[0]
            assert now[1] >= before[1]
            assert now[1] <= now[0] <= self.last_seq
            self.seen[user_id] = (now[0], now[1])

    def teardown(self) -> None:
        if self.users:
            self.run(self._end())

    async def _end(self) -> None:
        for process in self.processes:
            for recorder in process.recorders.values():
                await recorder.close()
        services = Services(self.world.settings, self.world.pool, self.world.redis, lambda _event: None)
        before = await snapshots.counts(services, self.room, self.users)
        await time_passes_if_taken(self.world.redis)
        await self._flush()
        assert await left_in_redis(self.world.redis) == NOTHING
        rows = await self.world.pool.fetch(
            "select user_id, delivered_up_to_seq, read_up_to_seq from members where conversation_id = $1", self.room
        )
        assert {row["user_id"]: row["read_up_to_seq"] for row in rows} == {
            row["user_id"]: self.read[row["user_id"]] for row in rows
        }
        assert {row["user_id"]: row["delivered_up_to_seq"] for row in rows} == {
            row["user_id"]: self.delivered[row["user_id"]] for row in rows
        }
        assert await snapshots.counts(services, self.room, self.users) == before
        for row in rows:
            await self._steps_are_sound(row["user_id"])

    async def _steps_are_sound(self, user_id: UUID) -> None:
        """Further is later; and what others have written and the person has read was read at some time, and told."""
        steps = await self.world.pool.fetch(
            "select up_to_seq, read_at from read_events where conversation_id = $1 and user_id = $2 order by up_to_seq",
            self.room,
            user_id,
        )
        times = [step["read_at"] for step in steps]
        assert times == sorted(times)
        assert [step["up_to_seq"] for step in steps if step["up_to_seq"] > self.read[user_id]] == []
        # What somebody writes is read by that, and no news where nothing of others came between.
        of_others = await self.world.pool.fetchval(
            """
            select coalesce(max(g.seq), 0)
            from members m
            join messages g on g.conversation_id = m.conversation_id and g.sender_id <> m.user_id
                and g.seq > m.joined_seq and g.seq <= m.read_up_to_seq
            where m.conversation_id = $1 and m.user_id = $2
            """,
            self.room,
            user_id,
        )
        assert max((step["up_to_seq"] for step in steps), default=0) >= of_others
        assert of_others <= self._told_of(user_id) <= self.read[user_id]

    def _told_of(self, user_id: UUID) -> int:
        events = [event for process in self.processes for event in process.events if isinstance(event, ReceiptMoved)]
        return max((event.read_up_to for event in events if event.user_id == user_id), default=0)


async def time_passes_if_taken(redis: Redis) -> None:
    """A worker that has taken entries and died is waited for no longer."""
    if (await left_in_redis(redis))["taken"]:
        await time_passes(redis)
