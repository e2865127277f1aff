"""Changes that cross: each takes one revision, none is lost, and a deletion wins."""

import asyncio
from random import Random
from uuid import UUID

import pytest

from chat.db import Pool
from tests.device import Connect, Device
from tests.factory import Factory
from tests.screen import messages_on, stored_messages
from tests.servers import Serve


async def all_done(conversation: UUID, *devices: Device) -> None:
    """Wait until all that these devices said has been answered, which happens in its order."""
    for device in devices:
        await device.watch(conversation)


async def test_reactions_of_many_at_once_on_two_processes_are_all_counted_each_with_a_revision(
    factory: Factory, connect: Connect, serve: Serve, url: str, pool: Pool
) -> None:
    urls = [url, await serve()]
    people = [await factory.user() for _ in range(20)]
    room = await factory.room(*people)
    devices = [await connect(person, urls[number % 2]) for number, person in enumerate(people)]
    watching = await connect(people[0], urls[1])
    message = (await devices[0].send(room, "who is in?"))["message_id"]
    await watching.watch(room)

    for device in devices:
        await device.say("reaction:add", message_id=message, emoji="🙋")
    await all_done(room, *devices)

    [shown] = await stored_messages(pool, room)
    assert [(emoji, count) for emoji, count, _ in shown.reactions] == [("🙋", 20)]
    assert shown.revision == await pool.fetchval("select revision from conversations") == 21
    told = [frame for frame in watching.frames if frame["type"] == "message:updated"]
    assert sorted(frame["revision"] for frame in told) == list(range(2, 22))
    last = max(told, key=lambda frame: frame["revision"])
    assert messages_on(last["content"]) == [shown]


@pytest.mark.parametrize("seed", range(3))
async def test_a_deletion_wins_over_all_that_crosses_it(
    factory: Factory, connect: Connect, serve: Serve, url: str, pool: Pool, seed: int
) -> None:
    chance = Random(seed)
    urls = [url, await serve()]
    people = [await factory.user() for _ in range(4)]
    room = await factory.room(*people)
    devices = [await connect(person, urls[number % 2]) for number, person in enumerate(people)]
    watching = [await connect(people[0], urls[number % 2]) for number in range(2)]
    for device in watching:
        await device.watch(room)
    message = (await devices[0].send(room, "secret"))["message_id"]

    async def meddle(device: Device) -> None:
        for number in range(15):
            change, payload = chance.choice(
                [
                    ("message:edit", {"content": f"secret {number}"}),
                    ("reaction:add", {"emoji": chance.choice("👍🎉🙋")}),
                    ("reaction:remove", {"emoji": chance.choice("👍🎉🙋")}),
                ]
            )
            await device.say(change, message_id=message, **payload)
            await asyncio.sleep(0)

    async def delete() -> None:
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)
        await watching[0].say("message:delete", message_id=message)

    await asyncio.gather(delete(), *(meddle(device) for device in devices))
    await all_done(room, *devices, *watching)

    [shown] = await stored_messages(pool, room)
    assert shown.is_deleted
    for table in ("message_edits", "reactions"):
        assert await pool.fetch(f"select from {table}") == []
    for device in watching:
        news = await device.expect("message:deleted", revision=shown.revision)
        assert messages_on(news["content"]) == [shown]
        # Nothing happened to it after that.
        assert max(frame.get("revision", 0) for frame in device.frames) == shown.revision


async def test_messages_and_changes_at_once_leave_no_gap(
    factory: Factory, connect: Connect, serve: Serve, url: str, pool: Pool
) -> None:
    urls = [url, await serve()]
    people = [await factory.user() for _ in range(4)]
    room = await factory.room(*people)
    devices = [await connect(person, urls[number % 2]) for number, person in enumerate(people)]
    first = (await devices[0].send(room, "hello"))["message_id"]

    async def write(device: Device) -> None:
        for number in range(15):
            await device.send(room, str(number), reply_to=first)

    async def change(device: Device) -> None:
        for number in range(15):
            await device.say("reaction:remove" if number % 2 else "reaction:add", message_id=first, emoji="👍")

    await asyncio.gather(*(write(device) for device in devices[:2]), *(change(device) for device in devices[2:]))
    await all_done(room, *devices)

    stored = await stored_messages(pool, room)
    assert [message.seq for message in stored] == list(range(1, 32))
    revisions = [message.revision for message in stored]
    assert len(set(revisions)) == 31
    # Each new message one, and each of the two the first and every other step of fifteen.
    assert max(revisions) == await pool.fetchval("select revision from conversations") == 1 + 30 + 30


async def test_a_thousand_changes_of_one_message_hold_up_nobody(
    factory: Factory, connect: Connect, serve: Serve, pool: Pool
) -> None:
    url = await serve(frame_limit_per_second=0)
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada, url), await connect(bo, url)
    message = (await hers.send(conversation, "choose"))["message_id"]

    for number in range(500):
        await hers.say("reaction:remove" if number % 2 else "reaction:add", message_id=message, emoji="👍")
        await hers.say("message:edit", message_id=message, content=f"edit {number}")
    for number in range(10):
        assert (await his.send(conversation, str(number)))["type"] == "message:sent"
    await all_done(conversation, hers)

    shown = (await stored_messages(pool, conversation))[0]
    assert (shown.html, shown.reactions) == ("<p>edit 499</p>", ())
    assert await pool.fetchval("select count(*) from message_edits") == 500
    assert await pool.fetchval("select revision from conversations") == 1 + 1_000 + 10


async def test_who_changes_something_ten_thousand_times_gets_no_further_than_the_limit(
    factory: Factory, connect: Connect, serve: Serve, pool: Pool
) -> None:
    url = await serve(change_limit_per_minute=1, change_burst=20, frame_limit_per_second=0)
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada, url), await connect(bo, url)
    message = (await hers.send(conversation, "choose"))["message_id"]
    await his.watch(conversation)

    for number in range(10_000):
        await hers.say("reaction:remove" if number % 2 else "reaction:add", message_id=message, emoji="👍")
    greeting_and_confirmation = 2
    await hers.wait_until(lambda: len(hers.frames) == greeting_and_confirmation + 10_000)

    refusal = hers.frames[-1]
    assert sum(frame.get("code") == "RATE_LIMITED" for frame in hers.frames) == 9_980
    assert refusal["message_id"] == message
    assert refusal["retry_after"] > 0
    assert (await his.change("message:edit", message, content="x"))["code"] == "FORBIDDEN", "others have their own"
    assert await pool.fetchval("select revision from conversations") == 21


async def test_a_conversation_that_is_held_up_says_so_and_the_same_change_succeeds_later(
    factory: Factory, connect: Connect, serve: Serve, pool: Pool
) -> None:
    url = await serve(statement_timeout=0.3)
    ada, _, conversation = await factory.pair()
    hers = await connect(ada, url)
    message = (await hers.send(conversation, "hello"))["message_id"]

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from conversations for update")
        refusal = await hers.change("message:edit", message, content="changed")
        assert (refusal["type"], refusal["code"], refusal["message_id"]) == ("error", "UNAVAILABLE", message)

    assert (await hers.change("message:edit", message, content="changed"))["type"] == "message:updated"
