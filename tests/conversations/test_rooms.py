"""Rooms: their names, finding one, and going in."""

import asyncio
from uuid import uuid4

import pytest

from chat.conversations import actions
from chat.conversations.detail_actions import archive, change_details
from chat.conversations.model import ConversationNotFound, NotInConversation, RoomPlace
from chat.conversations.room_actions import create_room, join, public_room, public_rooms
from chat.db import Pool
from chat.errors import Conflict, Forbidden, ValidationFailed
from chat.events import ConversationListed, Event
from chat.services import Services
from tests.conversations.state import assert_sound, lines, roles
from tests.factory import Factory


async def test_whoever_makes_it_owns_it(services: Services, pool: Pool, factory: Factory) -> None:
    ada = await factory.user("ada")

    room = await create_room(
        services, viewer_id=ada, name=" Cafe\u0301  Ole ", visibility="public", topic=" All of it "
    )

    row = await actions.get(services, viewer_id=ada, conversation_id=room)
    assert (row.kind, row.name, row.topic, row.visibility) == ("room", "Café Ole", "All of it", "public")
    assert (row.role, row.members_count, row.unread) == ("owner", 1, 0)
    assert await lines(pool, room) == ["Ada created the room"]
    await assert_sound(pool, room)


async def test_the_same_request_twice_makes_one_room(services: Services, pool: Pool, factory: Factory) -> None:
    ada, key = await factory.user(), uuid4()
    wanted = {"viewer_id": ada, "name": "Board", "visibility": "public", "key": key}
    first, again = [await create_room(services, **wanted) for _ in range(2)]  # type: ignore[arg-type]
    assert first == again
    await assert_sound(pool, first)


@pytest.mark.parametrize(
    "other",
    [
        "Board room",
        " board   ROOM ",
        "\uff22\uff4f\uff41\uff52\uff44 room",
        "Bo\u200dard room",
        "Board ro0m",
    ],
)
async def test_rooms_whose_names_look_the_same_are_one(
    services: Services, pool: Pool, factory: Factory, other: str
) -> None:
    ada, bo = await factory.user(), await factory.user()
    await create_room(services, viewer_id=ada, name="Board room", visibility="private")

    with pytest.raises(Conflict) as refusal:
        await create_room(services, viewer_id=bo, name=other, visibility="public")

    assert "name" in refusal.value.fields
    assert await pool.fetchval("select count(*) from conversations") == 1


async def test_a_whole_word_of_another_alphabet_that_looks_like_ours_is_the_same_name(
    services: Services, factory: Factory
) -> None:
    ada = await factory.user()
    await create_room(services, viewer_id=ada, name="COPE", visibility="public")
    with pytest.raises(Conflict):
        await create_room(services, viewer_id=ada, name="\u0421\u041e\u0420\u0415", visibility="public")
    await create_room(services, viewer_id=ada, name="Опера", visibility="public")
    await create_room(services, viewer_id=ada, name="Δέλτα και Team", visibility="public")


@pytest.mark.parametrize(
    "name",
    ["", "   ", "\u200b", "\u3164", "x" * 81, "x" * 10_000, "a\u202eb", "a\0b", "\ud800", "B\u043eard", "\u03b1lpha"],
)
async def test_what_can_not_be_a_name(services: Services, pool: Pool, factory: Factory, name: str) -> None:
    ada = await factory.user()
    with pytest.raises(ValidationFailed) as refusal:
        await create_room(services, viewer_id=ada, name=name, visibility="public")
    assert set(refusal.value.fields) == {"name"}
    assert await pool.fetchval("select count(*) from conversations") == 0


async def test_a_name_that_grows_when_it_is_taken_apart_is_compared_all_the_same(
    services: Services, factory: Factory
) -> None:
    ada = await factory.user()
    await create_room(services, viewer_id=ada, name="\ufdfa" * 80, visibility="public")
    with pytest.raises(Conflict):
        await create_room(services, viewer_id=ada, name="\ufdfa" * 80, visibility="public")


async def test_of_two_who_take_a_name_at_once_one_gets_it(services: Services, pool: Pool, factory: Factory) -> None:
    people = [await factory.user() for _ in range(4)]

    made = await asyncio.gather(
        *(create_room(services, viewer_id=person, name="Board", visibility="public") for person in people),
        return_exceptions=True,
    )

    assert [type(one) for one in made].count(Conflict) == 3
    assert await pool.fetchval("select count(*) from conversations") == 1


async def test_the_name_of_a_deleted_room_is_free_again(services: Services, pool: Pool, factory: Factory) -> None:
    ada = await factory.user()
    room = await create_room(services, viewer_id=ada, name="Board", visibility="public")
    await pool.execute("update conversations set deleted_at = now() where id = $1", room)
    assert await create_room(services, viewer_id=ada, name="board", visibility="public") != room


async def test_public_rooms_are_listed_by_name_page_by_page(services: Services, pool: Pool, factory: Factory) -> None:
    ada, eve = await factory.user(), await factory.user()
    for name in ("Delta", "alpha", "Charlie", "bravo", "Echo"):
        await factory.room(ada, name=name)
    joined = await factory.room(ada, eve, name="Foxtrot")
    await factory.room(ada, name="Hidden", visibility="private")
    archived, deleted = await factory.room(ada, name="Old"), await factory.room(ada, name="Gone")
    await pool.execute("update conversations set archived_at = now() where id = $1", archived)
    await pool.execute("update conversations set deleted_at = now() where id = $1", deleted)

    found = []
    after: RoomPlace | None = None
    while True:
        part = await public_rooms(services, viewer_id=eve, after=after, limit=2)
        found += part.items
        after = part.after
        if after is None:
            break

    assert [room.name for room in found] == ["alpha", "bravo", "Charlie", "Delta", "Echo", "Foxtrot"]
    assert [room.id for room in found if room.joined] == [joined]
    assert found[-1].members_count == 2


@pytest.mark.parametrize(
    ("prefix", "names"),
    [("boa", ["Board", "Other"]), ("#board", ["Board", "Other"]), ("BOARD oth", ["Other"]), ("oar", []), ("'&!(", [])],
)
async def test_rooms_are_found_by_the_beginning_of_a_word_of_name_or_topic(
    services: Services, pool: Pool, factory: Factory, prefix: str, names: list[str]
) -> None:
    ada = await factory.user()
    await factory.room(ada, name="Board")
    other = await factory.room(ada, name="Other")
    await pool.execute("update conversations set topic = 'what the board says' where id = $1", other)
    await factory.room(ada, name="Boarding", visibility="private")
    part = await public_rooms(services, viewer_id=ada, prefix=prefix)
    assert [room.name for room in part.items] == names


async def test_joining_counts_history_as_read_and_says_so(
    noted: Services, events: list[Event], pool: Pool, factory: Factory
) -> None:
    ada, eve = await factory.user("ada"), await factory.user("eve")
    room = await factory.room(ada)
    await factory.say(room, [(ada, text, factory.later()) for text in ("one", "two")])
    assert not (await public_room(noted, viewer_id=eve, conversation_id=room)).joined

    assert await join(noted, viewer_id=eve, conversation_id=room)

    assert events[0] == ConversationListed(eve, room)
    assert await lines(pool, room) == ["Ada: one", "Ada: two", "Eve joined"]
    row = await actions.get(noted, viewer_id=eve, conversation_id=room)
    assert (row.unread, row.role) == (0, "member")
    assert await pool.fetchval("select count(*) from read_events where user_id = $1", eve) == 0
    hers = await actions.get(noted, viewer_id=ada, conversation_id=room)
    assert hers.unread == 3
    await assert_sound(pool, room)
    events.clear()
    assert not await join(noted, viewer_id=eve, conversation_id=room)
    assert events == []


async def test_joining_many_times_at_once_is_joining_once(services: Services, pool: Pool, factory: Factory) -> None:
    ada, eve = await factory.user("ada"), await factory.user("eve")
    room = await factory.room(ada)

    joined = await asyncio.gather(*(join(services, viewer_id=eve, conversation_id=room) for _ in range(8)))

    assert sorted(joined) == [False] * 7 + [True]
    assert await lines(pool, room) == ["Eve joined"]
    await assert_sound(pool, room)


async def test_what_can_not_be_joined(services: Services, pool: Pool, factory: Factory) -> None:
    ada, eve = await factory.user(), await factory.user()
    private, group = await factory.room(ada, visibility="private"), await factory.group(ada)
    deleted, archived = await factory.room(ada), await factory.room(ada)
    direct = await factory.direct(ada, await factory.user())
    await pool.execute("update conversations set deleted_at = now() where id = $1", deleted)
    await archive(services, viewer_id=ada, conversation_id=archived)

    for conversation_id in (private, group, direct, deleted, uuid4()):
        with pytest.raises(ConversationNotFound):
            await join(services, viewer_id=eve, conversation_id=conversation_id)
        with pytest.raises(ConversationNotFound):
            await public_room(services, viewer_id=eve, conversation_id=conversation_id)
    with pytest.raises(Forbidden, match="archived"):
        await join(services, viewer_id=eve, conversation_id=archived)
    assert eve not in await roles(pool, archived)


async def test_a_room_that_becomes_private_is_found_no_more(services: Services, factory: Factory) -> None:
    ada, eve = await factory.user(), await factory.user()
    room = await factory.room(ada, eve)
    with pytest.raises(NotInConversation):
        await actions.get(services, viewer_id=await factory.user(), conversation_id=room)

    await change_details(services, viewer_id=ada, conversation_id=room, visibility="private")

    assert (await public_rooms(services, viewer_id=eve)).items == []
    with pytest.raises(ConversationNotFound):
        await actions.get(services, viewer_id=await factory.user(), conversation_id=room)
    assert (await actions.get(services, viewer_id=eve, conversation_id=room)).visibility == "private"
