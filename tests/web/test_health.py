"""Health: an honest answer, soon, whatever the servers do."""

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from chat.redis import create_redis
from chat.services import Services
from chat.settings import Settings
from chat.web import health
from chat.web.health import Health, setup_health
from tests.web.small_app import SETTINGS, make_app, running

PAGES = {"/health/live": health.live, "/health/ready": health.ready, "/healthz": health.healthz}


SETTINGS_WITHOUT_REDIS = msgspec.structs.replace(SETTINGS, redis_url="redis://127.0.0.1:1")


def working_redis() -> Any:
    return SimpleNamespace(ping=fine)


async def fine() -> None:
    """A check of something that works."""


async def hanging() -> None:
    """A check of something that never answers."""
    await asyncio.sleep(60)


async def test_database_and_redis_are_asked(pool: Any, settings: Settings) -> None:
    redis = create_redis(settings)
    services = Services(settings=settings, pool=pool, redis=redis, emit=lambda _event: None)
    app = make_app(PAGES)

    async def sockets() -> dict[str, int]:
        return {"connections": 3}

    setup_health(app, services).add("sockets", sockets, essential=True)
    async with running(app) as client:
        answer = await client.get("/health/ready")
        body = await answer.json()
        short = await client.get("/healthz")
        assert await short.json() == {"status": "ok"}
    await redis.aclose()
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert body["status"] == "ok"
    assert list(body["checks"]) == ["database", "redis", "sockets"]
    assert body["checks"]["database"]["status"] == "up"
    assert 0 <= body["checks"]["database"]["ms"] < 1000
    assert body["checks"]["sockets"]["connections"] == 3


async def test_without_redis_it_is_degraded_and_still_takes_requests(pool: Any, settings: Settings) -> None:
    redis = create_redis(SETTINGS_WITHOUT_REDIS)
    services = Services(settings=settings, pool=pool, redis=redis, emit=lambda _event: None)
    app = make_app(PAGES)
    setup_health(app, services)
    async with running(app) as client:
        answer = await client.get("/health/ready")
        body = await answer.json()
    await redis.aclose()
    assert (answer.status, body["status"]) == (200, "degraded")
    assert body["checks"]["redis"]["status"] == "down"


async def test_without_the_database_it_is_down_and_still_alive(pool: Any) -> None:
    await pool.close()
    services = Services(settings=SETTINGS, pool=pool, redis=working_redis(), emit=lambda _event: None)
    app = make_app(PAGES)
    setup_health(app, services)
    async with running(app) as client:
        ready = await client.get("/health/ready")
        alive = await client.get("/health/live")
        short = await client.get("/healthz")
        body = await ready.json()
    assert (ready.status, body["status"]) == (503, "down")
    assert short.status == 503
    assert alive.status == 200


async def test_a_server_that_hangs_delays_the_answer_by_a_second_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.05)
    checks = Health()
    checks.add("database", hanging, essential=True)
    checks.add("redis", fine, essential=False)
    report = await asyncio.wait_for(checks.report(), 5)
    assert report.status == "down"
    assert {name: finding.status for name, finding in report.checks.items()} == {"database": "down", "redis": "up"}


async def test_asking_often_asks_the_servers_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    async def counted() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)

    checks = Health()
    checks.add("database", counted, essential=True)
    await asyncio.gather(*(checks.report() for _ in range(50)))
    await checks.report()
    assert asked == 1
    monkeypatch.setattr(health, "monotonic", lambda: float("inf"))
    await checks.report()
    assert asked == 2


async def test_a_caller_that_leaves_takes_the_answer_from_nobody() -> None:
    checks = Health()
    checks.add("slow", lambda: asyncio.sleep(0.05), essential=True)
    leaving = asyncio.create_task(checks.report())
    staying = asyncio.create_task(checks.report())
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).status == "ok"


async def test_a_process_that_is_leaving_wants_no_more_requests() -> None:
    app = make_app(PAGES)
    services = Services(
        settings=SETTINGS,
        pool=SimpleNamespace(fetchval=lambda _statement: fine()),
        redis=working_redis(),
        emit=lambda _event: None,
    )
    checks = setup_health(app, services)
    async with running(app) as client:
        assert (await client.get("/healthz")).status == 200
        checks.shutting_down = True
        answer = await client.get("/healthz")
        assert (answer.status, await answer.json()) == (503, {"status": "shutting_down"})
        assert (await client.get("/health/live")).status == 200
