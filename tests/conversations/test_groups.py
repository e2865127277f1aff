"""Groups: how one is made, of whom, and what it is called."""

import re
from uuid import uuid4

import msgspec
import pytest

from chat.conversations import actions, detail_actions
from chat.conversations.group_actions import create_group
from chat.db import Pool
from chat.errors import Conflict, Forbidden, ValidationFailed
from chat.events import ConversationListed, Event
from chat.services import Services
from tests.conversations.state import assert_sound, lines, roles
from tests.factory import Factory


async def test_whoever_makes_it_owns_it_and_the_others_are_in_it(
    services: Services, pool: Pool, factory: Factory
) -> None:
    ada, bo, cy = [await factory.user(name) for name in ("ada", "bo", "cy")]

    group = await create_group(services, viewer_id=ada, user_ids=[bo, cy, bo, ada], name="  Lunch\tclub ")

    assert await roles(pool, group) == {ada: "owner", bo: "member", cy: "member"}
    assert await lines(pool, group) == ["Ada started the group with Bo and Cy"]
    await assert_sound(pool, group)
    row = await actions.get(services, viewer_id=bo, conversation_id=group)
    assert (row.kind, row.name, row.named, row.members_count, row.role) == ("group", "Lunch club", True, 3, "member")
    assert (row.unread, row.visibility, row.notify) == (1, "private", "all")
    mine = await actions.get(services, viewer_id=ada, conversation_id=group)
    assert (mine.role, mine.unread) == ("owner", 0)


async def test_everyone_in_it_is_told(noted: Services, events: list[Event], factory: Factory) -> None:
    ada, bo, cy = [await factory.user() for _ in range(3)]

    group = await create_group(noted, viewer_id=ada, user_ids=[bo, cy])

    assert events[:3] == [ConversationListed(person, group) for person in (ada, bo, cy)]
    assert [type(event).__name__ for event in events[3:]] == ["MessageCreated", "ConversationChanged"]


async def test_one_without_a_name_is_called_after_the_others_in_it(services: Services, factory: Factory) -> None:
    ada, bo, cy, dee, eli = [await factory.user(name) for name in ("ada", "bo", "cy", "dee", "eli")]
    two = await create_group(services, viewer_id=ada, user_ids=[bo, cy])
    many = await create_group(services, viewer_id=ada, user_ids=[bo, cy, dee, eli])

    async def name_for(viewer_id: object, group: object) -> str:
        return (await actions.get(services, viewer_id=viewer_id, conversation_id=group)).name  # type: ignore[arg-type]

    assert await name_for(ada, two) == "Bo and Cy"
    assert await name_for(cy, two) == "Ada and Bo"
    assert re.fullmatch(r"\w+, \w+, \w+ and 1 other", await name_for(ada, many))
    assert [row.id for row in await actions.search(services, viewer_id=ada, prefix="dee")] == [many]
    await detail_actions.change_details(services, viewer_id=ada, conversation_id=two, name="Three of us")
    assert await name_for(cy, two) == "Three of us"


async def test_the_avatar_of_one_without_a_name_is_no_persons(services: Services, factory: Factory, pool: Pool) -> None:
    ada, bo, cy = [await factory.user(name) for name in ("ada", "bo", "cy")]
    await pool.execute("update users set display_name = display_name || ' Xu'")
    group = await factory.group(ada, bo, cy, name=None)

    assert (await actions.get(services, viewer_id=ada, conversation_id=group)).initials == "BC"
    await pool.execute("delete from members where user_id = $1", cy)
    assert (await actions.get(services, viewer_id=ada, conversation_id=group)).initials == "BX"


async def test_the_same_request_twice_makes_one_group(services: Services, pool: Pool, factory: Factory) -> None:
    ada, bo = await factory.user(), await factory.user()
    key = uuid4()

    first = await create_group(services, viewer_id=ada, user_ids=[bo], key=key)
    again = await create_group(services, viewer_id=ada, user_ids=[bo], key=key)
    his = await create_group(services, viewer_id=bo, user_ids=[ada], key=key)

    assert first == again != his
    assert await pool.fetchval("select count(*) from conversations") == 2
    await assert_sound(pool, first)


async def test_two_at_least_and_as_many_as_the_setting_says(services: Services, pool: Pool, factory: Factory) -> None:
    ada, *others = [await factory.user() for _ in range(5)]
    small = msgspec.structs.replace(services.settings, group_max_members=4)
    services = Services(small, services.pool, services.redis, services.emit)

    for nobody in ([], [ada]):
        with pytest.raises(ValidationFailed) as refusal:
            await create_group(services, viewer_id=ada, user_ids=nobody)
        assert "user_ids" in refusal.value.fields
    with pytest.raises(Conflict, match="at most 4 members"):
        await create_group(services, viewer_id=ada, user_ids=others)
    assert await pool.fetchval("select count(*) from conversations") == 0
    group = await create_group(services, viewer_id=ada, user_ids=others[:3])
    await assert_sound(pool, group)


async def test_with_somebody_who_is_not_there_nobody_gets_a_group(
    services: Services, pool: Pool, factory: Factory
) -> None:
    ada, bo, cy, dee = [await factory.user(name) for name in ("ada", "bo", "cy", "dee")]
    await pool.execute("update users set deactivated_at = now() where id = $1", cy)
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", dee, ada)

    with pytest.raises(ValidationFailed, match="can't be found"):
        await create_group(services, viewer_id=ada, user_ids=[bo, uuid4()])
    with pytest.raises(ValidationFailed, match="Cy no longer has an active account"):
        await create_group(services, viewer_id=ada, user_ids=[bo, cy])
    with pytest.raises(Forbidden, match="can't add Dee"):
        await create_group(services, viewer_id=ada, user_ids=[bo, dee])

    assert await pool.fetchval("select count(*) from conversations") == 0
    assert await pool.fetchval("select count(*) from members") == 0


@pytest.mark.parametrize("name", ["x" * 81, "\u202eBoard", "\u200b", "a\0b", "\ud800", "x" * 10_000])
async def test_what_can_not_be_a_name(services: Services, factory: Factory, name: str) -> None:
    ada, bo = await factory.user(), await factory.user()
    with pytest.raises(ValidationFailed) as refusal:
        await create_group(services, viewer_id=ada, user_ids=[bo], name=name)
    assert "name" in refusal.value.fields
