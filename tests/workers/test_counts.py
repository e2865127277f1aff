"""What people see of a larger group is the same before a flush and after it."""

from chat.db import Pool
from chat.redis import Redis
from tests.device import Connect
from tests.factory import Factory
from tests.servers import Serve
from tests.workers.conftest import Flush
from tests.workers.waiting import NOTHING, left_in_redis


async def test_counts_are_the_same_before_and_after_a_flush(
    factory: Factory, pool: Pool, redis: Redis, connect: Connect, serve: Serve, flush_now: Flush
) -> None:
    url = await serve(receipts_direct_max=2)
    ada, bo, cy = await factory.three()
    room = await factory.group(ada, bo, cy)
    hers, his = await connect(ada, url), await connect(bo, url)
    for device in (hers, his):
        await device.watch(room)
    await hers.send(room, "One")
    await hers.send(room, "Two")
    await his.say("receipt:read", conversation_id=room, up_to_seq=1)
    told = await hers.expect("receipt:count", seq=2, count=0, earlier=[[1, 1]])
    assert (await left_in_redis(redis))["waiting"] > 0
    assert await pool.fetchval("select read_up_to_seq from members where user_id = $1", bo) == 0

    await flush_now()

    assert await left_in_redis(redis) == NOTHING
    assert await pool.fetchval("select read_up_to_seq from members where user_id = $1", bo) == 1
    again = await connect(ada, url)
    await again.watch(room)
    assert await again.expect("receipt:count", seq=2) == told
