"""`chat worker`: the arq worker, until it is told to end."""

import asyncio
import logging
import os
import signal
from argparse import Namespace
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from chat import redis
from chat.commands.environment import process_environment
from chat.db import Pool, create_pool
from chat.settings import Settings, load
from chat.web.logs import configure_logging, get_logger

if TYPE_CHECKING:
    from arq import Worker

log = get_logger()

# How long what has begun may take when the worker is told to end, and then its goodbye to Redis.
JOB_SECONDS = 10.0
GOODBYE_SECONDS = 5.0
# How often a Redis that is lost is looked for.
LOOK_SECONDS = 1.0


def main(_arguments: Namespace) -> int:
    """Work until SIGTERM or SIGINT. Raises `CommandError` or `SettingsError`."""
    os.environ.update(process_environment())
    settings = load(os.environ)
    configure_logging(level=settings.log_level, form=settings.log_format)
    # Two lines for each job, the cron jobs' too, with its arguments.
    logging.getLogger("arq").setLevel(max(logging.WARNING, logging.getLogger().level))
    asyncio.run(_work(settings))
    return 0


async def _work(settings: Settings) -> None:
    ending = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, ending.set)
    few = msgspec.structs.replace(settings, database_pool_min=1, database_pool_max=4)
    async with redis.create_redis(settings) as client, await create_pool(few) as pool:
        # A worker that has begun waits for a Redis that is lost; one that can't begin says so.
        await client.ping()
        while not ending.is_set():
            try:
                await _work_with_redis(settings, pool, ending)
            except redis.UNAVAILABLE as error:
                log.warning("worker.redis_lost", error=type(error).__qualname__)
                await _look_for(client, ending)


async def _work_with_redis(settings: Settings, pool: Pool, ending: asyncio.Event) -> None:
    """Work until the worker is told to end. Raises one of `redis.UNAVAILABLE`.

    An arq worker is good for one connection to Redis: after a failure it has lost count of its jobs. So each time it is
    another; what the one before has begun is finished first.
    """
    # Imported here: the rest of the product doesn't know its workers.
    from workers.settings import make_worker

    worker = make_worker(settings, pool, ending=ending)
    connection = worker.pool
    working = asyncio.create_task(worker.async_run())
    told = asyncio.create_task(ending.wait())
    await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    worker.allow_pick_jobs = False
    if worker.tasks:
        await asyncio.wait(worker.tasks.values(), timeout=JOB_SECONDS)
    try:
        await _say_goodbye(worker)
    finally:
        await connection.connection_pool.disconnect()
    with suppress(asyncio.CancelledError):
        await working


async def _say_goodbye(worker: "Worker") -> None:
    """Have what is still under way broken off, for it is done again; and tell Redis, where it is there to hear it."""
    try:
        async with asyncio.timeout(GOODBYE_SECONDS):
            await worker.close()
    # A job that is broken off in its very last step is one that was cancelled.
    except (*redis.UNAVAILABLE, asyncio.CancelledError) as error:
        log.warning("worker.left_without_goodbye", error=type(error).__qualname__)


async def _look_for(client: redis.Redis, ending: asyncio.Event) -> None:
    """Wait until Redis answers again, or the worker is told to end."""
    while not ending.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(ending.wait(), LOOK_SECONDS)
        try:
            await client.ping()
        except redis.UNAVAILABLE:
            continue
        log.warning("worker.redis_back")
        return
