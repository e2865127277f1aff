"""What an operator sees of the worker: in the metrics and the health of a web process."""

from datetime import UTC, datetime
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from chat import lifesign
from chat.db import Pool
from chat.receipts.consumer import ASIDE
from chat.redis import Redis
from chat.settings import Settings
from tests.factory import Factory
from tests.workers.conftest import Flush
from tests.workers.waiting import reads, room_with_messages
from workers.jobs import flush_receipts, give_sign_of_life


async def numbers(url: str) -> dict[str, float]:
    """The worker's numbers, as a scrape of a web process finds them."""
    async with aiohttp.ClientSession() as http, http.get(f"{url}/metrics") as answer:
        assert answer.status == 200
        families = text_string_to_metric_families(await answer.text())
    return {
        sample.name: sample.value
        for family in families
        for sample in family.samples
        if sample.labels.get("process") == "worker"
    }


async def health(url: str) -> tuple[str, dict[str, Any]]:
    """The status of a web process, and what it says of the worker."""
    async with aiohttp.ClientSession() as http, http.get(f"{url}/health/ready") as answer:
        assert answer.status == 200
        body = await answer.json()
    return body["status"], body["checks"]["worker"]


async def test_a_scrape_tells_what_waits_and_what_was_stored(
    url: str, factory: Factory, redis: Redis, flush_now: Flush
) -> None:
    assert await numbers(url) == {
        "chat_worker_up": 0,
        "chat_receipts_pending": 0,
        "chat_receipts_flush_lag_seconds": 0,
        "chat_receipts_set_aside": 0,
        "chat_receipts_flushed_total": 0,
        "chat_receipts_flush_batches_total": 0,
        "chat_receipts_rows_total": 0,
        "chat_receipts_retries_total": 0,
    }
    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    for seq in (1, 2, 3):
        await reads(redis, room, bo, seq, datetime(2020, 1, 1, 0, seq, tzinfo=UTC))
    await redis.xadd(ASIDE, {"w": "ConnectionRefusedError"})

    waiting = await numbers(url)
    assert (waiting["chat_receipts_pending"], waiting["chat_receipts_set_aside"]) == (3, 1)
    # For how long it has waited, not how long ago it was read.
    assert 0 <= waiting["chat_receipts_flush_lag_seconds"] < 600

    await flush_now()
    stored = await numbers(url)
    assert stored["chat_receipts_pending"] == stored["chat_receipts_flush_lag_seconds"] == 0
    assert stored["chat_receipts_flushed_total"] == 3
    assert stored["chat_receipts_flush_batches_total"] == 1
    assert stored["chat_receipts_rows_total"] == 4


async def test_a_worker_that_is_silent_is_told(url: str, redis: Redis) -> None:
    status, worker = await health(url)
    assert (status, worker["status"]) == ("degraded", "down")

    await give_sign_of_life({"redis": redis})

    assert (await numbers(url))["chat_worker_up"] == 1
    assert 0 < await redis.pttl("chat:worker:alive") <= 30_000
    assert (await lifesign.check(redis))["silent_seconds"] < 30


async def test_health_is_well_with_a_worker(url: str, redis: Redis) -> None:
    await lifesign.give(redis)
    status, worker = await health(url)
    assert (status, worker["status"]) == ("ok", "up")


async def test_the_worker_has_a_job_for_receipts(
    factory: Factory, pool: Pool, redis: Redis, settings: Settings
) -> None:
    class Never:
        def is_set(self) -> bool:
            return False

    ada, bo, _ = await factory.three()
    room = await room_with_messages(factory, ada, bo)
    await reads(redis, room, bo, 3)
    await flush_receipts({"pool": pool, "redis": redis, "settings": settings, "ending": Never()})

    assert await pool.fetchval("select read_up_to_seq from members where user_id = $1", bo) == 3
