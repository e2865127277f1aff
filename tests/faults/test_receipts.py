"""The database or Redis goes away while people read: they are told, their sockets stay, and nothing is lost."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from uuid import UUID

import pytest

from chat.db import Pool
from chat.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.device import Device
from tests.factory import Factory
from tests.faults.conftest import ProxyTo, Start
from tests.proxy import Proxy

ConnectTo = Callable[[str, UUID], Awaitable[Device]]


@pytest.fixture
async def connect_to(pool: Pool) -> AsyncIterator[ConnectTo]:
    """Bring a person's device on line at an address."""
    async with AsyncExitStack() as stack:

        async def connect(url: str, user_id: UUID) -> Device:
            device = await Device.connect(url, pool, user_id)
            stack.push_async_callback(device.close)
            return device

        yield connect


async def goes(proxy: Proxy, how: str) -> None:
    if how == "down":
        await proxy.refuse()
    else:
        proxy.stall()


async def comes_back(proxy: Proxy, how: str) -> None:
    if how == "down":
        await proxy.accept()
    else:
        proxy.resume()


@pytest.mark.parametrize("how", ["down", "silent"])
async def test_while_the_database_is_away_the_device_is_told_so_and_says_it_again(
    private_postgres: EmbeddedPostgres, proxy_to: ProxyTo, start: Start, pool: Pool, connect_to: ConnectTo, how: str
) -> None:
    factory = Factory(pool)
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "One", factory.later())])
    proxy = await proxy_to(private_postgres.tcp_url_of("chat"))
    web = await start(DATABASE_URL=proxy.url, STATEMENT_TIMEOUT="0.3")
    hers, his = await connect_to(web.url, ada), await connect_to(web.url, bo)
    for device in (hers, his):
        await device.watch(conversation)
        await device.answered()

    await goes(proxy, how)
    for event in ("message:delivered", "receipt:read"):
        seen = len(his.frames)
        await his.say(event, conversation_id=conversation, up_to_seq=1)
        assert (await his.expect("error", since=seen))["code"] == "UNAVAILABLE"
    await comes_back(proxy, how)

    async def says_it_again() -> bool:
        seen = len(his.frames)
        await his.say("receipt:read", conversation_id=conversation, up_to_seq=1)
        await his.answered()
        return all(frame["type"] != "error" for frame in his.frames[seen:])

    while not await says_it_again():
        pass
    await hers.expect("receipt:updated", user_id=bo, read_up_to=1)
    assert his.close_code is None
    assert await pool.fetchval("select count(*) from read_events") == 1


@pytest.mark.parametrize("how", ["down", "silent"])
async def test_while_redis_is_away_what_is_read_in_a_larger_group_is_stored_at_once_and_counted(
    private_valkey: EmbeddedValkey, proxy_to: ProxyTo, start: Start, pool: Pool, connect_to: ConnectTo, how: str
) -> None:
    factory = Factory(pool)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    proxy = await proxy_to(private_valkey.url)
    web = await start(REDIS_URL=proxy.url, RECEIPTS_DIRECT_MAX="2")
    hers, his, third = [await connect_to(web.url, person) for person in (ada, bo, cy)]
    for device in (hers, his, third):
        await device.watch(group)
    await hers.send(group, "One")
    await his.say("receipt:read", conversation_id=group, up_to_seq=1)
    await hers.expect("receipt:count", seq=1, count=1)
    assert await pool.fetchval("select count(*) from read_events") == 0

    await goes(proxy, how)
    await third.say("receipt:read", conversation_id=group, up_to_seq=1)
    await third.expect("receipt:updated", user_id=cy, read_up_to=1)
    assert await pool.fetchval("select user_id from read_events") == cy
    await comes_back(proxy, how)

    # The other one is counted by what waits in Redis.
    await hers.expect("receipt:count", seq=1, count=2)
