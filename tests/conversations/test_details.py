"""Names, topics, who finds a room; archiving and deleting."""

from functools import partial
from uuid import UUID

import pytest

from chat.conversations import actions
from chat.conversations.detail_actions import archive, change_details, delete, unarchive
from chat.conversations.member_actions import add_people, leave, remove_person
from chat.conversations.model import ConversationNotFound
from chat.db import Pool
from chat.errors import Conflict, Forbidden, ValidationFailed
from chat.events import ConversationChanged, ConversationRemoved, Event
from chat.services import Services
from tests.conversations.state import assert_sound, lines
from tests.factory import Factory


async def test_each_change_is_said_and_told(noted: Services, events: list[Event], pool: Pool, factory: Factory) -> None:
    ada = await factory.user("ada")
    room = await factory.room(ada, name="Old")
    change = partial(change_details, noted, viewer_id=ada, conversation_id=room)

    await change(name="Board", topic="")
    await change(topic="Every Tuesday", visibility="private")
    await change(topic="", visibility="public", name="Board")

    assert await lines(pool, room) == [
        "Ada renamed the room to “Board”",
        "Ada changed the topic and made the room private",
        "Ada removed the topic and made the room public",
    ]
    changed = [event for event in events if isinstance(event, ConversationChanged)]
    assert [(event.name, event.topic, event.visibility, event.revision) for event in changed] == [
        ("Board", None, "public", 1),
        ("Board", "Every Tuesday", "private", 2),
        ("Board", None, "public", 3),
    ]
    await assert_sound(pool, room)


async def test_what_is_so_already_is_no_change(noted: Services, events: list[Event], factory: Factory) -> None:
    ada = await factory.user()
    room = await factory.room(ada, name="Board")
    await change_details(noted, viewer_id=ada, conversation_id=room, name=" Board ", topic=" ", visibility="public")
    await change_details(noted, viewer_id=ada, conversation_id=room)
    await unarchive(noted, viewer_id=ada, conversation_id=room)
    assert events == []


async def test_only_the_case_of_a_name_may_change(services: Services, factory: Factory) -> None:
    ada = await factory.user()
    room = await factory.room(ada, name="board")
    await change_details(services, viewer_id=ada, conversation_id=room, name="Board")
    assert (await actions.get(services, viewer_id=ada, conversation_id=room)).name == "Board"


async def test_all_of_it_or_nothing(services: Services, pool: Pool, factory: Factory) -> None:
    ada = await factory.user()
    await factory.room(ada, name="Taken")
    room = await factory.room(ada, name="Board")
    change = partial(change_details, services, viewer_id=ada, conversation_id=room)

    with pytest.raises(Conflict) as conflict:
        await change(name="TAKEN", topic="new")
    assert "name" in conflict.value.fields
    with pytest.raises(ValidationFailed) as refusal:
        await change(name="Other", topic="x" * 251)
    assert set(refusal.value.fields) == {"topic"}
    with pytest.raises(ValidationFailed):
        await change(name="  ")

    row = await actions.get(services, viewer_id=ada, conversation_id=room)
    assert (row.name, row.topic) == ("Board", None)
    await assert_sound(pool, room)


async def test_members_change_nothing_and_admins_not_who_finds_it(
    services: Services, pool: Pool, factory: Factory
) -> None:
    ada, bo, cy = [await factory.user() for _ in range(3)]
    room = await factory.room(ada, bo, cy)
    await factory.set_role(room, bo, "admin")

    for change in ({"name": "Mine"}, {"topic": "Mine"}, {"visibility": "private"}):
        with pytest.raises(Forbidden):
            await change_details(services, viewer_id=cy, conversation_id=room, **change)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        await change_details(services, viewer_id=bo, conversation_id=room, name="Ours", visibility="private")
    assert await lines(pool, room) == []
    await change_details(services, viewer_id=bo, conversation_id=room, name="Ours")
    for person in (bo, cy):
        for deed in (archive, delete):
            with pytest.raises(Forbidden):
                await deed(services, viewer_id=person, conversation_id=room)
    with pytest.raises(Forbidden):
        await change_details(services, viewer_id=ada, conversation_id=await factory.group(ada), visibility="public")


async def test_what_is_archived_is_read_and_nothing_more(services: Services, pool: Pool, factory: Factory) -> None:
    ada, bo, cy = [await factory.user(name) for name in ("ada", "bo", "cy")]
    room = await factory.room(ada, bo)
    scope = {"viewer_id": ada, "conversation_id": room}

    await archive(services, **scope)
    await archive(services, **scope)

    assert (await actions.get(services, viewer_id=bo, conversation_id=room)).archived_at is not None
    with pytest.raises(Forbidden, match="archived"):
        await add_people(services, user_ids=[cy], **scope)
    with pytest.raises(Forbidden, match="archived"):
        await change_details(services, viewer_id=ada, conversation_id=room, name="Other")
    await leave(services, viewer_id=bo, conversation_id=room)
    await unarchive(services, **scope)
    await add_people(services, user_ids=[cy], **scope)
    assert await lines(pool, room) == ["Ada archived the room", "Bo left", "Ada reopened the room", "Ada added Cy"]
    await assert_sound(pool, room)


async def test_what_is_deleted_is_there_for_nobody(noted: Services, events: list[Event], factory: Factory) -> None:
    ada, bo = await factory.user(), await factory.user()
    room = await factory.room(ada, bo)

    await delete(noted, viewer_id=ada, conversation_id=room)

    assert events == [ConversationRemoved(room, None, "deleted")]
    assert await actions.listed(noted, viewer_id=bo) == []

    async def refused(person: UUID) -> None:
        scope = {"viewer_id": person, "conversation_id": room}
        for doing in (
            actions.get(noted, **scope),
            delete(noted, **scope),
            leave(noted, **scope),
            remove_person(noted, user_id=bo, **scope),
            change_details(noted, viewer_id=person, conversation_id=room, name="Back"),
            unarchive(noted, **scope),
        ):
            with pytest.raises(ConversationNotFound):
                await doing

    for person in (ada, bo, await factory.user()):
        await refused(person)
