"""News of who is in a conversation that come late, in the wrong order, or not at all."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
import redis
from aiohttp import web

from chat.conversations.detail_actions import delete
from chat.conversations.member_actions import add_people, remove_person
from chat.conversations.room_actions import join
from chat.db import Pool
from chat.events import ConversationListed, ConversationRemoved
from chat.realtime import recheck
from chat.realtime.hub import Hub
from chat.realtime.socket import FEATURES
from chat.services import Services
from tests.conversations.conftest import Heard
from tests.conversations.state import assert_sound
from tests.device import Connect
from tests.factory import Factory


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


async def test_news_of_coming_that_come_after_those_of_going_let_nobody_in(
    services: Services, factory: Factory, connect: Connect, hub: Hub, heard: Heard
) -> None:
    ada, bo = await factory.user(), await factory.user()
    group = await factory.group(ada, bo)
    hers, his = await connect(ada), await connect(bo)
    await remove_person(services, viewer_id=ada, conversation_id=group, user_id=bo)
    await his.expect("conversation:removed", conversation_id=group)

    hub.emit(ConversationListed(bo, group))
    await his.expect("conversation:updated", conversation_id=group)
    await until(lambda: len(hub.roster.told_of(group)) == 1)

    await hers.send(group, "among us")
    assert "message:received" not in await heard(his, bo, group)


async def test_news_of_going_that_come_after_those_of_coming_keep_nobody_out(
    services: Services, factory: Factory, connect: Connect, hub: Hub
) -> None:
    ada, bo = await factory.user(), await factory.user()
    group = await factory.group(ada)
    hers, his = await connect(ada), await connect(bo)
    await add_people(services, viewer_id=ada, conversation_id=group, user_ids=[bo])
    await his.expect("conversation:updated", conversation_id=group)

    seen = len(his.frames)
    hub.emit(ConversationRemoved(group, bo, "removed"))
    await his.expect("conversation:removed", conversation_id=group)
    await his.expect("conversation:updated", since=seen, conversation_id=group)

    await hers.send(group, "still here?")
    await his.expect("message:received", conversation_id=group, seq=2)


async def test_who_connects_while_being_removed_hears_nothing(
    app: web.Application,
    services: Services,
    factory: Factory,
    connect: Connect,
    hub: Hub,
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada, bo = await factory.user(), await factory.user()
    group = await factory.group(ada, bo)
    hers = await connect(ada)
    asked, answer = asyncio.Event(), asyncio.Event()
    features = app[FEATURES]

    async def slow(app: web.Application, user_id: UUID) -> list[UUID]:
        found = await features.conversation_ids(app, user_id)
        asked.set()
        await answer.wait()
        return found

    monkeypatch.setitem(app._state, FEATURES, replace(features, conversation_ids=slow))
    connecting = asyncio.ensure_future(connect(bo))
    await asked.wait()
    await remove_person(services, viewer_id=ada, conversation_id=group, user_id=bo)
    await hers.expect("message:received", conversation_id=group, seq=1)
    answer.set()
    his = await connecting
    await until(lambda: len(hub.roster.told_of(group)) == 1)

    await hers.send(group, "among us")
    assert "message:received" not in await heard(his, bo, group)


@pytest.fixture
def lost_news(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look comes soon; tests change the database as another process would whose news are lost."""
    monkeypatch.setattr(recheck, "INTERVAL_SECONDS", 0.05)


@pytest.mark.usefixtures("lost_news")
class TestWhenNewsAreLost:
    """The database is looked at again, every half minute and when the bus was interrupted."""

    async def test_who_was_removed_is_told_nothing_more(
        self, noted: Services, factory: Factory, connect: Connect, hub: Hub
    ) -> None:
        ada, bo = await factory.user(), await factory.user()
        group = await factory.group(ada, bo)
        his = await connect(bo)
        await his.watch(group)

        await remove_person(noted, viewer_id=ada, conversation_id=group, user_id=bo)

        await his.expect("conversation:removed", conversation_id=group)
        assert hub.roster.told_of(group) == ()

    async def test_who_is_in_it_again_stays(
        self, noted: Services, pool: Pool, factory: Factory, connect: Connect, hub: Hub
    ) -> None:
        ada, bo = await factory.user(), await factory.user()
        group, other = await factory.group(ada, bo), await factory.group(ada, bo)
        his = await connect(bo)
        # As the look finds it that was begun before bo came back.
        await pool.execute("insert into departures (conversation_id, user_id) values ($1, $2)", group, bo)
        await remove_person(noted, viewer_id=ada, conversation_id=other, user_id=bo)
        await his.expect("conversation:removed", conversation_id=other)
        assert len(hub.roster.told_of(group)) == 1

    async def test_what_was_deleted_is_gone(self, noted: Services, factory: Factory, connect: Connect) -> None:
        ada, bo = await factory.user(), await factory.user()
        room = await factory.room(ada, bo)
        his = await connect(bo)
        await delete(noted, viewer_id=ada, conversation_id=room)
        # Two looks may find it: that of what was deleted, and that of who is still in it.
        assert (await his.expect("conversation:removed", conversation_id=room))["reason"] in {"deleted", "removed"}


async def test_after_the_bus_was_interrupted_who_came_in_is_told(
    noted: Services, pool: Pool, factory: Factory, connect: Connect, hub: Hub, redis_url: str
) -> None:
    ada, bo = await factory.user(), await factory.user()
    room = await factory.room(ada)
    his = await connect(bo)
    await join(noted, viewer_id=bo, conversation_id=room)
    assert hub.roster.told_of(room) == ()

    with redis.Redis.from_url(redis_url) as connection:
        connection.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

    await his.expect("conversation:updated", conversation_id=room)
    assert len(hub.roster.told_of(room)) == 1
    await assert_sound(pool, room)
