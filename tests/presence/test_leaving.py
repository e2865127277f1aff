"""Who goes: for a moment, for good, or without a word."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from chat.db import Pool
from chat.presence.registry import update
from tests.device import Connect
from tests.presence.conftest import Registry, answered, told, until, use, watch
from tests.servers import Serve


async def test_a_page_that_is_loaded_again_does_not_blink(
    people: tuple[UUID, UUID], connect: Connect, registry: Registry
) -> None:
    ada, bo = people
    hers, his = await connect(ada), await use(await connect(bo))
    await watch(hers, bo)
    await registry.becomes(bo, "online desktop")

    await his.close()
    again = await use(await connect(bo))
    await until(registry.devices, 2)
    await until(registry.devices, 1)
    await watch(hers, bo)

    assert again.close_code is None
    assert set(told(hers, bo)) == {"online"} | set(told(hers, bo)[:1])
    assert told(hers, bo)[-1] == "online"


async def test_a_connection_that_is_lost_and_comes_back_does_not_blink(
    people: tuple[UUID, UUID], serve: Serve, connect: Connect, registry: Registry
) -> None:
    """The heartbeat's time is what it has, not only the grace."""
    ada, bo = people
    url = await serve(presence_seconds=3, presence_grace_seconds=0.01)
    hers, his = await connect(ada, url), await use(await connect(bo, url))
    await registry.becomes(bo, "online desktop")
    seen = await watch(hers, bo)

    his.cut()
    await his.closed()
    again = await use(await connect(bo, url))
    await until(registry.devices, 2)
    while await registry.devices() == 2:
        await use(again)
        await asyncio.sleep(0.1)
    await watch(hers, bo)

    assert set(told(hers, bo, since=seen)) == {"online"}


async def test_whoever_is_lost_is_offline_when_the_time_of_the_heartbeat_is_over(
    people: tuple[UUID, UUID], serve: Serve, connect: Connect
) -> None:
    ada, bo = people
    url = await serve(presence_seconds=1, presence_grace_seconds=0.5)
    hers, his = await connect(ada, url), await connect(bo, url)
    await watch(hers, bo)
    loop = asyncio.get_running_loop()
    await use(his)
    said_at = loop.time()
    await hers.expect("presence:update", status="online")

    his.cut()
    await hers.wait_until(lambda: told(hers, bo) == ["offline", "online", "offline"])

    assert loop.time() - said_at >= 1.5


async def test_a_page_whose_timers_stand_still_stays_online(
    people: tuple[UUID, UUID], serve: Serve, connect: Connect, registry: Registry
) -> None:
    """Browsers answer the server's ping by themselves."""
    ada, bo = people
    url = await serve(presence_seconds=3, presence_grace_seconds=1, heartbeat_interval=0.5)
    hers, his = await connect(ada, url), await use(await connect(bo, url))
    await registry.becomes(bo, "online desktop")
    seen = await watch(hers, bo)
    (first,) = await registry.server.zrange("chat:presence:expiry", 0, 0, withscores=True)

    async def has_outlived_it() -> bool:
        return bool(await registry.server.zscore("chat:presence:expiry", first[0]) > first[1] + 5000)

    await until(has_outlived_it, True)
    await watch(hers, bo)

    assert set(told(hers, bo, since=seen)) == {"online"}
    assert his.close_code is None


@pytest.mark.parametrize("ending", ["signs out", "is signed out", "is deactivated"])
async def test_whoever_is_signed_out_is_offline_at_once(
    pool: Pool, people: tuple[UUID, UUID], connect: Connect, ending: str
) -> None:
    """Without the grace, which would be as long as this waits."""
    ada, bo = people
    hers, his = await connect(ada), await use(await connect(bo))
    await watch(hers, bo)
    await hers.wait_until(lambda: told(hers, bo)[-1:] == ["online"])

    seen, asked_at = len(hers.frames), asyncio.get_running_loop().time()
    if ending == "is deactivated":
        await pool.execute("update users set role = 'owner' where id = $1", ada)
        path, device = f"/settings/people/{bo}/deactivate", hers
    else:
        path = "/logout" if ending == "signs out" else "/settings/sessions/revoke-all"
        device = his
    async with device.http.post(his.url + path, data={"csrf": await device.csrf()}, allow_redirects=False) as answer:
        assert answer.status == 303
    await his.closed()
    # Who is deactivated may be no longer shown before.
    await hers.wait_until(lambda: bool({"offline", "unknown"} & set(told(hers, bo, since=seen))))

    assert asyncio.get_running_loop().time() - asked_at < 5


async def test_when_the_clock_is_set_forward_those_who_are_there_are_back_at_once(
    people: tuple[UUID, UUID], serve: Serve, connect: Connect, registry: Registry
) -> None:
    ada, bo = people
    # Whoever goes on as before is told of again after a third of this.
    url = await serve(presence_seconds=300)
    hers, his = await connect(ada, url), await use(await connect(bo, url))
    await watch(hers, bo)
    await hers.wait_until(lambda: told(hers, bo)[-1:] == ["online"])

    in_an_hour = datetime.now(UTC).timestamp() + 3600
    await update(registry.server, [], longest=305, now=in_an_hour)

    await hers.wait_until(lambda: told(hers, bo)[-2:] == ["offline", "online"])
    await answered(his)
