"""People who come into a room and go out of it, over two processes at once, as Hypothesis decides."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from aiohttp import web
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from chat.conversations.detail_actions import change_details, delete
from chat.conversations.member_actions import add_people, change_role, hand_over, leave, remove_person
from chat.conversations.room_actions import join
from chat.db import Pool
from chat.errors import ChatError
from chat.events import ConversationListed
from chat.realtime.socket import HUB
from chat.services import Services
from chat.web.keys import SERVICES
from tests.conversations.state import assert_sound, roles
from tests.device import Device
from tests.factory import Factory

PEOPLE = 4

people = st.integers(0, PEOPLE - 1)
processes = st.integers(0, 1)


@dataclass(frozen=True, slots=True)
class World:
    """Two web processes in the test's own loop, on the same servers."""

    runner: asyncio.Runner
    pool: Pool
    apps: tuple[web.Application, web.Application]
    urls: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does to the room, or to somebody in it."""

    what: str
    by: int
    whom: int
    process: int


kinds = ("add", "remove", "leave", "join", "owner", "admin", "member", "hand over", "rename", "delete")
deeds = st.builds(Deed, st.sampled_from(kinds), people, people, processes)
Action: TypeAlias = Callable[[Services, dict[str, Any], UUID], Awaitable[object]]

ACTIONS: dict[str, Action] = {
    "add": lambda services, scope, whom: add_people(services, user_ids=[whom], **scope),
    "remove": lambda services, scope, whom: remove_person(services, user_id=whom, **scope),
    "leave": lambda services, scope, _: leave(services, **scope),
    "join": lambda services, scope, _: join(services, **scope),
    "owner": lambda services, scope, whom: change_role(services, user_id=whom, role="owner", **scope),
    "admin": lambda services, scope, whom: change_role(services, user_id=whom, role="admin", **scope),
    "member": lambda services, scope, whom: change_role(services, user_id=whom, role="member", **scope),
    "hand over": lambda services, scope, whom: hand_over(services, user_id=whom, **scope),
    "rename": lambda services, scope, whom: change_details(services, topic=str(whom), **scope),
    "delete": lambda services, scope, _: delete(services, **scope),
}


class Membership(RuleBasedStateMachine):
    """Whatever is done, one after the other or at once, leaves the room sound; and then whoever is in it hears what is
    said there, on both processes, and nobody else does."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.factory = Factory(world.pool)
        self.users: list[UUID] = []
        self.devices: list[Device] = []
        self.stack = AsyncExitStack()
        self.room: UUID

    def run(self, doing: Awaitable[object]) -> None:
        async def do() -> None:
            await doing

        self.world.runner.run(do())

    @initialize(visibility=st.sampled_from(["public", "private"]))
    def begin(self, visibility: str) -> None:
        self.run(self._begin(visibility))

    async def _begin(self, visibility: str) -> None:
        self.users = [await self.factory.user() for _ in range(PEOPLE)]
        self.room = await self.factory.room(*self.users[:2], visibility=visibility)
        self.devices = [await self._connect(person, process) for person in range(PEOPLE) for process in (0, 1)]

    async def _connect(self, person: int, process: int) -> Device:
        device = await Device.connect(self.world.urls[process], self.world.pool, self.users[person])
        self.stack.push_async_callback(device.close)
        await device.say("subscribe", conversation_id=self.room)
        return device

    def owner_of(self, device: Device) -> UUID:
        return self.users[self.devices.index(device) // 2]

    @rule(deed=deeds)
    def do(self, deed: Deed) -> None:
        self.run(self._at_once([deed]))

    @rule(several=st.lists(deeds, min_size=2, max_size=5))
    def do_at_once(self, several: Sequence[Deed]) -> None:
        self.run(self._at_once(several))

    async def _at_once(self, several: Sequence[Deed]) -> None:
        done = await asyncio.gather(*(self._do(deed) for deed in several), return_exceptions=True)
        for refusal in done:
            if isinstance(refusal, BaseException) and not isinstance(refusal, ChatError):
                raise refusal
        await assert_sound(self.world.pool, self.room)

    async def _do(self, deed: Deed) -> None:
        services = self.world.apps[deed.process][SERVICES]
        scope = {"viewer_id": self.users[deed.by], "conversation_id": self.room}
        await ACTIONS[deed.what](services, scope, self.users[deed.whom])

    @rule(number=st.integers(0, 2 * PEOPLE - 1), several=st.lists(deeds, max_size=2))
    def come_back(self, number: int, several: Sequence[Deed]) -> None:
        self.run(self._come_back(number, several))

    async def _come_back(self, number: int, several: Sequence[Deed]) -> None:
        """While things happen, too."""
        await self.devices[number].close()
        connecting, _ = await asyncio.gather(self._connect(number // 2, number % 2), self._at_once(several))
        self.devices[number] = connecting

    @rule(person=people, process=processes, several=st.lists(deeds, max_size=3))
    def send(self, person: int, process: int, several: Sequence[Deed]) -> None:
        self.run(self._send(self.devices[person * 2 + process], several))

    async def _send(self, device: Device, several: Sequence[Deed]) -> None:
        await asyncio.gather(device.send(self.room, "in between"), self._at_once(several))

    @precondition(lambda self: self.users)
    @rule()
    def whoever_is_in_it_hears_and_nobody_else(self) -> None:
        self.run(self._compare())

    def teardown(self) -> None:
        self.run(self._end())

    async def _end(self) -> None:
        try:
            if self.users:
                await self._compare()
        finally:
            await self.stack.aclose()

    async def _compare(self) -> None:
        deleted = await self.world.pool.fetchval(
            "select deleted_at is not null from conversations where id = $1", self.room
        )
        members = {} if deleted else await roles(self.world.pool, self.room)
        await self._all_news_have_come()
        await self._rosters_become(members)
        before = [len(device.frames) for device in self.devices]
        inside = [device for device in self.devices if self.owner_of(device) in members]
        for device in inside[:1]:
            await device.send(self.room, "who is here?")
        await self._all_news_have_come()
        for device, seen in zip(self.devices, before, strict=True):
            told = [frame for frame in device.frames[seen:] if frame.get("conversation_id") == str(self.room)]
            # Whoever writes has read what came before, and the own devices are told that too.
            heard = [frame["type"] for frame in told if frame["type"] != "receipt:updated"]
            expected = ["message:sent" if device is inside[0] else "message:received"] if device in inside else []
            assert heard == expected, (self.owner_of(device), members)
        await assert_sound(self.world.pool, self.room)

    async def _all_news_have_come(self) -> None:
        """News of something else, from both processes: they come after all that was told before."""
        for app in self.world.apps:
            marks = {user_id: await self.factory.group(user_id) for user_id in self.users}
            for user_id, mark in marks.items():
                app[SERVICES].emit(ConversationListed(user_id, mark))
            for device in self.devices:
                await device.expect("conversation:updated", conversation_id=marks[self.owner_of(device)])

    async def _rosters_become(self, members: dict[UUID, str]) -> None:
        wanted = sorted(members)
        for app in self.world.apps:
            async with asyncio.timeout(5):
                while sorted(one.user_id for one in app[HUB].roster.told_of(self.room)) != wanted:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
