"""Who is in a conversation: adding, removing, leaving, roles, and the list of them."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import msgspec
import pytest

from chat.conversations import actions
from chat.conversations.member_actions import add_people, change_role, hand_over, leave, members, remove_person
from chat.conversations.model import ConversationNotFound, MemberPlace, NotInConversation
from chat.db import Pool
from chat.errors import ChatError, Conflict, Forbidden, NotFound, ValidationFailed
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
from tests.conversations.state import assert_sound, lines, roles
from tests.factory import Factory
from workers.jobs import forget_departures


async def outcomes(*doing: object) -> list[object]:
    """What came of things that were done at once; refusals by their class."""
    done = await asyncio.gather(*doing, return_exceptions=True)  # type: ignore[call-overload]
    for one in done:
        if isinstance(one, BaseException) and not isinstance(one, ChatError):
            raise one
    return [type(one) if isinstance(one, ChatError) else one for one in done]


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


async def test_the_list_has_owners_first_and_goes_on_where_it_ended(
    services: Services, pool: Pool, factory: Factory
) -> None:
    names = ["zoe", "ada", "bo", "cy", "dee", "eli", "fay"]
    people = {name: await factory.user(name) for name in names}
    room = await factory.room(*people.values())
    await factory.set_role(room, people["fay"], "admin")
    await pool.execute("update users set deactivated_at = now() where id = $1", people["cy"])

    found: list[tuple[str, str, bool]] = []
    after: MemberPlace | None = None
    while True:
        part = await members(services, viewer_id=people["bo"], conversation_id=room, after=after, limit=3)
        found += [(member.person.username, member.role, member.active) for member in part.items]
        after = part.after
        if after is None:
            break
        assert len(part.items) == 3

    assert [name for name, *_ in found] == ["zoe", "fay", "ada", "bo", "cy", "dee", "eli"]
    assert found[0] == ("zoe", "owner", True)
    assert ("cy", "member", False) in found


@pytest.mark.parametrize(
    ("prefix", "names"), [("f", ["fay"]), ("@FA", ["fay"]), ("ay", []), ("'\\:*", []), ("\0", None)]
)
async def test_members_are_found_by_the_beginning_of_a_name(
    services: Services, factory: Factory, prefix: str, names: list[str] | None
) -> None:
    ada, fay = await factory.user("ada"), await factory.user("fay")
    await factory.user("fabian")
    room = await factory.room(ada, fay)
    part = await members(services, viewer_id=ada, conversation_id=room, prefix=prefix)
    assert [member.person.username for member in part.items] == (["ada", "fay"] if names is None else names)


async def test_who_is_not_in_it_does_not_learn_who_is(services: Services, factory: Factory) -> None:
    ada, eve = await factory.user(), await factory.user()
    public, private = await factory.room(ada), await factory.room(ada, visibility="private")
    refusals: dict[UUID, type[ChatError]] = {public: NotInConversation, private: ConversationNotFound}
    for room, refusal in refusals.items():
        with pytest.raises(refusal):
            await members(services, viewer_id=eve, conversation_id=room)


async def test_who_left_yesterday_is_forgotten_by_the_worker(services: Services, pool: Pool, factory: Factory) -> None:
    ada, bo, cy = [await factory.user() for _ in range(3)]
    room = await factory.room(ada, bo, cy)
    for person in (bo, cy):
        await leave(services, viewer_id=person, conversation_id=room)
    await pool.execute("update departures set left_at = now() - interval '25 hours' where user_id = $1", bo)

    await forget_departures({"pool": pool})

    assert [user_id for (user_id,) in await pool.fetch("select user_id from departures")] == [cy]
