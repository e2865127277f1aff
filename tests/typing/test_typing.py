"""Who hears that somebody is typing, and that they have stopped."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import redis.asyncio

from chat.db import Pool
from chat.redis import Redis
from tests.device import Connect, Device, Frame
from tests.factory import Factory
from tests.json_device import JsonDevice
from tests.servers import Serve


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Redis]:
    """To look into Redis, and to take something away there."""
    client = redis.asyncio.Redis.from_url(redis_url)
    yield client
    await client.aclose()


def typing(device: Device) -> list[Frame]:
    """What a device has heard of it."""
    return [frame for frame in device.frames if frame["type"].startswith("typing:")]


async def told_before(device: Device, other: Device, conversation_id: UUID, text: str) -> None:
    """Wait until a device has heard all that came before a message which is sent now."""
    await other.send(conversation_id, text)
    await device.expect("message:received")


async def test_others_hear_it_with_the_name_and_the_end_by_itself(factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    await his.watch(conversation)

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
            await device.watch(conversation)
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


async def test_it_is_gone_with_the_message(factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    await his.watch(conversation)
    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started")

    await hers.send(conversation, "Hello")

    await his.expect("message:received")
    heard = [frame["type"] for frame in his.frames]
    assert heard.index("typing:stopped") < heard.index("message:received")


async def test_somebody_elses_message_leaves_it(factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his, third = await connect(ada), await connect(bo), await connect(bo)
    await his.watch(conversation)
    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started")

    await told_before(his, third, conversation, "Go on")

    await third.watch(conversation)
    await third.expect("typing:started", user_id=ada)


async def test_stopping_is_told_at_once_and_once(factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    await his.watch(conversation)
    await hers.say("typing:stop", conversation_id=conversation)
    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started")

    await hers.say("typing:stop", conversation_id=conversation)
    await his.expect("typing:stopped")
    await hers.say("typing:stop", conversation_id=conversation)

    await told_before(his, hers, conversation, "Never mind")
    assert [frame["type"] for frame in typing(his)] == ["typing:started", "typing:stopped"]


async def test_only_those_hear_it_who_have_the_conversation_open(factory: Factory, connect: Connect) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    stranger = await factory.user()
    hers, own, his, elsewhere, outside = [await connect(person) for person in (ada, ada, bo, cy, stranger)]
    for device in (hers, own, his):
        await device.watch(group)

    await hers.say("typing:start", conversation_id=group)
    await his.expect("typing:started", user_id=ada)

    await hers.send(group, "Hello")
    for device in (own, elsewhere):
        await device.expect("message:received")
    assert [typing(device) for device in (hers, own, elsewhere, outside)] == [[], [], [], []]


async def test_who_opens_the_conversation_hears_who_is_typing(factory: Factory, connect: Connect) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    hers, his, third = [await connect(person) for person in (ada, bo, cy)]
    await his.watch(group)
    await hers.say("typing:start", conversation_id=group)
    await his.expect("typing:started")

    await third.watch(group)
    await third.expect("typing:started", user_id=ada, name="Ada")
    # Of oneself nobody has to be told.
    await hers.watch(group)
    await told_before(hers, his, group, "Hello")
    assert typing(hers) == []


async def test_a_flood_is_swallowed(factory: Factory, connect: Connect, serve: Serve, redis_client: Redis) -> None:
    # So long that nothing ends by itself meanwhile.
    url, other_url = await serve(typing_seconds=300.0), await serve(typing_seconds=300.0)
    ada, bo, conversation = await factory.pair()
    hers, second, his = await connect(ada, url), await connect(ada, other_url), await connect(bo, url)
    await his.watch(conversation)

    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started")
    for _ in range(20):
        for device in (hers, second):
            await device.say("typing:stop", conversation_id=conversation)
            await device.say("typing:start", conversation_id=conversation)
    # Answered after all of that.
    await second.watch(conversation)

    await told_before(his, hers, conversation, "Hello")
    assert [frame["type"] for frame in typing(his)] == ["typing:started", "typing:stopped"]
    assert [frame for frame in hers.frames if frame["type"] == "error"] == []
    (key,) = await redis_client.keys("chat:typing:*")
    assert 0 < await redis_client.pttl(key) <= 300_000


async def test_who_begins_again_is_told_of_again(factory: Factory, connect: Connect, serve: Serve) -> None:
    url = await serve(typing_seconds=0.3)
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada, url), await connect(bo, url)
    await his.watch(conversation)
    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:stopped")

    seen = len(his.frames)
    await hers.say("typing:start", conversation_id=conversation)

    await his.expect("typing:started", since=seen)


async def test_who_goes_on_is_not_told_of_again(
    factory: Factory, connect: Connect, serve: Serve, redis_client: Redis
) -> None:
    url = await serve(typing_seconds=300.0)
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada, url), await connect(bo, url)
    await his.watch(conversation)
    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started")

    # As if two thirds of its life had passed.
    await redis_client.pexpire(f"chat:typing:{conversation}:{ada}", 90_000)
    await hers.say("typing:start", conversation_id=conversation)
    await hers.watch(conversation)

    assert await redis_client.pttl(f"chat:typing:{conversation}:{ada}") > 90_000
    await told_before(his, hers, conversation, "Hello")
    assert [frame["type"] for frame in typing(his)] == ["typing:started", "typing:stopped"]


async def test_in_every_process(factory: Factory, connect: Connect, serve: Serve) -> None:
    url, other_url = await serve(), await serve(typing_seconds=1.0)
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada, url), await connect(bo, other_url)
    await his.watch(conversation)

    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started", user_id=ada)
    # By itself, whatever the other process says.
    await his.expect("typing:stopped", user_id=ada)


async def test_the_end_of_a_device_ends_it_everywhere(factory: Factory, connect: Connect, serve: Serve) -> None:
    url, other_url = await serve(typing_seconds=300.0), await serve(typing_seconds=300.0)
    ada, bo, conversation = await factory.pair()
    hers, other, his = await connect(ada, url), await connect(ada, url), await connect(bo, other_url)
    await his.watch(conversation)
    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started")

    await other.close()
    await told_before(his, await connect(bo, url), conversation, "Still there?")
    assert len(typing(his)) == 1

    hers.cut()
    await his.expect("typing:stopped", user_id=ada)


@pytest.mark.parametrize("how", ["leaves", "is removed"])
async def test_who_is_no_longer_in_it_no_longer_types(
    factory: Factory, connect: Connect, serve: Serve, how: str
) -> None:
    url = await serve(typing_seconds=300.0)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    hers, his, third = [await connect(person, url) for person in (ada, bo, cy)]
    await his.watch(group)
    await third.say("typing:start", conversation_id=group)
    await his.expect("typing:started", user_id=cy)

    if how == "leaves":
        path, device = f"/c/{group}/leave", third
    else:
        path, device = f"/c/{group}/members/{cy}/remove", hers
    async with device.http.post(f"{url}{path}", data={"csrf": await device.csrf()}) as answer:
        assert answer.status == 200

    await his.expect("typing:stopped", user_id=cy)


async def test_a_block_keeps_it_from_both(pool: Pool, factory: Factory, connect: Connect) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", ada, bo)
    hers, his, third = [await connect(person) for person in (ada, bo, cy)]
    for device in (hers, his, third):
        await device.watch(group)

    for device in (hers, his):
        await device.say("typing:start", conversation_id=group)
    for person in (ada, bo):
        await third.expect("typing:started", user_id=person)
    await hers.watch(group)
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
    await hers.watch(conversation)

    await his.say("typing:start", conversation_id=conversation)

    await his.expect("error", code="NOT_FOUND" if why == "not in it" else "FORBIDDEN")
    assert typing(hers) == []


async def test_who_is_invisible_gives_no_sign(pool: Pool, factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    await pool.execute("update users set invisible = true where id = $1", ada)
    hers, his = await connect(ada), await connect(bo)
    for device in (hers, his):
        await device.watch(conversation)
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
        await device.watch(conversation)

    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started", user_id=ada)

    await told_before(elsewhere, hers, conversation, "Hello")
    await his.expect("typing:stopped", user_id=ada)
    assert typing(elsewhere) == []
