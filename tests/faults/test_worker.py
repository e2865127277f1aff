"""The worker when its servers go away."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import redis

from chat.embedded import EmbeddedValkey
from tests.commands.processes import wait_until
from tests.faults.conftest import ProxyTo, becomes
from tests.proxy import Proxy
from tests.servers import WorkerProcess

StartWorker = Callable[..., WorkerProcess]


def wait_for_work(worker: WorkerProcess, valkey: EmbeddedValkey) -> None:
    """Wait until the worker has ended a job since this was last asked."""
    with redis.Redis.from_url(valkey.url) as connection:
        wait_until(lambda: connection.delete("chat:worker:alive"), worker.printed, timeout=60)


def test_it_waits_for_a_redis_that_is_lost(private_valkey: EmbeddedValkey, start_worker: StartWorker) -> None:
    worker = start_worker(RECEIPTS_FLUSH_SECONDS="1")
    wait_for_work(worker, private_valkey)

    private_valkey.kill()
    private_valkey.start()

    wait_for_work(worker, private_valkey)
    assert worker.stop() == 0, worker.printed()


def test_told_to_end_without_redis_it_ends_all_the_same(
    private_valkey: EmbeddedValkey, start_worker: StartWorker
) -> None:
    worker = start_worker()
    wait_for_work(worker, private_valkey)
    private_valkey.kill()

    assert worker.stop(timeout=30) == 0, worker.printed()
    assert "worker.left_without_goodbye" in worker.printed()


def test_without_redis_it_does_not_begin(private_valkey: EmbeddedValkey, start_worker: StartWorker) -> None:
    private_valkey.kill()
    worker = start_worker()
    assert worker.process.wait(timeout=30) == 1
    assert worker.printed().startswith("chat: Redis can't be reached")


def drops(writer: asyncio.StreamWriter) -> None:
    """A Redis behind a proxy of which only the proxy lives."""
    writer.transport.abort()


def is_loading(writer: asyncio.StreamWriter) -> None:
    """A Redis that has just been started and reads its file."""
    writer.write(b"-LOADING Redis is loading the dataset in memory\r\n")


def says_nothing(_writer: asyncio.StreamWriter) -> None:
    """A Redis whose machine hangs."""


BadRedis = Callable[[asyncio.StreamWriter], None]


@pytest.fixture(params=[drops, is_loading, says_nothing])
async def bad_redis(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of a server that takes connections and is no good."""
    answer: BadRedis = request.param

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            answer(writer)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"


async def lose_redis(worker: WorkerProcess, valkey: EmbeddedValkey, proxy: Proxy, bad_redis: str) -> None:
    """Wait until the worker works, and then until it has lost its Redis."""
    await asyncio.to_thread(wait_for_work, worker, valkey)
    await proxy.lead_to(bad_redis)

    async def is_lost() -> bool:
        return "worker.redis_lost" in worker.printed()

    await becomes(is_lost, within=60)


async def test_it_outlives_a_redis_that_is_there_and_no_good(
    private_valkey: EmbeddedValkey, start_worker: StartWorker, proxy_to: ProxyTo, bad_redis: str
) -> None:
    proxy = await proxy_to(private_valkey.url)
    worker = start_worker(REDIS_URL=proxy.url, RECEIPTS_FLUSH_SECONDS="1")
    await lose_redis(worker, private_valkey, proxy, bad_redis)

    await proxy.lead_to(private_valkey.url)

    await asyncio.to_thread(wait_for_work, worker, private_valkey)
    assert await asyncio.to_thread(worker.stop, timeout=30) == 0, worker.printed()


async def test_told_to_end_while_redis_is_no_good_it_ends(
    private_valkey: EmbeddedValkey, start_worker: StartWorker, proxy_to: ProxyTo, bad_redis: str
) -> None:
    proxy = await proxy_to(private_valkey.url)
    worker = start_worker(REDIS_URL=proxy.url, RECEIPTS_FLUSH_SECONDS="1")
    await lose_redis(worker, private_valkey, proxy, bad_redis)

    assert await asyncio.to_thread(worker.stop, timeout=30) == 0, worker.printed()
