"""`chat worker`: the arq worker, until it is told to end."""

import asyncio
import logging
import os
from argparse import Namespace
from contextlib import suppress

from arq.worker import create_worker

from chat.commands.environment import process_environment
from chat.redis import create_redis
from chat.settings import Settings, load
from chat.web.logs import configure_logging, get_logger

log = get_logger()

# How long the worker may take to clean up after its last job.
GOODBYE_SECONDS = 5.0


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
    # A worker that has begun waits for a Redis that is lost; one that can't begin says so.
    async with create_redis(settings) as redis:
        await redis.ping()
    # Its settings are read when it is imported; above, the environment was completed and checked.
    from workers.settings import WorkerSettings

    # arq's type wants every setting to be declared with exactly its own types; it reads attributes by their names.
    worker = create_worker(WorkerSettings)  # type: ignore[arg-type]
    # The worker's own signal handlers cancel its main task: that is its way to end.
    with suppress(asyncio.CancelledError):
        await worker.async_run()
    # To say goodbye it needs Redis, and would ask a Redis that is lost for ever.
    try:
        async with asyncio.timeout(GOODBYE_SECONDS):
            await worker.close()
    except TimeoutError:
        log.warning("worker.left_without_goodbye")
