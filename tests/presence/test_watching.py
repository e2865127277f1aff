"""Who may see whether somebody is there, and how long."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from chat.db import Pool
from chat.realtime import watchers
from tests.device import Connect, Device
from tests.factory import Factory
from tests.json_device import JsonDevice
from tests.presence.conftest import Ask, Registry, answered, told, watch
from tests.servers import Serve


async def use(device: Device, status: str = "online") -> Device:
    """Somebody uses this device."""
    await device.say("presence:heartbeat", status=status)
    return device


async def befriend(pool: Pool, one: UUID, other: UUID) -> None:
    """The two are contacts."""
    await pool.execute(
        """
        insert into contacts (low, high, requested_by, accepted_at)
        values (least($1::uuid, $2::uuid), greatest($1::uuid, $2::uuid), $1, now())
        """,
        one,
        other,
    )


async def test_a_stranger_is_told_nothing(factory: Factory, connect: Connect) -> None:
    ada, bo, _ = await factory.acquainted()
    stranger = await factory.user()
    theirs, hers, his = await connect(stranger), await connect(ada), await connect(bo)

    await watch(theirs, bo, ada, stranger, UUID(int=7))
    await watch(hers, bo)
    await use(his)
    await hers.expect("presence:update", user_id=bo, status="online")
    await answered(theirs)

    assert [frame["type"] for frame in theirs.frames] == ["auth:success", "unsubscribed", "unsubscribed"]


@pytest.mark.parametrize(
    ("sharing", "between", "is_seen"),
    [
        ("everyone", "a conversation", True),
        ("everyone", "a contact", True),
        ("everyone", "a request", False),
        ("everyone", "a deleted conversation", False),
        ("everyone", "nothing", False),
        ("contacts", "a conversation", False),
        ("contacts", "a contact", True),
        ("nobody", "a contact", False),
        ("nobody", "a conversation", False),
    ],
)
async def test_somebody_is_seen_by_whom_it_is_shared_with(
    pool: Pool, factory: Factory, connect: Connect, ask: Ask, sharing: str, between: str, is_seen: bool
) -> None:
    ada, bo = await factory.user(), await factory.user(presence_sharing=sharing)
    if "conversation" in between:
        await factory.group(ada, bo)
    if "deleted" in between:
        await pool.execute("update conversations set deleted_at = now()")
    if between in ("a contact", "a request"):
        await befriend(pool, ada, bo)
    if between == "a request":
        await pool.execute("update contacts set accepted_at = null")
    hers = await connect(ada)

    await watch(hers, bo)

    assert told(hers, bo) == (["offline"] if is_seen else [])
    person = await ask(ada, "GET", f"/users/{bo}")
    assert ("presence" in person) == is_seen


@pytest.mark.parametrize("blocker", ["ada", "bo"])
async def test_a_block_hides_both_from_each_other(pool: Pool, factory: Factory, connect: Connect, blocker: str) -> None:
    ada, bo, _ = await factory.acquainted()
    await befriend(pool, ada, bo)
    pair = (ada, bo) if blocker == "ada" else (bo, ada)
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", *pair)
    hers, his = await use(await connect(ada)), await use(await connect(bo))

    await watch(hers, bo)
    await watch(his, ada)

    assert told(hers, bo) == told(his, ada) == []


async def share_nothing(ask: Ask, _ada: UUID, bo: UUID, _group: UUID) -> None:
    await ask(bo, "PATCH", "/users/me", {"presence_sharing": "nobody"})


async def share_with_contacts(ask: Ask, _ada: UUID, bo: UUID, _group: UUID) -> None:
    await ask(bo, "PATCH", "/users/me", {"presence_sharing": "contacts"})


async def block(ask: Ask, ada: UUID, bo: UUID, _group: UUID) -> None:
    await ask(bo, "PUT", f"/blocks/{ada}")


async def be_blocked(ask: Ask, ada: UUID, bo: UUID, _group: UUID) -> None:
    await ask(ada, "PUT", f"/blocks/{bo}")


async def leave(ask: Ask, _ada: UUID, bo: UUID, group: UUID) -> None:
    await ask(bo, "DELETE", f"/conversations/{group}/members/{bo}")


async def be_left(ask: Ask, ada: UUID, _bo: UUID, group: UUID) -> None:
    await ask(ada, "DELETE", f"/conversations/{group}/members/{ada}")


Ending = Callable[[Ask, UUID, UUID, UUID], Awaitable[Any]]


@pytest.mark.parametrize("end", [share_nothing, share_with_contacts, block, be_blocked, leave, be_left])
async def test_it_ends_while_one_watches(
    factory: Factory, connect: Connect, ask: Ask, registry: Registry, end: Ending
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    owner = await factory.user("owner")
    group = await factory.group(owner, ada, bo)
    # Somebody who is still seen when it has ended.
    await factory.group(ada, owner)
    hers, his, other = await connect(ada), await use(await connect(bo)), await connect(owner)
    await registry.becomes(bo, "online desktop")
    await watch(hers, bo, owner)
    assert told(hers, bo) == ["online"]

    await end(ask, ada, bo, group)
    unknown = await hers.expect("presence:update", user_id=bo, status="unknown")
    seen = len(hers.frames)
    await use(his, "away")
    await registry.becomes(bo, "away desktop")
    await use(other)
    await hers.expect("presence:update", user_id=owner, status="online", since=seen)

    assert told(hers, bo, since=seen) == []
    assert (unknown["device"], unknown["last_seen_at"]) == (None, None)


async def test_it_begins_while_one_watches(factory: Factory, connect: Connect, ask: Ask, registry: Registry) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    hers, his = await connect(ada), await use(await connect(bo))
    await registry.becomes(bo, "online desktop")
    await watch(hers, bo)
    assert told(hers, bo) == []

    await ask(ada, "PUT", f"/contacts/{bo}")
    await ask(bo, "PUT", f"/contacts/{ada}")
    await hers.expect("presence:update", user_id=bo, status="online")
    await ask(bo, "DELETE", f"/contacts/{ada}")
    await hers.expect("presence:update", user_id=bo, status="unknown")
    seen = len(hers.frames)
    await ask(bo, "POST", "/conversations", {"kind": "group", "user_ids": [str(ada)], "name": "Ours"})
    await hers.expect("presence:update", user_id=bo, status="online", since=seen)

    assert his.close_code is None


async def test_what_there_was_no_news_of_is_found_all_the_same(
    pool: Pool, factory: Factory, serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchers, "RECHECK_SECONDS", 0.2)
    url = await serve()
    ada, bo, _ = await factory.acquainted()
    hers = await connect(ada, url)
    await watch(hers, bo)
    assert told(hers, bo) == ["offline"]

    await pool.execute("update users set presence_sharing = 'nobody' where id = $1", bo)
    await hers.expect("presence:update", user_id=bo, status="unknown")
    seen = len(hers.frames)
    await pool.execute("update users set presence_sharing = 'everyone' where id = $1", bo)
    await hers.expect("presence:update", user_id=bo, status="offline", since=seen)


async def test_those_on_screen_take_the_place_of_those_before(
    factory: Factory, connect: Connect, registry: Registry
) -> None:
    ada, bo, cy = await factory.three()
    await factory.group(ada, bo, cy)
    hers, his, third = await connect(ada), await connect(bo), await connect(cy)
    await watch(hers, bo)
    seen = await watch(hers, cy)
    assert (told(hers, bo), told(hers, cy)) == (["offline"], ["offline"])

    await use(his)
    await registry.becomes(bo, "online desktop")
    await use(third)
    await hers.expect("presence:update", user_id=cy, status="online")
    assert told(hers, bo, since=seen) == []

    # To say it again is to ask how it is now.
    seen = await watch(hers, bo, cy, bo)
    assert (told(hers, bo, since=seen), told(hers, cy, since=seen)) == (["online"], ["online"])


async def test_so_many_at_a_time_and_no_more(factory: Factory, connect: Connect) -> None:
    ada, bo, _ = await factory.acquainted()
    hers = await connect(ada)

    await watch(hers, *(UUID(int=number) for number in range(200)), bo)
    assert [frame["code"] for frame in hers.frames if frame["type"] == "error"] == ["VALIDATION_ERROR"]
    assert told(hers, bo) == []
    await watch(hers, *(UUID(int=number) for number in range(199)), bo)
    assert told(hers, bo) == ["offline"]


async def test_a_change_is_told_to_so_many_and_no_more(factory: Factory, serve: Serve, connect: Connect) -> None:
    url = await serve(presence_watchers=2)
    ada, bo, conversation = await factory.acquainted()
    hers = [await connect(ada, url) for _ in range(3)]
    his = await connect(bo, url)
    for device in hers:
        await watch(device, bo)

    await use(his)

    def those_who_know() -> list[Device]:
        return [device for device in hers if "online" in told(device, bo)]

    async with asyncio.timeout(10):
        while len(those_who_know()) < 2:  # noqa: ASYNC110 - whichever of them it is
            await asyncio.sleep(0.01)
    # What comes later comes to all, after that.
    await his.send(conversation, "Hello")
    for device in hers:
        await device.expect("message:received")
    assert len(those_who_know()) == 2


async def test_a_program_is_told_the_same_as_a_page(
    url: str, pool: Pool, factory: Factory, connect: Connect, ask: Ask
) -> None:
    ada, bo, conversation = await factory.acquainted()
    his = await use(await connect(bo))
    program = await JsonDevice.connect(url, pool, ada, "read")
    try:
        await watch(program, bo)
        await program.wait_until(lambda: told(program, bo)[-1:] == ["online"])
        assert program.payloads("presence:update")[-1] == {
            "user_id": str(bo),
            "status": "online",
            "device": "desktop",
            "last_seen_at": None,
        }
        presence = {"status": "online", "device": "desktop", "last_seen_at": None}
        assert (await ask(ada, "GET", f"/users/{bo}"))["presence"] == presence
        (found,) = (await ask(ada, "GET", "/users/search?q=bo"))["items"]
        assert found["presence"] == presence
        members = (await ask(ada, "GET", f"/conversations/{conversation}/members"))["items"]
        assert {member["user"]["id"]: member["user"].get("presence") for member in members} == {
            str(ada): None,
            str(bo): presence,
        }
    finally:
        await program.close()
    assert his.close_code is None
