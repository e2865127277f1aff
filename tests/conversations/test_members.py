"""Who is in a conversation: adding, removing, leaving."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from uuid import uuid4

import msgspec
import pytest

from chat.app import create_app
from chat.conversations import actions
from chat.conversations.member_actions import add_people, hand_over, leave, remove_person
from chat.conversations.model import ConversationNotFound, NotInConversation
from chat.conversations.room_actions import join
from chat.db import Pool
from chat.errors import Conflict, Forbidden, RateLimited, ValidationFailed
from chat.events import (
    ConversationChanged,
    ConversationListed,
    ConversationRemoved,
    Event,
    Message,
    MessageCreated,
    Sender,
)
from chat.services import Services
from chat.settings import Settings
from chat.web.keys import SERVICES
from tests.conversations.state import assert_sound, lines, outcomes, roles
from tests.factory import Factory
from tests.servers import serving
from workers.jobs import forget_departures


async def test_who_is_added_has_read_what_was_said_before(services: Services, pool: Pool, factory: Factory) -> None:
    ada, bo, cy = [await factory.user(name) for name in ("ada", "bo", "cy")]
    group = await factory.group(ada)
    await factory.say(group, [(ada, text, factory.later()) for text in ("one", "two", "three")])

    assert await add_people(services, viewer_id=ada, conversation_id=group, user_ids=[bo, cy]) == 2

    assert await lines(pool, group) == ["Ada: one", "Ada: two", "Ada: three", "Ada added Bo and Cy"]
    his = await actions.get(services, viewer_id=bo, conversation_id=group)
    assert (his.last_seq, his.read_up_to, his.unread) == (4, 3, 1)
    hers = await actions.get(services, viewer_id=ada, conversation_id=group)
    assert hers.unread == 0
    await assert_sound(pool, group)


async def test_everything_that_follows_from_adding(noted: Services, events: list[Event], factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    group = await factory.group(ada)

    await add_people(noted, viewer_id=ada, conversation_id=group, user_ids=[bo])

    listed, created, changed = events
    assert listed == ConversationListed(bo, group)
    assert isinstance(created, MessageCreated)
    line = created.message
    assert line == Message(
        id=line.id,
        conversation_id=group,
        seq=1,
        revision=1,
        sender=Sender(ada, "ada", "Ada", "member"),
        client_message_id=line.client_message_id,
        content="added Bo",
        content_type="system",
        continues=False,
        created_at=line.created_at,
    )
    assert changed == ConversationChanged(
        conversation_id=group,
        kind="group",
        name="A group",
        topic=None,
        visibility="private",
        members_count=2,
        revision=1,
        archived_at=None,
    )


async def test_adding_again_changes_nothing(noted: Services, events: list[Event], pool: Pool, factory: Factory) -> None:
    ada, bo, cy = [await factory.user(name) for name in ("ada", "bo", "cy")]
    group = await factory.group(ada, bo)

    assert await add_people(noted, viewer_id=ada, conversation_id=group, user_ids=[bo, ada]) == 0
    assert events == []
    assert await add_people(noted, viewer_id=ada, conversation_id=group, user_ids=[bo, cy, cy]) == 1
    assert await lines(pool, group) == ["Ada added Cy"]


async def test_many_are_added_in_a_handful_of_statements(services: Services, pool: Pool, factory: Factory) -> None:
    ada = await factory.user("ada")
    people = [await factory.user(f"p{number:03}") for number in range(200)]
    group = await factory.group(ada)
    statements: list[str] = []
    for holder in services.pool._holders:
        if holder._con is not None:
            holder._con.add_query_logger(lambda record: statements.append(record.query))

    await add_people(services, viewer_id=ada, conversation_id=group, user_ids=people)

    assert 0 < len(statements) <= 7, statements
    assert await lines(pool, group) == ["Ada added P000, P001 and 198 others"]
    await assert_sound(pool, group)


async def test_the_last_place_is_given_once(services: Services, pool: Pool, factory: Factory) -> None:
    ada, *others = [await factory.user() for _ in range(6)]
    small = replace(services, settings=msgspec.structs.replace(services.settings, group_max_members=4))
    group = await factory.group(ada, *others[:2])

    came = await outcomes(
        *(add_people(small, viewer_id=ada, conversation_id=group, user_ids=[person]) for person in others[2:])
    )

    assert sorted(map(str, came)) == sorted(map(str, [1, Conflict, Conflict]))
    await assert_sound(pool, group)
    with pytest.raises(Conflict, match="at most 4 members"):
        await add_people(small, viewer_id=ada, conversation_id=group, user_ids=others[2:])
    room = await factory.room(ada, *others[:3])
    assert await add_people(small, viewer_id=ada, conversation_id=room, user_ids=others[3:]) == 2


async def test_who_can_not_be_added_keeps_the_others_out_too(services: Services, pool: Pool, factory: Factory) -> None:
    ada, bo, cy, dee = [await factory.user(name) for name in ("ada", "bo", "cy", "dee")]
    group = await factory.group(ada)
    await pool.execute("update users set deactivated_at = now() where id = $1", cy)
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", ada, dee)

    for person, refusal in ((uuid4(), ValidationFailed), (cy, ValidationFailed), (dee, Forbidden)):
        with pytest.raises(refusal):
            await add_people(services, viewer_id=ada, conversation_id=group, user_ids=[bo, person])

    assert await roles(pool, group) == {ada: "owner"}
    assert await lines(pool, group) == []
    await assert_sound(pool, group)


async def test_who_is_removed_has_nothing_of_it_any_more(
    noted: Services, events: list[Event], pool: Pool, factory: Factory
) -> None:
    ada, bo, cy = [await factory.user(name) for name in ("ada", "bo", "cy")]
    group = await factory.group(ada, bo, cy)

    assert await remove_person(noted, viewer_id=ada, conversation_id=group, user_id=bo)

    assert events[0] == ConversationRemoved(group, bo, "removed")
    assert await lines(pool, group) == ["Ada removed Bo"]
    assert await roles(pool, group) == {ada: "owner", cy: "member"}
    with pytest.raises(ConversationNotFound):
        await actions.get(noted, viewer_id=bo, conversation_id=group)
    await assert_sound(pool, group)
    events.clear()
    assert not await remove_person(noted, viewer_id=ada, conversation_id=group, user_id=bo)
    assert events == []


async def test_who_was_removed_can_be_added_again(services: Services, pool: Pool, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    group = await factory.group(ada, bo)
    await remove_person(services, viewer_id=ada, conversation_id=group, user_id=bo)
    assert await pool.fetchval("select count(*) from departures") == 1

    await add_people(services, viewer_id=ada, conversation_id=group, user_ids=[bo])

    assert await pool.fetchval("select count(*) from departures") == 0
    await assert_sound(pool, group)


async def test_admins_remove_members_and_only_owners_remove_admins(
    services: Services, pool: Pool, factory: Factory
) -> None:
    ada, bo, cy, dee = [await factory.user() for _ in range(4)]
    room = await factory.room(ada, bo, cy, dee)
    for admin in (bo, cy):
        await factory.set_role(room, admin, "admin")

    for target in (ada, cy):
        with pytest.raises(Forbidden):
            await remove_person(services, viewer_id=bo, conversation_id=room, user_id=target)
    with pytest.raises(Forbidden):
        await remove_person(services, viewer_id=dee, conversation_id=room, user_id=bo)
    assert await remove_person(services, viewer_id=bo, conversation_id=room, user_id=dee)
    assert await remove_person(services, viewer_id=ada, conversation_id=room, user_id=cy)
    assert await roles(pool, room) == {ada: "owner", bo: "admin"}


async def test_leaving_says_so_and_removing_oneself_is_leaving(
    noted: Services, events: list[Event], pool: Pool, factory: Factory
) -> None:
    ada, bo, cy = [await factory.user(name) for name in ("ada", "bo", "cy")]
    room = await factory.room(ada, bo, cy)

    await leave(noted, viewer_id=bo, conversation_id=room)
    assert events[0] == ConversationRemoved(room, bo, "left")
    await remove_person(noted, viewer_id=cy, conversation_id=room, user_id=cy)

    assert await lines(pool, room) == ["Bo left", "Cy left"]
    await assert_sound(pool, room)
    with pytest.raises(NotInConversation):
        await leave(noted, viewer_id=bo, conversation_id=room)


async def test_nobody_leaves_a_direct_conversation(services: Services, factory: Factory) -> None:
    ada, bo, direct = await factory.pair()
    with pytest.raises(Forbidden):
        await leave(services, viewer_id=ada, conversation_id=direct)
    with pytest.raises(Forbidden):
        await add_people(services, viewer_id=ada, conversation_id=direct, user_ids=[await factory.user()])
    with pytest.raises(Forbidden):
        await remove_person(services, viewer_id=ada, conversation_id=direct, user_id=bo)


async def test_whoever_is_alone_in_it_deletes_it_by_leaving(
    noted: Services, events: list[Event], pool: Pool, factory: Factory
) -> None:
    ada = await factory.user()
    room = await factory.room(ada)

    await leave(noted, viewer_id=ada, conversation_id=room)

    assert events == [ConversationRemoved(room, None, "deleted")]
    assert await pool.fetchval("select deleted_at is not null from conversations where id = $1", room)
    with pytest.raises(ConversationNotFound):
        await actions.get(noted, viewer_id=ada, conversation_id=room)


async def test_removed_while_being_added_is_one_or_the_other(services: Services, pool: Pool, factory: Factory) -> None:
    ada, bo, cy = [await factory.user() for _ in range(3)]
    room = await factory.room(ada, bo)
    await factory.set_role(room, bo, "admin")
    scope = {"conversation_id": room, "viewer_id": ada}

    for _ in range(5):
        await outcomes(
            add_people(services, user_ids=[cy, bo], **scope),
            remove_person(services, user_id=bo, **scope),
            add_people(services, viewer_id=bo, conversation_id=room, user_ids=[cy]),
            remove_person(services, user_id=cy, **scope),
        )
        await assert_sound(pool, room)


async def test_who_left_yesterday_is_forgotten_by_the_worker(services: Services, pool: Pool, factory: Factory) -> None:
    ada, bo, cy = [await factory.user() for _ in range(3)]
    room = await factory.room(ada, bo, cy)
    for person in (bo, cy):
        await leave(services, viewer_id=person, conversation_id=room)
    await pool.execute("update departures set left_at = now() - interval '25 hours' where user_id = $1", bo)

    await forget_departures({"pool": pool})

    assert [user_id for (user_id,) in await pool.fetch("select user_id from departures")] == [cy]


async def test_nobody_floods_a_room_with_coming_and_going(settings: Settings, pool: Pool, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room = await factory.room(ada)
    app = create_app(msgspec.structs.replace(settings, change_limit_per_minute=10, change_burst=4))
    async with serving(app):
        for doing in (join, leave, join, leave):
            await doing(app[SERVICES], viewer_id=bo, conversation_id=room)
        with pytest.raises(RateLimited) as refusal:
            await join(app[SERVICES], viewer_id=bo, conversation_id=room)
        assert await join(app[SERVICES], viewer_id=await factory.user("cy"), conversation_id=room)

    assert 5 < (refusal.value.retry_after or 0) <= 6
    assert await lines(pool, room) == ["Bo joined", "Bo left", "Bo joined", "Bo left", "Cy joined"]


@pytest.mark.parametrize("change", [remove_person, hand_over])
async def test_members_are_taken_in_the_order_in_which_receipts_take_them(
    services: Services, pool: Pool, factory: Factory, change: Callable[..., Coroutine[None, None, object]]
) -> None:
    first, last = sorted([await factory.user(), await factory.user()])
    group = await factory.group(first, last)
    take = "select from members where conversation_id = $1 and user_id = $2 for no key update"

    async with pool.acquire() as receipts, receipts.transaction():
        # In a deadlock it would be the other one that PostgreSQL breaks off.
        await receipts.execute("set local deadlock_timeout = '1min'")
        await receipts.execute(take, group, first)
        changing = asyncio.create_task(change(services, viewer_id=first, conversation_id=group, user_id=last))
        async with asyncio.timeout(10):
            while not await pool.fetchval("select count(*) from pg_locks where not granted"):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
        await receipts.execute(take, group, last)

    await changing
