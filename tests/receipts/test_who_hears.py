"""Which devices hear that something was received and read: pages and programs, on every process."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from chat.db import Pool
from tests.api.conftest import MakeProgram
from tests.device import Device
from tests.factory import Factory
from tests.servers import Serve

ConnectEither = Callable[..., Awaitable[Device]]


def heard_of(device: Device, user_id: UUID) -> list[tuple[int, int | None]]:
    """What a device was told of somebody: received up to, read up to."""
    return [
        (frame["delivered_up_to"], frame["read_up_to"])
        for frame in device.frames
        if frame["type"] == "receipt:updated" and frame["user_id"] == str(user_id)
    ]


async def watch(conversation: UUID, *devices: Device) -> None:
    """All of them have the conversation open, and know what holds there."""
    for device in devices:
        await device.watch(conversation)
        await device.answered()


async def read(device: Device, conversation: UUID, up_to: int) -> None:
    """The person reads, and all who are to hear of it have heard: a later message comes after it."""
    await device.say("receipt:read", conversation_id=conversation, up_to_seq=up_to)
    await device.answered()


async def has_come(device: Device, *others: Device, conversation: UUID) -> None:
    """What was told before to the others has come, where they hear the messages of the conversation."""
    seq = (await device.send(conversation, "And now?"))["seq"]
    for other in others:
        await other.expect("message:received", seq=seq)


@pytest.mark.parametrize("processes", [1, 2])
async def test_the_others_hear_it_on_every_process(
    factory: Factory, connect_either: ConnectEither, serve: Serve, url: str, processes: int
) -> None:
    ada, bo, conversation = await factory.pair()
    second = url if processes == 1 else await serve()
    hers, his, at_home = await connect_either(ada), await connect_either(bo, second), await connect_either(bo)
    await watch(conversation, hers, his)
    await hers.send(conversation, "Hello")
    await his.expect("message:received", seq=1)

    await his.say("message:delivered", conversation_id=conversation, up_to_seq=1)
    await hers.expect("receipt:updated", user_id=bo, delivered_up_to=1, read_up_to=0)
    await his.say("receipt:read", conversation_id=conversation, up_to_seq=1)
    told = await hers.expect("receipt:updated", user_id=bo, delivered_up_to=1, read_up_to=1)
    assert "unread_from" not in told
    for device in (his, at_home):
        told = await device.expect("receipt:updated", user_id=bo, read_up_to=1)
        assert told["unread_from"] is None


async def test_two_devices_that_read_at_once_in_opposite_order(
    factory: Factory, connect_either: ConnectEither, serve: Serve
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, str(number), factory.later()) for number in range(20)])
    hers, one, other = await connect_either(ada), await connect_either(bo), await connect_either(bo, await serve())
    await watch(conversation, hers)

    for low, high in zip(range(1, 21), range(20, 0, -1), strict=True):
        await one.say("receipt:read", conversation_id=conversation, up_to_seq=low)
        await other.say("receipt:read", conversation_id=conversation, up_to_seq=high)

    for device in (hers, one, other):
        await device.expect("receipt:updated", user_id=bo, read_up_to=20)
    for device in (one, other):
        await device.answered()
        assert (await device.watch(conversation))["unread"] == 0


@pytest.mark.parametrize(
    ("up_to", "code"), [(-1, "VALIDATION_ERROR"), (-(2**70), "VALIDATION_ERROR"), (2**70, None), (2, None), (0, None)]
)
@pytest.mark.parametrize("event", ["receipt:read", "message:delivered"])
async def test_a_number_that_is_none_of_the_conversation(
    factory: Factory, connect_either: ConnectEither, event: str, up_to: int, code: str | None
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "One", factory.later())])
    hers, his = await connect_either(ada), await connect_either(bo)
    await watch(conversation, hers, his)

    await his.say(event, conversation_id=conversation, up_to_seq=up_to)
    await his.answered()

    refusals = [frame["code"] for frame in his.frames if frame["type"] == "error"]
    assert refusals == ([code] if code else [])
    await has_come(hers, his, conversation=conversation)
    assert [told[0] for told in heard_of(hers, bo)][1:] == ([1] if up_to > 0 else [])


async def test_a_receipt_for_what_is_not_theirs_is_refused(factory: Factory, connect_either: ConnectEither) -> None:
    ada, bo, conversation = await factory.pair()
    cy = await factory.user("cy")
    room = await factory.room(ada, bo)
    await factory.say(conversation, [(ada, "One", factory.later())])
    hers, device = await connect_either(ada), await connect_either(cy)
    await watch(conversation, hers)

    for event in ("receipt:read", "message:delivered"):
        seen = len(device.frames)
        await device.say(event, conversation_id=conversation, up_to_seq=1)
        assert (await device.expect("error", since=seen))["code"] == "NOT_FOUND"
        await device.say(event, conversation_id=room, up_to_seq=1)
        await device.expect("error", since=seen, code="NOT_IN_CONVERSATION")
    assert heard_of(hers, cy) == []


@pytest.mark.parametrize("blocker", ["the reader", "the writer"])
async def test_who_is_blocked_sees_and_shows_nothing(
    pool: Pool, factory: Factory, connect_either: ConnectEither, blocker: str
) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await factory.say(group, [(ada, "One", factory.later())])
    pair = (bo, ada) if blocker == "the reader" else (ada, bo)
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", *pair)
    hers, his, third = [await connect_either(person) for person in (ada, bo, cy)]
    await watch(group, hers, his, third)

    await read(his, group, 1)
    await third.expect("receipt:updated", user_id=bo, read_up_to=1)
    await has_come(third, hers, his, conversation=group)

    assert heard_of(hers, bo) == []
    assert heard_of(his, ada) == []
    # Who has nothing to do with it sees both.
    assert heard_of(third, bo)[0] == (0, 0)
    assert heard_of(hers, cy)[0] == (0, 0)


async def test_one_conversation_may_be_an_exception(
    pool: Pool, factory: Factory, connect_either: ConnectEither
) -> None:
    """Bo shares what he reads in this group alone, and Cy everywhere but here."""
    ada, bo, cy = await factory.three()
    here, there = await factory.group(ada, bo, cy), await factory.group(ada, bo, cy)
    await pool.execute("update users set read_receipts_enabled = false where id = $1", bo)
    change = "update members set read_receipts_enabled = $3 where conversation_id = $1 and user_id = $2"
    await pool.execute(change, here, bo, True)
    await pool.execute(change, here, cy, False)
    hers, his, third = [await connect_either(person) for person in (ada, bo, cy)]
    for group in (here, there):
        await factory.say(group, [(ada, "One", factory.later())])
        await watch(group, hers, his, third)

        for device in (his, third):
            await read(device, group, 1)
        await has_come(hers, his, third, conversation=group)

    def last_told(device: Device, user_id: UUID, group: UUID) -> int | None:
        return [
            frame["read_up_to"]
            for frame in device.frames
            if frame["type"] == "receipt:updated"
            and (frame["conversation_id"], frame["user_id"]) == (str(group), str(user_id))
        ][-1]

    assert [last_told(hers, bo, here), last_told(hers, cy, here), last_told(his, cy, here)] == [1, None, None]
    assert [last_told(hers, bo, there), last_told(hers, cy, there), last_told(his, cy, there)] == [None, 1, None]
    # Who doesn't share isn't told either.
    assert [last_told(third, bo, here), last_told(third, bo, there)] == [None, None]


@pytest.mark.parametrize("where", ["the same process", "another process"])
async def test_who_stops_sharing_is_heard_no_more_from_then_on(
    factory: Factory, connect_either: ConnectEither, program: MakeProgram, serve: Serve, url: str, where: str
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, str(number), factory.later()) for number in range(3)])
    elsewhere = url if where == "the same process" else await serve()
    hers, his = await connect_either(ada), await connect_either(bo, elsewhere)
    await watch(conversation, hers, his)
    await read(his, conversation, 1)
    await hers.expect("receipt:updated", user_id=bo, read_up_to=1)

    answer = await (await program(ada)).patch("/users/me", read_receipts_enabled=False)
    assert answer.status == 200, answer.body
    # What is on the screens is no longer what may be seen: they ask anew.
    await hers.expect("system:resync")
    seen = len(hers.frames)
    await read(his, conversation, 2)
    await his.say("message:delivered", conversation_id=conversation, up_to_seq=3)
    await hers.expect("receipt:updated", since=seen, user_id=bo, delivered_up_to=3, read_up_to=None)
    told = [frame["read_up_to"] for frame in hers.frames[seen:] if frame["type"] == "receipt:updated"]
    assert set(told) == {None}

    await (await program(ada)).patch("/users/me", read_receipts_enabled=True)
    await hers.expect("system:resync", since=seen)
    await hers.watch(conversation)
    await hers.expect("receipt:updated", since=seen, user_id=bo, read_up_to=2)


async def test_who_has_it_not_open_hears_nothing_of_others(factory: Factory, connect_either: ConnectEither) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "One", factory.later())])
    hers, his = await connect_either(ada), await connect_either(bo)
    await watch(conversation, hers)
    await hers.say("unsubscribe", conversation_id=conversation)
    await hers.answered()
    seen = len(hers.frames)

    await read(his, conversation, 1)
    await his.expect("receipt:updated", user_id=bo, read_up_to=1)
    await watch(conversation, hers)

    told = [frame for frame in hers.frames[seen:] if frame["type"] == "receipt:updated"]
    # What holds now, and not that it came about.
    assert [(frame["user_id"], frame["read_up_to"]) for frame in told] == [(str(bo), 1)]


@pytest.mark.parametrize("direct_max", [2, 10])
async def test_who_writes_has_read_what_came_before(
    factory: Factory, connect_either: ConnectEither, serve: Serve, direct_max: int
) -> None:
    url = await serve(receipts_direct_max=direct_max)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    hers, his, at_home = [await connect_either(person, url) for person in (ada, bo, bo)]
    await watch(group, hers, his)
    await hers.send(group, "One")

    await his.send(group, "Two")
    await at_home.expect("receipt:updated", user_id=bo, read_up_to=2)
    if direct_max == 10:
        await hers.expect("receipt:updated", user_id=bo, read_up_to=2)
    else:
        await hers.expect("receipt:count", seq=1, count=1, read_up_to=2)

    # Nothing came between: that is no news.
    await his.send(group, "Three")
    await hers.expect("message:received", seq=3)
    await his.answered()
    assert [read_up_to for _, read_up_to in heard_of(his, bo)] == [2]
    assert 3 not in [read_up_to for _, read_up_to in heard_of(hers, bo)]


@pytest.mark.parametrize("direct_max", [2, 10])
async def test_who_changes_something_has_read_what_came_before(
    factory: Factory, connect_either: ConnectEither, serve: Serve, program: MakeProgram, pool: Pool, direct_max: int
) -> None:
    url = await serve(receipts_direct_max=direct_max)
    ada, bo, cy = await factory.three()
    group = await factory.group(bo, ada, cy)
    hers, at_home, of_bo = await connect_either(ada, url), await connect_either(bo, url), await program(bo, address=url)
    await watch(group, hers)
    await hers.send(group, "One")
    await pool.execute("update members set unread_from_seq = 1 where user_id = $1", bo)

    await of_bo.patch(f"/conversations/{group}", topic="Another one")
    await at_home.expect("receipt:updated", user_id=bo, read_up_to=2, unread_from=None)
    if direct_max == 10:
        await hers.expect("receipt:updated", user_id=bo, read_up_to=2)
    else:
        await hers.expect("receipt:count", seq=1, count=1, read_up_to=2)

    # Nothing came between: that is no news.
    await of_bo.patch(f"/conversations/{group}", topic="And another one")
    await has_come(hers, conversation=group)
    await at_home.answered()
    assert [read_up_to for _, read_up_to in heard_of(at_home, bo)] == [2]


async def test_who_came_later_is_no_reader_of_what_was_said_before(
    factory: Factory, connect_either: ConnectEither, serve: Serve, program: MakeProgram
) -> None:
    url = await serve(receipts_direct_max=3)
    ada, bo, cy = await factory.three()
    dee = await factory.user("dee")
    group = await factory.group(ada, bo)
    hers = await connect_either(ada, url)
    await hers.send(group, "Before")
    of_ada = await program(ada, address=url)

    assert (await of_ada.post(f"/conversations/{group}/members", user_ids=[str(cy)])).status < 300
    await watch(group, hers)
    told = await hers.expect("receipt:updated", user_id=cy)
    # The line that says so is the second message; what came up to there wasn't for Cy.
    assert told["joined_seq"] >= told["read_up_to"] >= 1

    assert (await of_ada.post(f"/conversations/{group}/members", user_ids=[str(dee)])).status < 300
    seen = len(hers.frames)
    await hers.watch(group)
    assert (await hers.expect("receipt:count", since=seen))["count"] == 0
    assert [frame["read_up_to"] for frame in hers.frames[seen:] if frame["type"] == "receipt:count"] == [0]
