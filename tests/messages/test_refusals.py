"""Who may not write is told why, and leaves no gap."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from chat.db import Pool
from tests.device import Connect
from tests.factory import Factory
from tests.screen import stored_messages


async def in_a_group_of_others(factory: Factory, _me: UUID) -> UUID:
    other, third = await factory.user(), await factory.user()
    return await factory.group(other, third)


async def nowhere(_factory: Factory, _me: UUID) -> UUID:
    return uuid4()


async def in_a_private_room_of_others(factory: Factory, _me: UUID) -> UUID:
    return await factory.room(await factory.user(), visibility="private")


async def in_a_public_room_not_joined(factory: Factory, _me: UUID) -> UUID:
    return await factory.room(await factory.user())


async def in_an_archived_room(factory: Factory, me: UUID) -> UUID:
    room = await factory.room(me)
    await factory.pool.execute("update conversations set archived_at = now() where id = $1", room)
    return room


async def in_a_deleted_room(factory: Factory, me: UUID) -> UUID:
    room = await factory.room(me)
    await factory.pool.execute("update conversations set deleted_at = now() where id = $1", room)
    return room


async def to_somebody_who_blocked_me(factory: Factory, me: UUID) -> UUID:
    other = await factory.user()
    conversation = await factory.direct(me, other)
    await factory.pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", other, me)
    return conversation


async def to_somebody_i_blocked(factory: Factory, me: UUID) -> UUID:
    other = await factory.user()
    conversation = await factory.direct(other, me)
    await factory.pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", me, other)
    return conversation


async def after_i_was_removed(factory: Factory, me: UUID) -> UUID:
    room = await factory.room(await factory.user(), me, visibility="private")
    await factory.pool.execute("delete from members where user_id = $1", me)
    return room


@pytest.mark.parametrize(
    ("place", "code", "reason"),
    [
        (nowhere, "NOT_FOUND", "does not exist, or you are not in it"),
        (in_a_group_of_others, "NOT_FOUND", "does not exist, or you are not in it"),
        (in_a_private_room_of_others, "NOT_FOUND", "does not exist, or you are not in it"),
        (after_i_was_removed, "NOT_FOUND", "does not exist, or you are not in it"),
        (in_a_deleted_room, "NOT_FOUND", "does not exist, or you are not in it"),
        (in_a_public_room_not_joined, "NOT_IN_CONVERSATION", "Join it first"),
        (in_an_archived_room, "FORBIDDEN", "archived"),
        (to_somebody_who_blocked_me, "FORBIDDEN", "blocked"),
        (to_somebody_i_blocked, "FORBIDDEN", "blocked"),
    ],
)
async def test_who_may_not_write_is_told_why_and_nothing_is_stored(
    factory: Factory,
    connect: Connect,
    pool: Pool,
    place: Callable[[Factory, UUID], Awaitable[UUID]],
    code: str,
    reason: str,
) -> None:
    me = await factory.user()
    mine = await connect(me)
    allowed = await factory.room(me)
    assert (await mine.send(allowed, "here I may"))["type"] == "message:sent"
    conversation = await place(factory, me)

    for reply_to in (None, uuid4()):
        refusal = await mine.send(conversation, "may I?", reply_to=reply_to)
        assert (refusal["type"], refusal["code"], refusal["retryable"]) == ("message:error", code, False)
        assert reason in refusal["message"]

    assert await stored_messages(pool, conversation) == []
    assert await pool.fetchval("select max(last_seq) from conversations where id = $1", conversation) in (0, None)


async def test_other_conversations_of_the_blocked_two_go_on(factory: Factory, connect: Connect, pool: Pool) -> None:
    maria, noah, carla = await factory.user(), await factory.user(), await factory.user()
    group, other = await factory.group(maria, noah, carla), await factory.direct(maria, carla)
    between = await factory.direct(maria, noah)
    hers = await connect(maria)
    assert (await hers.send(between, "before"))["type"] == "message:sent"
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", noah, maria)

    assert (await hers.send(between, "after"))["code"] == "FORBIDDEN"
    assert (await hers.send(group, "to all of us"))["type"] == "message:sent"
    assert (await hers.send(other, "to her"))["type"] == "message:sent"
    await pool.execute("delete from blocks")
    assert (await hers.send(between, "and again"))["seq"] == 2


async def test_a_repeat_of_what_was_stored_is_confirmed_whatever_has_become_of_the_conversation(
    factory: Factory, connect: Connect, pool: Pool
) -> None:
    me = await factory.user()
    mine = await connect(me)
    room = await factory.room(me)
    client = uuid4()
    first = await mine.send(room, "the last word", client)
    await pool.execute("update conversations set archived_at = now()")

    again = await mine.send(room, "the last word", client)

    assert (again["duplicate"], again["message_id"]) == (True, first["message_id"])
    assert (await mine.send(room, "one more"))["code"] == "FORBIDDEN"
