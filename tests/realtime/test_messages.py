"""A message from one device to another, over real sockets and real servers."""

from collections.abc import Callable
from uuid import uuid4

from chat.db import Pool
from tests.device import Connect, messages_in
from tests.factory import Factory, client_id
from tests.servers import WebProcess


async def test_a_message_reaches_the_other_screen(factory: Factory, connect: Connect) -> None:
    maria, noah = await factory.user("maria"), await factory.user("noah")
    conversation = await factory.direct(maria, noah)
    hers, his = await connect(maria), await connect(noah)
    await his.watch(conversation)
    client = client_id()

    sent = await hers.send(conversation, "Hello *there* <b>Noah</b>", client)

    assert sent["type"] == "message:sent"
    assert (sent["seq"], sent["revision"], sent["status"], sent["duplicate"]) == (1, 1, "sent", False)
    assert f'hx-target="#pending-{client}" hx-swap="delete"' in sent["content"]
    received = await his.expect("message:received", message_id=sent["message_id"])
    assert messages_in(received) == [1]
    assert "<em>there</em> &lt;b&gt;Noah&lt;/b&gt;" in received["content"]
    assert received["sender_name"] == "Maria"


async def test_who_has_not_opened_the_conversation_gets_only_its_row(factory: Factory, connect: Connect) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, his = await connect(maria), await connect(noah)

    await hers.send(conversation, "psst")

    received = await his.expect("message:received", conversation_id=conversation)
    assert messages_in(received) == []
    assert f'id="activity-{conversation}"' in received["content"]


async def test_the_senders_other_devices_hear_of_it_and_the_sending_one_only_once(
    factory: Factory, connect_either: Connect
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    laptop, phone = await connect_either(maria), await connect_either(maria)
    for device in (laptop, phone):
        await device.watch(conversation)

    await laptop.send(conversation, "one")
    await phone.send(conversation, "two")

    await laptop.expect("message:received", seq=2)
    await phone.expect("message:received", seq=1)
    assert [frame["seq"] for frame in laptop.frames if frame["type"] == "message:received"] == [2]


async def test_a_repeated_send_is_answered_as_a_duplicate_and_told_again_only_while_it_is_the_newest(
    factory: Factory, connect: Connect
) -> None:
    """Whoever stored it may have died before it could tell; what comes after it makes devices ask."""
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, his = await connect(maria), await connect(noah)
    client = client_id()
    first = await hers.send(conversation, "the text that counts", client)

    again = await hers.send(conversation, "another text", client)
    await hers.send(conversation, "next")
    late = await hers.send(conversation, "yet another text", client)
    await hers.send(conversation, "last")

    for duplicate in (again, late):
        assert duplicate["duplicate"]
        assert duplicate["message_id"] == first["message_id"]
        assert "the text that counts" in duplicate["content"]
    await his.expect("message:received", seq=3)
    assert [frame["seq"] for frame in his.frames if frame["type"] == "message:received"] == [1, 1, 2, 3]


async def test_two_processes_deliver_to_each_other(
    factory: Factory, connect_either: Connect, start_web: Callable[..., WebProcess]
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    second = start_web()
    hers, his = await connect_either(maria), await connect_either(noah, second.url)
    for device in (hers, his):
        await device.watch(conversation)

    await hers.send(conversation, "ping")
    await his.expect("message:received", seq=1)
    await his.send(conversation, "pong")

    assert messages_in(await hers.expect("message:received", seq=2)) == [2]


async def test_a_device_that_was_away_gets_all_it_missed_page_by_page(
    factory: Factory, connect_either: Connect
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers = await connect_either(maria)
    for number in range(230):
        await hers.send(conversation, f"number {number}")
    his = await connect_either(noah)

    subscribed = await his.watch(conversation, after_revision=5)
    seqs: list[int] = []
    page = await his.expect("conversation:synced", conversation_id=conversation)
    seqs += messages_in(page)
    while page["has_more"]:
        seen = len(his.frames)
        await his.say("conversation:sync", conversation_id=conversation, after_revision=page["revision"])
        page = await his.expect("conversation:synced", since=seen)
        seqs += messages_in(page)

    assert subscribed["last_seq"] == subscribed["unread"] == 230
    assert seqs == list(range(6, 231))
    assert page["revision"] == 230


async def test_reading_on_one_device_is_told_to_the_other_and_never_goes_back(
    factory: Factory, connect_either: Connect, pool: Pool
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, laptop, phone = await connect_either(maria), await connect_either(noah), await connect_either(noah)
    for number in range(5):
        await hers.send(conversation, str(number))

    await laptop.say("receipt:read", conversation_id=conversation, up_to_seq=4)
    moved = await phone.expect("receipt:updated", conversation_id=conversation)
    await phone.say("receipt:read", conversation_id=conversation, up_to_seq=2)
    await phone.say("receipt:read", conversation_id=conversation, up_to_seq=10**30)
    await phone.say("receipt:read", conversation_id=conversation, up_to_seq=99)
    for device in (laptop, phone):
        await device.expect("receipt:updated", read_up_to=5)

    assert moved["read_up_to"] == 4
    assert [frame["read_up_to"] for frame in phone.frames if frame["type"] == "receipt:updated"] == [4, 5]
    steps = await pool.fetch("select up_to_seq from read_events where user_id = $1 order by 1", noah)
    assert [row["up_to_seq"] for row in steps] == [4, 5]
    assert not [frame for frame in hers.frames if frame["type"] == "receipt:updated"]


async def test_a_foreign_and_a_random_conversation_are_refused_alike(factory: Factory, connect_either: Connect) -> None:
    maria, noah, eve = await factory.user(), await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, spy = await connect_either(maria), await connect_either(eve)
    assert (await hers.send(conversation, "private"))["seq"] == 1

    answers = []
    for target in (conversation, uuid4()):
        sent = await spy.send(target, "let me in")
        answers.append((sent["type"], sent["code"], sent["message"], sent["retryable"]))
        for event in ("subscribe", "conversation:sync", "receipt:read"):
            seen = len(spy.frames)
            await spy.say(event, conversation_id=target, after_revision=0, up_to_seq=1)
            refused = await spy.expect("error", since=seen)
            answers.append((event, refused["code"], refused["message"], False))

    assert answers[:4] == answers[4:]
    await hers.send(conversation, "still private")
    await hers.send(conversation, "and this")
    assert not [frame for frame in spy.frames if frame["type"] in {"message:received", "conversation:synced"}]
