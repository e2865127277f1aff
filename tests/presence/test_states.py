"""Who is there: online, away and offline, on which device, and since when."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from chat.db import Pool
from tests.device import Connect
from tests.presence.conftest import Ask, Registry, answered, told, until, use, watch
from tests.servers import Serve


async def test_who_comes_and_goes_is_told_to_those_who_watch(
    people: tuple[UUID, UUID], serve: Serve, connect: Connect
) -> None:
    ada, bo = people
    url = await serve(presence_grace_seconds=0.2)
    hers, his = await connect(ada, url), await connect(bo, url)
    await watch(hers, bo)
    # Who has said nothing of himself yet isn't there.
    assert told(hers, bo) == ["offline"]
    assert hers.frames[-2]["last_seen_at"] is None

    await use(his, device="mobile")
    assert await hers.expect("presence:update", status="online") == {
        "type": "presence:update",
        "user_id": str(bo),
        "status": "online",
        "device": "mobile",
        "last_seen_at": None,
    }
    await use(his, status="away", device="mobile")
    assert (await hers.expect("presence:update", status="away"))["device"] == "mobile"
    seen = len(hers.frames)
    await use(his, device="desktop")
    assert (await hers.expect("presence:update", since=seen, status="online"))["device"] == "desktop"
    before = datetime.now(UTC)
    await his.close()
    offline = await hers.expect("presence:update", since=seen, status="offline")

    assert offline["device"] is None
    assert abs(datetime.fromisoformat(offline["last_seen_at"]) - before) < timedelta(seconds=5)


async def test_whoever_has_done_nothing_for_five_minutes_is_away_whatever_the_page_says(
    people: tuple[UUID, UUID], connect: Connect
) -> None:
    ada, bo = people
    hers, his = await connect(ada), await connect(bo)
    await watch(hers, bo)

    # Its timers stand still from now on.
    await use(his, idle=299)
    await hers.expect("presence:update", user_id=bo, status="online")
    await hers.expect("presence:update", user_id=bo, status="away")

    await use(his, idle=301)
    await use(his, idle=1)
    await hers.wait_until(lambda: told(hers, bo)[-1] == "online")
    assert told(hers, bo) == ["offline", "online", "away", "online"]


async def test_the_best_of_ten_devices_is_shown_and_the_last_one_that_leaves_is_told(
    people: tuple[UUID, UUID], serve: Serve, connect: Connect, registry: Registry
) -> None:
    ada, bo = people
    url = await serve(presence_grace_seconds=0.2)
    hers = await connect(ada, url)
    await watch(hers, bo)
    idle = [await use(await connect(bo, url), idle=400 + number) for number in range(9)]
    await hers.expect("presence:update", user_id=bo, status="away", device="desktop")
    used = await use(await connect(bo, url), device="mobile", idle=2)
    await hers.expect("presence:update", user_id=bo, status="online", device="mobile")

    await used.close()
    await hers.wait_until(lambda: told(hers, bo)[-1] == "away")
    for number, device in enumerate(idle, start=1):
        await device.close()
        await until(registry.devices, 9 - number)
    await hers.wait_until(lambda: told(hers, bo)[-1] == "offline")

    assert told(hers, bo) == ["offline", "away", "online", "away", "offline"]


async def test_the_device_that_was_used_last_is_shown(
    people: tuple[UUID, UUID], serve: Serve, connect: Connect
) -> None:
    ada, bo = people
    # One that goes on as before is heard of again after a third of this.
    url = await serve(presence_seconds=6, presence_grace_seconds=60)
    hers, desktop, phone = await connect(ada, url), await connect(bo, url), await connect(bo, url)
    await watch(hers, bo)

    await use(desktop, device="desktop", idle=100)
    await hers.expect("presence:update", device="desktop")
    await use(phone, device="mobile", idle=200)
    await answered(phone)
    await use(phone, device="mobile", idle=50)
    await hers.expect("presence:update", device="mobile")
    await use(desktop, device="desktop", idle=0)

    await hers.wait_until(lambda: hers.frames[-1].get("device") == "desktop")
    assert told(hers, bo) == ["offline", "online", "online", "online"]


async def test_who_becomes_invisible_looks_offline_and_nothing_tells_otherwise(
    pool: Pool, people: tuple[UUID, UUID], connect: Connect, ask: Ask, registry: Registry
) -> None:
    ada, bo = people
    hers, his, phone = await connect(ada), await use(await connect(bo)), await use(await connect(bo), device="mobile")
    await watch(hers, bo)
    await hers.wait_until(lambda: told(hers, bo)[-1:] == ["online"])

    await ask(bo, "PATCH", "/users/me", {"invisible": True})
    await hers.wait_until(lambda: told(hers, bo)[-1] == "offline")
    seen = len(hers.frames)
    await until(registry.devices, 0)
    await pool.execute("update users set last_seen_at = '2026-01-02 03:04:05Z' where id = $1", bo)
    # He works as usual, comes and goes.
    await use(his, idle=0)
    await answered(his)
    await phone.close()
    other = await use(await connect(bo))
    await answered(other)
    shown = (await ask(ada, "GET", f"/users/{bo}"))["presence"]
    assert shown == {"status": "offline", "device": None, "last_seen_at": "2026-01-02T03:04:05Z"}

    await ask(bo, "PATCH", "/users/me", {"invisible": False})
    await hers.wait_until(lambda: "online" in told(hers, bo, since=seen))
    assert told(hers, bo, since=seen) == ["online"]


async def test_a_flood_of_heartbeats_becomes_a_trickle(
    people: tuple[UUID, UUID], serve: Serve, connect: Connect, registry: Registry
) -> None:
    ada, bo = people
    url = await serve(frame_limit_per_second=0)
    hers, his = await connect(ada, url), await connect(bo, url)
    await watch(hers, bo)
    loop = asyncio.get_running_loop()
    calls = await script_calls(registry)

    started = loop.time()
    for _ in range(500):
        await use(his, status="away")
        await use(his, status="online")
    await answered(his)
    await hers.wait_until(lambda: told(hers, bo)[-1] == "online")
    took = loop.time() - started

    assert len(told(hers, bo)) <= took + 3
    # One a second with or without the flood, and one for the first heartbeat.
    assert await script_calls(registry) - calls <= took + 3


async def script_calls(registry: Registry) -> int:
    """How many scripts Redis has run."""
    stats = await registry.server.info("commandstats")
    return sum(int(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"]) for name in ("eval", "evalsha"))


async def test_a_heartbeat_that_makes_no_sense_is_refused_and_nobody_is_there(
    people: tuple[UUID, UUID], connect: Connect, registry: Registry
) -> None:
    _, bo = people
    his = await connect(bo)

    for said in ({"idle": -1}, {"status": "invisible"}, {"device": "fridge"}, {"idle": "long"}):
        await use(his, **said)
    await answered(his)
    assert [frame["code"] for frame in his.frames if frame["type"] == "error"] == ["VALIDATION_ERROR"] * 4
    assert await registry.devices() == 0

    await use(his, idle=1e300)
    await registry.becomes(bo, "away desktop")
