"""Devices that come, beat, leave and die, as Hypothesis decides, in a time that only the test moves."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chat.events import PresenceChanged
from chat.presence import registry
from chat.presence.model import Activity, Beat, Kind
from chat.presence.registry import OFFLINE, State
from chat.redis import Redis

LIFE, GRACE = 35.0, 5.0
START = 1_800_000_000.0
PEOPLE, DEVICES = 2, 3

people = st.integers(0, PEOPLE - 1)
devices = st.integers(0, DEVICES - 1)
statuses: st.SearchStrategy[Activity] = st.sampled_from(["online", "away"])
kinds: st.SearchStrategy[Kind] = st.sampled_from(["desktop", "mobile"])
seconds = st.integers(0, 40).map(float)
_decode = msgspec.json.Decoder(PresenceChanged).decode


@dataclass
class Known:
    """What the model knows of a device."""

    status: Activity
    kind: Kind
    active_at: float
    heard_at: float
    until: float


@dataclass
class World:
    """A Redis, and what was published there."""

    runner: asyncio.Runner
    redis: Redis
    subscriber: Any

    def keys(self) -> list[bytes]:
        """All that is kept."""

        async def find() -> list[bytes]:
            return list(await self.redis.keys("*"))

        return self.runner.run(find())

    def forget(self) -> None:
        """As when it is started anew."""

        async def flush() -> None:
            await self.redis.flushall()

        self.runner.run(flush())

    def published(self) -> list[PresenceChanged]:
        """What was published since this was asked last, in its order."""

        async def take() -> list[PresenceChanged]:
            # Everything that was published before this is delivered before it.
            mark = uuid4().hex
            await self.redis.publish("chat:presence:mark", mark)
            found = []
            while (data := (await anext(self.subscriber.listen()))["data"]) != mark.encode():
                assert data.startswith(registry.ORIGIN.encode())
                found.append(_decode(data[len(registry.ORIGIN) :]))
            return found

        return self.runner.run(take())


@dataclass
class Person:
    """Somebody, with the devices that the model believes to live."""

    id: UUID = field(default_factory=uuid4)
    devices: dict[str, Known] = field(default_factory=dict)
    told: State = OFFLINE

    def state(self) -> State:
        """Online where a device is, on the one that was used last."""
        if not self.devices:
            return OFFLINE
        latest = max(self.devices.values(), key=lambda device: device.active_at)
        is_online = any(device.status == "online" for device in self.devices.values())
        return State("online" if is_online else "away", latest.kind)


class Presence(RuleBasedStateMachine):
    """After every step others have been told exactly what is so, once for each change."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.now = START
        self.people = [Person() for _ in range(PEOPLE)]

    @initialize()
    def begin(self) -> None:
        self.world.forget()
        self.world.published()

    @rule(person=people, device=devices, status=statuses, kind=kinds, idle=seconds, age=seconds)
    def beat(self, person: int, device: int, status: Activity, kind: Kind, idle: float, age: float) -> None:
        """A device says how it is; that came with some delay."""
        # Two that were active in the same moment are told apart by chance.
        idle += (device + 1) / 10
        known = Known(status, kind, self.now - idle, self.now - age, self.now - age + LIFE)
        self.people[person].devices[str(device)] = known
        self.step(Beat(self.people[person].id, str(device), status, kind, idle, age, LIFE))

    @rule(person=people, device=devices)
    def leave(self, person: int, device: int) -> None:
        """A device that is there says goodbye."""
        known = self.people[person].devices.get(str(device))
        if known is not None:
            known.heard_at, known.until = self.now, self.now + GRACE
            idle = self.now - known.active_at
            self.step(Beat(self.people[person].id, str(device), known.status, known.kind, idle, 0.0, GRACE))

    @rule(person=people, device=devices)
    def sign_out(self, person: int, device: int) -> None:
        """A device is gone at once, whether it was there or not."""
        self.people[person].devices.pop(str(device), None)
        self.step(Beat(self.people[person].id, str(device), "online", "desktop", 0.0, 0.0, 0.0))

    @rule(person=people)
    def hide(self, person: int) -> None:
        """Somebody becomes invisible."""
        self.people[person].devices.clear()
        self.step(Beat(self.people[person].id, registry.ALL, "online", "desktop", 0.0, 0.0, 0.0))

    @rule(passed=seconds, processes=st.integers(1, 3))
    def sweep(self, passed: float, processes: int) -> None:
        """Time passes, and every process looks whose is over."""
        self.now += passed
        for _ in range(processes):
            self.step()

    @rule(back=st.integers(1, 100_000))
    def set_clock_back(self, back: int) -> None:
        """Whoever is there then stays for as long as a device that has just been heard of, and no longer."""
        self.now -= back
        for person in self.people:
            for known in person.devices.values():
                known.until = min(known.until, self.now + LIFE)
        self.step()

    @rule()
    def forget(self) -> None:
        """Redis is started anew: nobody is told that anybody left."""
        self.world.forget()
        for person in self.people:
            person.devices.clear()
            person.told = OFFLINE

    def step(self, *beats: Beat) -> None:
        """One call, as a process makes it."""
        for person in self.people:
            person.devices = {name: known for name, known in person.devices.items() if known.until > self.now}
        self.world.runner.run(registry.update(self.world.redis, beats, longest=LIFE, now=self.now))

    @invariant()
    def others_are_told_once_what_is_so(self) -> None:
        published = self.world.published()
        for person in self.people:
            news = [State(event.status, event.device) for event in published if event.user_id == person.id]
            # Several calls were made at the same time: the first one told it.
            assert news == ([] if person.state() == person.told else [person.state()])
            person.told = person.state()
        ids = [person.id for person in self.people]
        assert self.world.runner.run(registry.states(self.world.redis, ids)) == [one.told for one in self.people]
        for event in published:
            assert (event.last_seen is None) == (event.status != "offline")
            assert event.last_seen is None or event.last_seen <= self.now
