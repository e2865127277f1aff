"""How long it is told that somebody is typing, and how often."""

from collections.abc import AsyncIterator

import pytest
import redis.asyncio

from chat.db import Pool
from chat.redis import Redis
from tests.device import Connect
from tests.factory import Factory
from tests.program import Program, make_token
from tests.servers import Serve
from tests.typing.hearing import look_at, told_before, typing


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Redis]:
    """To look into Redis, and to take something away there."""
    client = redis.asyncio.Redis.from_url(redis_url)
    yield client
    await client.aclose()


async def test_it_is_gone_with_the_message(factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    await look_at(his, conversation)
    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started")

    await hers.send(conversation, "Hello")

    await his.expect("message:received")
    heard = [frame["type"] for frame in his.frames]
    assert heard.index("typing:stopped") < heard.index("message:received")


async def test_somebody_elses_message_leaves_it(factory: Factory, connect: Connect, serve: Serve) -> None:
    url = await serve(typing_seconds=300.0)
    ada, bo, conversation = await factory.pair()
    hers, his, third = [await connect(person, url) for person in (ada, bo, bo)]
    await look_at(his, conversation)
    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started")

    await told_before(his, third, conversation, "Go on")

    await look_at(third, conversation)
    await third.expect("typing:started", user_id=ada)


async def test_in_an_archived_conversation_nobody_types(
    factory: Factory, connect: Connect, serve: Serve, pool: Pool
) -> None:
    url = await serve(typing_seconds=300.0)
    ada, bo = await factory.user(), await factory.user()
    group = await factory.group(ada, bo)
    hers, his = await connect(ada, url), await connect(bo, url)
    await look_at(hers, group)
    await his.say("typing:start", conversation_id=group)
    await hers.expect("typing:started")

    program = Program(url, await make_token(pool, ada))
    try:
        assert (await program.patch(f"/conversations/{group}", archived=True)).status == 200
    finally:
        await program.http.close()

    await hers.expect("typing:stopped", user_id=bo)


async def test_stopping_is_told_at_once_and_once(factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    await look_at(his, conversation)
    await hers.say("typing:stop", conversation_id=conversation)
    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started")

    await hers.say("typing:stop", conversation_id=conversation)
    await his.expect("typing:stopped")
    await hers.say("typing:stop", conversation_id=conversation)

    await told_before(his, hers, conversation, "Never mind")
    assert [frame["type"] for frame in typing(his)] == ["typing:started", "typing:stopped"]


async def test_in_every_process(factory: Factory, connect: Connect, serve: Serve) -> None:
    url, other_url = await serve(), await serve(typing_seconds=1.0)
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada, url), await connect(bo, other_url)
    await look_at(his, conversation)

    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started", user_id=ada)
    # By itself, whatever the other process says.
    await his.expect("typing:stopped", user_id=ada)


async def test_the_end_of_a_device_ends_it_everywhere(factory: Factory, connect: Connect, serve: Serve) -> None:
    url, other_url = await serve(typing_seconds=300.0), await serve(typing_seconds=300.0)
    ada, bo, conversation = await factory.pair()
    hers, other, his = await connect(ada, url), await connect(ada, url), await connect(bo, other_url)
    await look_at(his, conversation)
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
    await look_at(his, group)
    await third.say("typing:start", conversation_id=group)
    await his.expect("typing:started", user_id=cy)

    if how == "leaves":
        path, device = f"/c/{group}/leave", third
    else:
        path, device = f"/c/{group}/members/{cy}/remove", hers
    async with device.http.post(f"{url}{path}", data={"csrf": await device.csrf()}) as answer:
        assert answer.status == 200

    await his.expect("typing:stopped", user_id=cy)


async def test_who_begins_again_is_told_of_again(factory: Factory, connect: Connect, serve: Serve) -> None:
    url = await serve(typing_seconds=0.3)
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada, url), await connect(bo, url)
    await look_at(his, conversation)
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
    await look_at(his, conversation)
    # Who types when that is answered is told with it.
    await his.answered()
    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started")

    # As if two thirds of its life had passed.
    await redis_client.pexpire(f"chat:typing:{conversation}:{ada}", 90_000)
    await hers.say("typing:start", conversation_id=conversation)
    await look_at(hers, conversation)

    assert await redis_client.pttl(f"chat:typing:{conversation}:{ada}") > 90_000
    await told_before(his, hers, conversation, "Hello")
    assert [frame["type"] for frame in typing(his)] == ["typing:started", "typing:stopped"]


async def test_a_flood_is_swallowed(factory: Factory, connect: Connect, serve: Serve, redis_client: Redis) -> None:
    # So long that nothing ends by itself meanwhile.
    url, other_url = await serve(typing_seconds=300.0), await serve(typing_seconds=300.0)
    ada, bo, conversation = await factory.pair()
    hers, second, his = await connect(ada, url), await connect(ada, other_url), await connect(bo, url)
    await look_at(his, conversation)

    await hers.say("typing:start", conversation_id=conversation)
    await his.expect("typing:started")
    for _ in range(20):
        for device in (hers, second):
            await device.say("typing:stop", conversation_id=conversation)
            await device.say("typing:start", conversation_id=conversation)
    # Answered after all of that.
    await look_at(second, conversation)

    await told_before(his, hers, conversation, "Hello")
    assert [frame["type"] for frame in typing(his)] == ["typing:started", "typing:stopped"]
    assert [frame for frame in hers.frames if frame["type"] == "error"] == []
    (key,) = await redis_client.keys("chat:typing:*")
    assert 0 < await redis_client.pttl(key) <= 300_000


async def test_whoever_is_blocked_meanwhile_sees_it_end(
    factory: Factory, connect: Connect, serve: Serve, pool: Pool
) -> None:
    url = await serve(typing_seconds=60)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    hers, his, third = [await connect(person, url) for person in (ada, bo, cy)]
    for device in (hers, third):
        await look_at(device, group)
    await his.say("typing:start", conversation_id=group)
    for device in (hers, third):
        await device.expect("typing:started", user_id=bo)

    program = Program(url, await make_token(pool, bo))
    await program.put(f"/blocks/{ada}")
    await program.http.close()

    await hers.expect("typing:stopped", user_id=bo)
    assert {frame["type"] for frame in typing(third)} == {"typing:started"}
