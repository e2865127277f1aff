"""Roles, and that there is always an owner."""

from uuid import uuid4

import pytest

from chat.conversations.member_actions import change_role, hand_over, leave, remove_person
from chat.db import Pool
from chat.errors import Conflict, Forbidden, NotFound, ValidationFailed
from chat.events import (
    ConversationListed,
    Event,
)
from chat.services import Services
from tests.conversations.state import assert_sound, lines, outcomes, roles
from tests.factory import Factory


async def test_the_last_owner_stays_until_somebody_else_owns_it(
    services: Services, pool: Pool, factory: Factory
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    group = await factory.group(ada, bo)

    with pytest.raises(Conflict, match="Hand it over"):
        await leave(services, viewer_id=ada, conversation_id=group)
    with pytest.raises(Conflict, match="Hand it over"):
        await remove_person(services, viewer_id=ada, conversation_id=group, user_id=ada)
    with pytest.raises(Conflict, match="Hand it over"):
        await change_role(services, viewer_id=ada, conversation_id=group, user_id=ada, role="member")
    assert await roles(pool, group) == {ada: "owner", bo: "member"}

    await hand_over(services, viewer_id=ada, conversation_id=group, user_id=bo)
    assert await roles(pool, group) == {ada: "admin", bo: "owner"}
    await leave(services, viewer_id=ada, conversation_id=group)
    assert await lines(pool, group) == ["Ada handed the group over to Bo", "Ada left"]
    await assert_sound(pool, group)


async def test_of_two_owners_who_leave_at_once_one_stays(services: Services, pool: Pool, factory: Factory) -> None:
    ada, bo, cy = [await factory.user() for _ in range(3)]
    for _ in range(5):
        room = await factory.room(ada, bo, cy)
        await factory.set_role(room, bo, "owner")

        left = await outcomes(
            leave(services, viewer_id=ada, conversation_id=room), leave(services, viewer_id=bo, conversation_id=room)
        )

        assert sorted(map(str, left)) == sorted(map(str, [None, Conflict]))
        await assert_sound(pool, room)


async def test_two_owners_who_take_each_other_down_leave_one(services: Services, pool: Pool, factory: Factory) -> None:
    ada, bo = await factory.user(), await factory.user()
    room = await factory.room(ada, bo)
    await factory.set_role(room, bo, "owner")

    done = await outcomes(
        change_role(services, viewer_id=ada, conversation_id=room, user_id=bo, role="member"),
        change_role(services, viewer_id=bo, conversation_id=room, user_id=ada, role="member"),
    )

    assert sorted(map(str, done)) == sorted(map(str, [None, Forbidden]))
    await assert_sound(pool, room)


async def test_roles_are_said_and_told(noted: Services, events: list[Event], pool: Pool, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room = await factory.room(ada, bo)
    scope = {"viewer_id": ada, "conversation_id": room}

    for role in ("admin", "admin", "owner", "member"):
        await change_role(noted, user_id=bo, role=role, **scope)

    assert await lines(pool, room) == ["Ada made Bo an admin", "Ada made Bo an owner", "Ada made Bo a member"]
    assert events.count(ConversationListed(bo, room)) == 3
    with pytest.raises(Forbidden):
        await change_role(noted, viewer_id=bo, conversation_id=room, user_id=bo, role="owner")
    with pytest.raises(NotFound):
        await change_role(noted, user_id=uuid4(), role="admin", **scope)
    with pytest.raises(NotFound):
        await hand_over(noted, user_id=await factory.user(), **scope)
    with pytest.raises(ValidationFailed):
        await hand_over(noted, user_id=ada, **scope)
    await assert_sound(pool, room)


async def test_an_owner_whose_account_is_deactivated_is_none(services: Services, pool: Pool, factory: Factory) -> None:
    ada, bo, cy = [await factory.user() for _ in range(3)]
    room = await factory.room(ada, bo, cy)
    await factory.set_role(room, bo, "owner")
    await pool.execute("update users set deactivated_at = now() where id = $1", bo)

    with pytest.raises(Conflict):
        await leave(services, viewer_id=ada, conversation_id=room)
    with pytest.raises(ValidationFailed):
        await hand_over(services, viewer_id=ada, conversation_id=room, user_id=bo)
    await hand_over(services, viewer_id=ada, conversation_id=room, user_id=cy)
    await leave(services, viewer_id=ada, conversation_id=room)
    await assert_sound(pool, room)
