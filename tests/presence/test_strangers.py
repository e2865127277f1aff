"""What strangers may not find out about who is there, and what it costs them to ask."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from tests.device import Connect
from tests.factory import Factory
from tests.presence.conftest import Ask, Registry, answered, told, watch
from tests.servers import Serve


async def test_to_open_a_conversation_with_somebody_is_not_enough_to_see_them(
    factory: Factory, connect: Connect, ask: Ask, registry: Registry
) -> None:
    stranger, bo = await factory.user("stranger"), await factory.user("bo")
    opened = await ask(stranger, "POST", "/conversations", {"kind": "direct", "user_id": str(bo)})
    theirs, his = await connect(stranger), await connect(bo)
    await his.say("presence:heartbeat", status="online")
    await registry.becomes(bo, "online desktop")

    await watch(theirs, bo)
    await watch(his, stranger)

    assert told(theirs, bo) == []
    assert "presence" not in await ask(stranger, "GET", f"/users/{bo}")
    # Who has opened it shows thereby who they are.
    assert told(his, stranger) == ["offline"]

    await theirs.send(opened["id"], "Hello")
    await theirs.expect("presence:update", user_id=bo, status="online")


async def test_who_were_in_a_deleted_conversation_see_each_other_no_more(
    factory: Factory, connect: Connect, ask: Ask
) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await factory.group(bo, cy)
    his = await connect(bo)
    await watch(his, ada, cy)
    assert (told(his, ada), told(his, cy)) == (["offline"], ["offline"])

    await ask(ada, "DELETE", f"/conversations/{group}")

    await his.expect("presence:update", user_id=ada, status="unknown")
    assert told(his, cy) == ["offline"]


async def test_whoever_asks_about_many_again_and_again_is_read_more_slowly(
    factory: Factory, serve: Serve, connect: Connect
) -> None:
    url = await serve(frame_limit_per_second=20)
    device = await connect(await factory.user(), url)
    loop = asyncio.get_running_loop()

    started = loop.time()
    for _ in range(6):
        await device.say("presence:watch", user_ids=[UUID(int=number) for number in range(200)])
    await watch(device)

    # Each counts as eleven frames, of which a second's worth comes at once.
    assert loop.time() - started > 2


async def test_who_becomes_invisible_looks_like_anybody_who_leaves(
    factory: Factory, connect: Connect, ask: Ask, registry: Registry
) -> None:
    ada, bo, _ = await factory.acquainted()
    hers, his = await connect(ada), await connect(bo)
    await his.say("presence:heartbeat", status="online")
    await registry.becomes(bo, "online desktop")
    began = datetime.now(UTC)

    await ask(bo, "PATCH", "/users/me", {"invisible": True})
    seen = (await ask(ada, "GET", f"/users/{bo}"))["presence"]["last_seen_at"]
    await ask(bo, "PATCH", "/users/me", {"invisible": True})

    assert began <= datetime.fromisoformat(seen) <= datetime.now(UTC)
    assert (await ask(ada, "GET", f"/users/{bo}"))["presence"]["last_seen_at"] == seen
    await watch(hers, bo)
    told_at = [frame["last_seen_at"] for frame in hers.frames if frame["type"] == "presence:update"]
    assert told_at == [seen]


async def test_nobody_is_told_of_being_blocked(factory: Factory, connect: Connect, ask: Ask) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    hers, his = await connect(ada), await connect(bo)

    await ask(ada, "PUT", f"/blocks/{bo}")
    await hers.expect("system:resync")
    await ask(ada, "DELETE", f"/blocks/{bo}")
    await hers.wait_until(lambda: [frame["type"] for frame in hers.frames].count("system:resync") == 2)
    # What he does himself comes after all that.
    await ask(bo, "PATCH", "/users/me", {"read_receipts_enabled": False})
    await his.expect("system:resync")

    assert [frame["type"] for frame in his.frames] == ["auth:success", "system:resync"]


async def test_a_message_finds_no_device_of_somebody_invisible(factory: Factory, connect: Connect, ask: Ask) -> None:
    ada, bo, conversation = await factory.acquainted()
    hers, his = await connect(ada), await connect(bo)
    await hers.watch(conversation)
    await hers.answered()
    await ask(bo, "PATCH", "/users/me", {"invisible": True})
    await his.expect("system:resync")
    seq = (await hers.send(conversation, "Are you there?"))["seq"]
    await his.expect("message:received", seq=seq)
    seen = len(hers.frames)

    await his.say("message:delivered", conversation_id=conversation, up_to_seq=seq)
    await answered(his)
    messages = (await ask(ada, "GET", f"/conversations/{conversation}/messages"))["items"]
    assert {message["seq"]: message.get("status") for message in messages}[seq] == "sent"

    await ask(bo, "PATCH", "/users/me", {"invisible": False})
    await his.wait_until(lambda: [frame["type"] for frame in his.frames].count("system:resync") == 2)
    await his.say("message:delivered", conversation_id=conversation, up_to_seq=seq)
    await hers.expect("receipt:updated", since=seen, user_id=bo, delivered_up_to=seq)
    assert [frame["type"] for frame in hers.frames[seen:]].count("receipt:updated") == 1
