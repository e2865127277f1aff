"""Who hears that somebody is typing."""

import pytest

from chat.db import Pool
from tests.device import Connect
from tests.factory import Factory
from tests.json_device import JsonDevice
from tests.servers import Serve
from tests.typing.hearing import look_at, told_before, typing


async def test_others_hear_it_with_the_name_and_the_end_by_itself(factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    await look_at(his, conversation)

    await hers.say("typing:start", conversation_id=conversation)

    assert await his.expect("typing:started") == {
        "type": "typing:started",
        "conversation_id": str(conversation),
        "user_id": str(ada),
        "name": "Ada",
    }
    assert await his.expect("typing:stopped") == {
        "type": "typing:stopped",
        "conversation_id": str(conversation),
        "user_id": str(ada),
    }


async def test_a_program_hears_it_and_says_it(factory: Factory, pool: Pool, url: str, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    program = await JsonDevice.connect(url, pool, ada, "read", "write")
    page = await connect(bo)
    try:
        for device in (program, page):
            await look_at(device, conversation)
        await page.say("typing:start", conversation_id=conversation)
        await program.expect("typing:started")
        assert program.payloads("typing:started") == [
            {"conversation_id": str(conversation), "user_id": str(bo), "name": "Bo"}
        ]
        await program.say("typing:start", conversation_id=conversation)
        await page.expect("typing:started", user_id=ada)
        await program.say("typing:stop", conversation_id=conversation)
        await page.expect("typing:stopped", user_id=ada)
    finally:
        await program.close()


async def test_a_token_that_only_reads_types_nothing(factory: Factory, pool: Pool, url: str) -> None:
    ada, _, conversation = await factory.pair()
    program = await JsonDevice.connect(url, pool, ada, "read")
    try:
        await program.say("typing:start", conversation_id=conversation)
        await program.expect("error", code="FORBIDDEN")
    finally:
        await program.close()


async def test_only_those_hear_it_who_have_the_conversation_open(factory: Factory, connect: Connect) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    stranger = await factory.user()
    hers, own, his, elsewhere, outside = [await connect(person) for person in (ada, ada, bo, cy, stranger)]
    for device in (hers, own, his):
        await look_at(device, group)

    await hers.say("typing:start", conversation_id=group)
    await his.expect("typing:started", user_id=ada)

    await hers.send(group, "Hello")
    for device in (own, elsewhere):
        await device.expect("message:received")
    assert [typing(device) for device in (hers, own, elsewhere, outside)] == [[], [], [], []]


async def test_who_opens_the_conversation_hears_who_is_typing(factory: Factory, connect: Connect, serve: Serve) -> None:
    url = await serve(typing_seconds=300.0)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    hers, his, third = [await connect(person, url) for person in (ada, bo, cy)]
    await look_at(his, group)
    await hers.say("typing:start", conversation_id=group)
    await his.expect("typing:started")

    await look_at(third, group)
    await third.expect("typing:started", user_id=ada, name="Ada")
    # Of oneself nobody has to be told.
    await look_at(hers, group)
    await told_before(hers, his, group, "Hello")
    assert typing(hers) == []


async def test_a_block_keeps_it_from_both(pool: Pool, factory: Factory, connect: Connect) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", ada, bo)
    hers, his, third = [await connect(person) for person in (ada, bo, cy)]
    for device in (hers, his, third):
        await look_at(device, group)

    for device in (hers, his):
        await device.say("typing:start", conversation_id=group)
    for person in (ada, bo):
        await third.expect("typing:started", user_id=person)
    await look_at(hers, group)
    await third.say("typing:start", conversation_id=group)

    for device in (hers, his):
        await device.expect("typing:started", user_id=cy)
    assert [frame["user_id"] for device in (hers, his) for frame in typing(device)] == [str(cy)] * 2


@pytest.mark.parametrize("why", ["blocked", "archived", "not in it"])
async def test_where_one_cannot_write_one_cannot_type(pool: Pool, factory: Factory, connect: Connect, why: str) -> None:
    ada, bo, conversation = await factory.pair()
    if why == "blocked":
        await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", ada, bo)
    elif why == "archived":
        conversation = await factory.room(ada, bo)
        await pool.execute("update conversations set archived_at = now() where id = $1", conversation)
    else:
        conversation = await factory.group(ada, await factory.user())
    hers, his = await connect(ada), await connect(bo)
    await look_at(hers, conversation)

    await his.say("typing:start", conversation_id=conversation)

    await his.expect("error", code="NOT_FOUND" if why == "not in it" else "FORBIDDEN")
    assert typing(hers) == []


async def test_who_is_invisible_gives_no_sign(pool: Pool, factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    await pool.execute("update users set invisible = true where id = $1", ada)
    hers, his = await connect(ada), await connect(bo)
    for device in (hers, his):
        await look_at(device, conversation)
    await hers.say("typing:start", conversation_id=conversation)

    await told_before(his, hers, conversation, "Hello")

    assert typing(his) == []
    await his.say("typing:start", conversation_id=conversation)
    await hers.expect("typing:started", user_id=bo)


async def test_without_redis_it_stays_in_the_process(factory: Factory, connect: Connect, serve: Serve) -> None:
    url, other_url = [await serve(redis_url="redis://127.0.0.1:1/0", typing_seconds=300.0) for _ in range(2)]
    ada, bo, conversation = await factory.pair()
    hers, his, elsewhere = await connect(ada, url), await connect(bo, url), await connect(bo, other_url)
    for device in (his, elsewhere):
        await look_at(device, conversation)

    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started", user_id=ada)

    await told_before(elsewhere, hers, conversation, "Hello")
    await his.expect("typing:stopped", user_id=ada)
    assert typing(elsewhere) == []
