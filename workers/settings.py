"""What arq is told: which jobs there are, when they run, and how patient it is."""

import asyncio

import msgspec
from arq import Worker, cron
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool

from chat.db import Pool
from chat.settings import Settings
from workers.jobs import (
    flush_last_use,
    flush_receipts,
    forget_departures,
    forget_expired_sessions,
    give_sign_of_life,
)

# A Redis that doesn't answer for so long counts as lost.
_REDIS_SECONDS = 5.0


def make_worker(settings: Settings, pool: Pool, *, ending: asyncio.Event) -> Worker:
    """A worker that can be run once. Jobs are at-least-once: one that dies has its jobs run again, so they bear it.

    It ends with an error when Redis is lost, and doesn't listen to signals: whoever runs it does.
    """
    flush_seconds = settings.receipts_flush_seconds
    return Worker(
        redis_pool=_connect(settings),
        ctx={"settings": settings, "pool": pool, "ending": ending},
        # arq's types want jobs and hooks with any arguments whatever; these are called with the context alone.
        cron_jobs=[
            cron(  # A run ends by itself when the next one begins.
                flush_receipts,  # type: ignore[arg-type]
                second=set(range(0, 60, flush_seconds)),
                run_at_startup=True,
                timeout=flush_seconds + 20,
            ),
            cron(flush_last_use, second=set(range(0, 60, 10)), timeout=8),  # type: ignore[arg-type]
            cron(forget_expired_sessions, minute=set(range(0, 60, 10)), timeout=30),  # type: ignore[arg-type]
            cron(forget_departures, minute=5, timeout=30),  # type: ignore[arg-type]
        ],
        on_job_end=give_sign_of_life,  # type: ignore[arg-type]
        job_serializer=msgspec.json.encode,
        job_deserializer=msgspec.json.decode,
        health_check_interval=15,
        job_timeout=30,
        max_tries=5,
        keep_result=0,
        log_results=False,
        handle_signals=False,
    )


def _connect(settings: Settings) -> ArqRedis:
    """JSON and not pickle: whoever can write to Redis must not be able to run code here."""
    return ArqRedis(
        ConnectionPool.from_url(
            settings.redis_url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS
        ),
        job_serializer=msgspec.json.encode,
        job_deserializer=msgspec.json.decode,
    )
