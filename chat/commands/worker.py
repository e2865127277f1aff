"""`chat worker`: the arq worker, until it is told to end."""

import asyncio
import logging
import os
from argparse import Namespace
from contextlib import suppress

from arq.worker import create_worker

from chat.commands.environment import process_environment
from chat.settings import load
from chat.web.logs import configure_logging


def main(_arguments: Namespace) -> int:
    """Work until SIGTERM or SIGINT. Raises `CommandError` or `SettingsError`."""
    os.environ.update(process_environment())
    settings = load(os.environ)
    configure_logging(level=settings.log_level, form=settings.log_format)
    # Two lines for each job, the cron jobs' too, with its arguments.
    logging.getLogger("arq").setLevel(max(logging.WARNING, logging.getLogger().level))
    asyncio.run(_work())
    return 0


async def _work() -> None:
    # Its settings are read when it is imported; above, the environment was completed and checked.
    from workers.settings import WorkerSettings

    # arq's type wants every setting to be declared with exactly its own types; it reads attributes by their names.
    worker = create_worker(WorkerSettings)  # type: ignore[arg-type]
    # The worker's own signal handlers cancel its main task: that is its way to end.
    with suppress(asyncio.CancelledError):
        await worker.async_run()
    await worker.close()
