"""Who hears that a message was received, and read."""

import asyncio
from uuid import UUID

import pytest

from chat.db import Pool
from chat.realtime import receipt_counts
from chat.receipts import snapshots
from chat.services import Services
from tests.device import Connect
from tests.factory import Factory
from tests.servers import Serve


async def test_a_direct_message_is_delivered_and_read(factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his, other = await connect(ada), await connect(bo), await connect(bo)
    for device in (hers, his):
        await device.watch(conversation)
    await hers.send(conversation, "Hello")
    await his.expect("message:received", seq=1)

    await his.say("message:delivered", conversation_id=conversation, up_to_seq=1)
    delivered = await hers.expect("receipt:updated", user_id=bo, delivered_up_to=1)
    assert delivered["read_up_to"] == 0

    await his.say("receipt:read", conversation_id=conversation, up_to_seq=1)
    read = await hers.expect("receipt:updated", user_id=bo, read_up_to=1)
    assert "unread_from" not in read
    await other.expect("receipt:updated", user_id=bo, read_up_to=1, unread_from=None)


async def test_who_opens_a_conversation_hears_how_far_the_others_have_come(factory: Factory, connect: Connect) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await factory.say(group, [(ada, "One", factory.later()), (ada, "Two", factory.later())])
    await factory.read(group, bo, 2)
    hers = await connect(ada)

    await hers.watch(group)

    assert (await hers.expect("receipt:updated", user_id=bo))["read_up_to"] == 2
    assert (await hers.expect("receipt:updated", user_id=cy))["read_up_to"] == 0


@pytest.mark.parametrize("hiding", ["the reader", "the writer"])
async def test_who_does_not_share_is_not_told_and_tells_nothing(
    pool: Pool, factory: Factory, connect: Connect, hiding: str
) -> None:
    ada, bo, conversation = await factory.pair()
    await pool.execute(
        "update users set read_receipts_enabled = false where id = $1", bo if hiding == "the reader" else ada
    )
    hers, his = await connect(ada), await connect(bo)
    for device in (hers, his):
        await device.watch(conversation)
    await hers.send(conversation, "Hello")

    await his.say("message:delivered", conversation_id=conversation, up_to_seq=1)
    await hers.expect("receipt:updated", user_id=bo, delivered_up_to=1, read_up_to=None)
    await his.say("receipt:read", conversation_id=conversation, up_to_seq=1)
    await his.expect("receipt:updated", user_id=bo, read_up_to=1)

    await hers.send(conversation, "Are you there?")
    await his.say("message:delivered", conversation_id=conversation, up_to_seq=2)
    await hers.expect("receipt:updated", user_id=bo, delivered_up_to=2)
    told = [frame for frame in hers.frames if frame["type"] == "receipt:updated" and frame["user_id"] == str(bo)]
    assert {frame["read_up_to"] for frame in told} == {None}
    # Not even when.
    assert [frame["delivered_up_to"] for frame in told] == [0, 1, 2]


async def test_in_a_larger_group_the_writer_hears_how_many(factory: Factory, connect: Connect, serve: Serve) -> None:
    url = await serve(receipts_direct_max=2)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    hers, his, third = [await connect(person, url) for person in (ada, bo, cy)]
    for device in (hers, his, third):
        await device.watch(group)
    await hers.send(group, "One")
    await hers.send(group, "Two")

    await his.say("receipt:read", conversation_id=group, up_to_seq=1)
    await hers.expect("receipt:count", seq=2, count=0, earlier=[[1, 1]], read_up_to=1)
    await third.say("receipt:read", conversation_id=group, up_to_seq=2)
    await hers.expect("receipt:count", seq=2, count=1, earlier=[[1, 2]], read_up_to=2)
    assert [frame for frame in his.frames if frame["type"] == "receipt:count"] == []

    again = await connect(ada, url)
    await again.watch(group)
    await again.expect("receipt:count", seq=2, count=1, earlier=[[1, 2]])


async def test_in_a_larger_group_who_does_not_share_hears_what_was_delivered(
    factory: Factory, connect: Connect, serve: Serve, pool: Pool
) -> None:
    url = await serve(receipts_direct_max=2)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await pool.execute("update users set read_receipts_enabled = false where id = $1", ada)
    hers, his, third = [await connect(person, url) for person in (ada, bo, cy)]
    await hers.watch(group)
    await hers.send(group, "One")

    await his.say("receipt:read", conversation_id=group, up_to_seq=1)
    await hers.expect("receipt:count", delivered_up_to=1)
    await hers.send(group, "Two")
    await third.say("receipt:read", conversation_id=group, up_to_seq=2)
    await hers.expect("receipt:count", delivered_up_to=2)
    told = [frame for frame in hers.frames if frame["type"] == "receipt:count"]
    assert {(frame["count"], len(frame["earlier"]), frame["read_up_to"]) for frame in told} == {(0, 0, 0)}


async def test_who_is_blocked_is_not_counted(factory: Factory, connect: Connect, serve: Serve, pool: Pool) -> None:
    url = await serve(receipts_direct_max=2)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await factory.say(group, [(ada, "One", factory.later()), (ada, "Two", factory.later())])
    await factory.read(group, bo, 2)
    await factory.read(group, cy, 1)
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", bo, ada)
    hers = await connect(ada, url)

    await hers.watch(group)

    await hers.expect("receipt:count", seq=2, count=0, earlier=[[1, 1]], delivered_up_to=1, read_up_to=1)


async def test_what_is_found_while_the_count_moves_on_is_not_the_last_word(
    factory: Factory, connect: Connect, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await serve(receipts_direct_max=2)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await factory.say(group, [(ada, "One", factory.later())])
    hers, his = await connect(ada, url), await connect(bo, url)
    found, go_on = asyncio.Event(), asyncio.Event()
    seen_by = snapshots.seen_by

    async def seen_slowly(services: Services, **asked: UUID) -> object:
        seen = await seen_by(services, **asked)
        found.set()
        await go_on.wait()
        return seen

    monkeypatch.setattr(snapshots, "seen_by", seen_slowly)
    # As long as a slow machine may take for what follows.
    monkeypatch.setattr(receipt_counts, "INTERVAL_SECONDS", 3)
    await hers.say("subscribe", conversation_id=group)
    await found.wait()
    await his.say("receipt:read", conversation_id=group, up_to_seq=1)
    await hers.expect("receipt:count", seq=1, count=1)
    seen = len(hers.frames)
    go_on.set()

    await hers.expect("receipt:count", since=seen, seq=1, count=0)
    await hers.expect("receipt:count", since=seen, seq=1, count=1)
