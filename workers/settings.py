"""What arq is told: which jobs there are, when they run, and how patient it is."""

import os

import msgspec
from arq import cron
from arq.connections import RedisSettings
from arq.cron import CronJob
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from chat.db import create_pool
from chat.settings import load
from workers.jobs import Context, flush_last_use, forget_departures, forget_expired_sessions

_settings = load(os.environ)


def _redis_settings() -> RedisSettings:
    """The address, and that a worker which has lost Redis tries again until it is back, at most 2 s apart."""
    redis_settings = RedisSettings.from_dsn(_settings.redis_url)
    redis_settings.retry = Retry(ExponentialBackoff(cap=2, base=0.1), -1)
    # Without OSError, what fails to connect isn't tried again.
    redis_settings.retry_on_error = [RedisConnectionError, RedisTimeoutError, OSError]
    return redis_settings


async def _startup(context: Context) -> None:
    context["settings"] = _settings
    context["pool"] = await create_pool(msgspec.structs.replace(_settings, database_pool_min=1, database_pool_max=4))


async def _shutdown(context: Context) -> None:
    await context["pool"].close()


class WorkerSettings:
    """Read by arq. Jobs are at-least-once: a worker that dies has its jobs run again, so they bear it."""

    redis_settings = _redis_settings()
    on_startup = _startup
    on_shutdown = _shutdown
    cron_jobs: tuple[CronJob, ...] = (
        # arq's types want jobs with any arguments whatever; a cron job is called with the context alone.
        cron(flush_last_use, second=set(range(0, 60, 10)), timeout=8),  # type: ignore[arg-type]
        cron(forget_expired_sessions, minute=set(range(0, 60, 10)), timeout=30),  # type: ignore[arg-type]
        cron(forget_departures, minute=5, timeout=30),  # type: ignore[arg-type]
    )
    # JSON and not pickle: whoever can write to Redis must not be able to run code here.
    job_serializer = msgspec.json.encode
    job_deserializer = msgspec.json.decode
    health_check_interval = 15
    # A crashed worker's job waits for the longest timeout before another takes it, so none is long.
    job_timeout = 30
    max_tries = 5
    keep_result = 0
    log_results = False
    # What has begun is finished when the worker is told to stop.
    job_completion_wait = 10
