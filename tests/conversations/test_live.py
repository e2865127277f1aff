"""Who hears what: devices of those who come into a conversation, and of those who go out of it."""

import asyncio

import pytest

from chat.conversations.detail_actions import archive, change_details, delete
from chat.conversations.group_actions import create_group
from chat.conversations.member_actions import leave, remove_person
from chat.conversations.room_actions import join
from chat.db import Pool
from chat.services import Services
from tests.conversations.conftest import Heard
from tests.conversations.state import assert_sound, lines
from tests.device import Connect
from tests.factory import Factory
from tests.json_device import JsonDevice
from tests.servers import Serve


@pytest.mark.parametrize("where", ["the same process", "another process"])
async def test_who_is_removed_hears_that_and_nothing_more(
    services: Services, factory: Factory, connect: Connect, serve: Serve, url: str, heard: Heard, where: str
) -> None:
    ada, bo = await factory.user(), await factory.user()
    group = await factory.group(ada, bo)
    hers = await connect(ada)
    his = await connect(bo, url if where == "the same process" else await serve())
    other = await connect(bo)
    for device in (hers, his, other):
        await device.watch(group)
    await hers.send(group, "before")
    for device in (his, other):
        await device.expect("message:received", seq=1)

    await remove_person(services, viewer_id=ada, conversation_id=group, user_id=bo)
    for device in (his, other):
        gone = await device.expect("conversation:removed", conversation_id=group)
        assert gone["reason"] == "removed"
    await hers.send(group, "after")
    await hers.expect("message:received", seq=2)

    for device in (his, other):
        told = ["subscribed", "receipt:updated", "message:received", "conversation:removed"]
        assert await heard(device, bo, group) == told
        await device.say("subscribe", conversation_id=group)
        assert (await device.expect("error"))["code"] == "NOT_FOUND"
    assert (await his.send(group, "let me in"))["code"] == "NOT_FOUND"


async def test_programs_hear_it_too(
    services: Services, pool: Pool, factory: Factory, url: str, connect: Connect
) -> None:
    ada, bo = await factory.user(), await factory.user()
    room = await factory.room(ada)
    program = await JsonDevice.connect(url, pool, bo, "read")
    hers = await connect(ada)

    await join(services, viewer_id=bo, conversation_id=room)
    updated = await program.expect("conversation:updated")
    assert updated["conversation"]["id"] == str(room)
    await program.watch(room)
    await hers.send(room, "hello")
    await program.expect("message:received", seq=2)
    await leave(services, viewer_id=bo, conversation_id=room)
    gone = await program.expect("conversation:removed")

    assert program.raw[program.frames.index(gone)] == {
        "type": "conversation:removed",
        "payload": {"conversation_id": str(room), "reason": "left"},
    }
    await program.close()


async def test_who_comes_in_hears_the_next_message_without_asking(
    services: Services, factory: Factory, connect: Connect
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    hers, his = await connect(ada), await connect(bo)

    group = await create_group(services, viewer_id=ada, user_ids=[bo])

    await his.expect("conversation:updated", conversation_id=group)
    line = await his.expect("message:received", conversation_id=group, seq=1)
    assert "started the group with Bo" in line["content"]
    await hers.send(group, "hello")
    await his.expect("message:received", conversation_id=group, seq=2)


async def test_what_is_the_same_for_everyone_is_told_to_everyone(
    services: Services, factory: Factory, connect: Connect
) -> None:
    ada, bo, cy = [await factory.user() for _ in range(3)]
    room = await factory.room(ada, bo)
    devices = [await connect(person) for person in (ada, bo)]

    await change_details(services, viewer_id=ada, conversation_id=room, name="<b>Board</b> & co")
    await join(services, viewer_id=cy, conversation_id=room)
    await archive(services, viewer_id=ada, conversation_id=room)

    for device in devices:
        renamed = await device.expect("conversation:updated", conversation_id=room, revision=1)
        assert (renamed["name"], renamed["members_count"], renamed["archived"]) == ("<b>Board</b> & co", 2, False)
        assert f"#name-{room}" in renamed["content"]
        assert "&lt;b&gt;Board&lt;/b&gt; &amp; co" in renamed["content"]
        assert "<b>" not in renamed["content"]
        joined = await device.expect("conversation:updated", conversation_id=room, revision=2)
        assert joined["members_count"] == 3
        assert (await device.expect("conversation:updated", conversation_id=room, revision=3))["archived"]


async def test_what_is_deleted_is_gone_from_every_screen(
    services: Services, factory: Factory, connect: Connect, serve: Serve
) -> None:
    ada, bo = await factory.user(), await factory.user()
    room = await factory.room(ada, bo)
    devices = [await connect(ada), await connect(bo), await connect(bo, await serve())]
    for device in devices:
        await device.watch(room)

    await delete(services, viewer_id=ada, conversation_id=room)

    for device in devices:
        await device.expect("conversation:removed", conversation_id=room)
        assert (await device.send(room, "anybody?"))["code"] == "NOT_FOUND"


async def test_who_is_removed_while_sending_has_sent_before_or_not_at_all(
    pool: Pool, services: Services, factory: Factory, connect: Connect
) -> None:
    """The message waits for the removal, which holds the conversation: what it saw before has changed meanwhile."""
    ada, bo = await factory.user("ada"), await factory.user("bo")
    group = await factory.group(ada, bo)
    his = await connect(bo)

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from conversations where id = $1 for no key update", group)
        removing = asyncio.create_task(remove_person(services, viewer_id=ada, conversation_id=group, user_id=bo))
        await until_waiting(pool, 1)
        sending = asyncio.create_task(his.send(group, "one more thing"))
        await until_waiting(pool, 2)
    await removing
    answer = await sending

    assert answer["code"] == "NOT_FOUND"
    assert await lines(pool, group) == ["Ada removed Bo"]
    await assert_sound(pool, group)


async def until_waiting(pool: Pool, count: int) -> None:
    """Until so many statements wait for a lock."""
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with asyncio.timeout(8):
        while await pool.fetchval(waiting) < count:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
