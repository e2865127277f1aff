"""Processes die, networks and Redis go away: nobody stays online who is gone, and nobody blinks who is there."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
import redis

from chat.embedded import EmbeddedValkey
from tests.device import Connect, Device
from tests.factory import Factory
from tests.faults.conftest import ProxyTo, Start, becomes
from tests.presence.conftest import told, watch

LIFE, GRACE = 4, 1
# Long enough for every process to find Redis again.
PATIENT = {"PRESENCE_GRACE_SECONDS": "4"}
QUICK = {"PRESENCE_SECONDS": str(LIFE), "PRESENCE_GRACE_SECONDS": str(GRACE), "HEARTBEAT_INTERVAL": "2"}


@pytest.fixture
def url() -> str:
    """Each test says to which process a device connects."""
    return ""


@pytest.fixture
async def people(factory: Factory) -> tuple[UUID, UUID, UUID]:
    """Three with a conversation."""
    ada, bo, cy = await factory.three()
    await factory.group(ada, bo, cy)
    return ada, bo, cy


@asynccontextmanager
async def used(*devices: Device) -> AsyncIterator[None]:
    """People are at these devices."""

    async def beat(device: Device) -> None:
        while device.close_code is None:
            await device.say("presence:heartbeat", status="online", idle=0)
            await asyncio.sleep(0.3)

    beating = [asyncio.create_task(beat(device)) for device in devices]
    try:
        yield
    finally:
        for task in beating:
            task.cancel()
        await asyncio.gather(*beating, return_exceptions=True)


async def sees(device: Device, user_id: UUID, *statuses: str, since: int = 0, within: float = 30) -> None:
    """Wait until the device has been told exactly this of somebody."""

    async def has_been_told() -> bool:
        return told(device, user_id, since=since) == list(statuses)

    try:
        await becomes(has_been_told, within=within)
    except TimeoutError:
        raise AssertionError(f"told {told(device, user_id, since=since)}, not {statuses}") from None


async def test_the_people_of_a_killed_process_are_offline_soon_and_each_watcher_hears_it_once(
    start: Start, people: tuple[UUID, UUID, UUID], connect: Connect
) -> None:
    ada, bo, cy = people
    one, two, three = await asyncio.gather(*(start(**QUICK) for _ in range(3)))
    watching = [await connect(ada, web.url) for web in (one, two, two)]
    his, hers = await connect(bo, three.url), await connect(cy, two.url)
    loop = asyncio.get_running_loop()

    # She says it once, and answers pings.
    await hers.say("presence:heartbeat")
    async with used(his):
        for device in watching:
            await watch(device, bo, cy)
            await device.expect("presence:update", user_id=bo, status="online")
            await device.expect("presence:update", user_id=cy, status="online")
        seen = [len(device.frames) for device in watching]
        three.kill()
        killed_at = loop.time()
        for device, since in zip(watching, seen, strict=True):
            await device.expect("presence:update", user_id=bo, status="offline", since=since)
        took = loop.time() - killed_at

        # The last heartbeat may have come a moment before, and is gathered for a second at most; so are the sweeps.
        assert took < LIFE + GRACE + 2 + 3
        # Whatever else was said of him has come when this has.
        await hers.say("presence:heartbeat", status="away")
        for device, since in zip(watching, seen, strict=True):
            await device.expect("presence:update", user_id=cy, status="away", since=since)
            assert told(device, bo, since=since) == ["offline"]


async def test_a_cable_is_pulled(
    start: Start, proxy_to: ProxyTo, people: tuple[UUID, UUID, UUID], connect: Connect
) -> None:
    ada, bo, _ = people
    web = await start(**QUICK)
    proxy = await proxy_to(web.url)
    hers, his = await connect(ada, web.url), await connect(bo, proxy.url)

    async with used(his):
        await watch(hers, bo)
        await hers.expect("presence:update", user_id=bo, status="online")
        seen = len(hers.frames)
        proxy.stall()
        await sees(hers, bo, "offline", since=seen)
        # It is put in again before the socket was given up.
        proxy.resume()
        await sees(hers, bo, "offline", "online", since=seen)


async def test_who_comes_back_to_another_process_does_not_blink(
    start: Start, people: tuple[UUID, UUID, UUID], connect: Connect
) -> None:
    """As in a deploy."""
    ada, bo, cy = people
    one, other = await asyncio.gather(start(**QUICK), start(**QUICK))
    hers, his, third = await connect(ada, other.url), await connect(bo, one.url), await connect(cy, one.url)
    async with used(his, third):
        await watch(hers, bo, cy)
        for person in (bo, cy):
            await hers.expect("presence:update", user_id=person, status="online")
        seen = len(hers.frames)

        assert await asyncio.to_thread(one.stop) == 0
        async with used(await connect(bo, other.url)):
            # One of the two doesn't come back: when that is told, the time of all old devices is over.
            await sees(hers, cy, "offline", since=seen)
            await watch(hers, bo)

    assert told(hers, bo, since=seen) == ["online"]


async def test_redis_is_killed_and_comes_back_empty(
    private_valkey: EmbeddedValkey, start: Start, people: tuple[UUID, UUID, UUID], connect: Connect
) -> None:
    ada, bo, cy = people
    one, other = await asyncio.gather(start(**QUICK | PATIENT), start(**QUICK | PATIENT))
    hers, his, third = await connect(ada, one.url), await connect(bo, other.url), await connect(cy, one.url)
    async with used(his):
        await watch(hers, bo, cy)
        await hers.expect("presence:update", user_id=bo, status="online")
        seen = len(hers.frames)

        private_valkey.kill()
        lost = await hers.expect("system:degraded", redis=True)
        # Nobody knows: nothing is said, and nothing goes wrong.
        await watch(hers, bo, cy)
        await asyncio.sleep(LIFE + 4)
        async with used(third):
            assert (hers.close_code, told(hers, bo, since=seen), told(hers, cy, since=seen)) == (None, [], [])
            private_valkey.launch()
            await hers.expect("system:degraded", redis=False)
            await sees(hers, bo, "online", since=seen)
            await sees(hers, cy, "online", since=seen)

    assert lost["redis"] is True
    assert [frame["type"] for frame in hers.frames if frame["type"] == "error"] == []


async def test_redis_hangs_for_longer_than_anybody_lives_and_nobody_blinks(
    private_valkey: EmbeddedValkey, start: Start, people: tuple[UUID, UUID, UUID], connect: Connect
) -> None:
    ada, bo, cy = people
    one, other = await asyncio.gather(start(**QUICK | PATIENT), start(**QUICK | PATIENT))
    hers, his, third = await connect(ada, one.url), await connect(bo, other.url), await connect(cy, one.url)
    assert private_valkey.process is not None
    async with used(his, third):
        await watch(hers, bo, cy)
        for person in (bo, cy):
            await hers.expect("presence:update", user_id=person, status="online")
        seen = len(hers.frames)

        private_valkey.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(LIFE + 4 + 1)
        private_valkey.process.send_signal(signal.SIGCONT)
        await sees(hers, bo, "online", since=seen)
        await sees(hers, cy, "online", since=seen)


async def test_a_connection_to_redis_that_is_cut_for_a_moment_changes_nothing(
    private_valkey: EmbeddedValkey, start: Start, people: tuple[UUID, UUID, UUID], connect: Connect
) -> None:
    ada, bo, cy = people
    web = await start(**QUICK)
    hers, his, third = await connect(ada, web.url), await connect(bo, web.url), await connect(cy, web.url)
    async with used(his):
        await watch(hers, bo, cy)
        await hers.expect("presence:update", user_id=bo, status="online")
        seen = len(hers.frames)

        with redis.Redis.from_url(private_valkey.url) as server:
            server.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            server.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await hers.expect("system:resync", since=seen)
        await third.say("presence:heartbeat")
        await hers.expect("presence:update", user_id=cy, status="online", since=seen)

    assert "offline" not in told(hers, bo, since=seen)


async def test_a_hundred_come_at_once_and_see_each_other(start: Start, factory: Factory, connect: Connect) -> None:
    """As when a process has gone, and its devices come to another."""
    web = await start()
    people = [await factory.user() for _ in range(100)]
    await factory.room(*people)
    devices = await asyncio.gather(*(connect(user_id, web.url) for user_id in people))

    async def arrive(device: Device) -> None:
        await device.say("presence:heartbeat", status="online")
        await device.say("presence:watch", user_ids=people[:50])

    await asyncio.gather(*(arrive(device) for device in devices))

    async def all_see_all() -> bool:
        return all(
            told(device, other)[-1:] == ["online"]
            for device, own in zip(devices, people, strict=True)
            for other in people[:50]
            if other != own
        )

    await becomes(all_see_all, within=60)
    assert {device.close_code for device in devices} == {None}
    assert [frame for device in devices for frame in device.frames if frame["type"] == "error"] == []
