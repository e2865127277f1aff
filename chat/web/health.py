"""Health: is the process alive, and can it do its work?"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic, perf_counter
from typing import Any, Literal, TypeAlias

import msgspec
from aiohttp import web

from chat.services import Services
from chat.web.logs import get_logger

log = get_logger()

CHECK_SECONDS = 1.0
CACHE_SECONDS = 1.0

# Raises where the thing doesn't work; may return facts that are worth showing.
Check: TypeAlias = Callable[[], Awaitable[Mapping[str, Any] | None]]
Status: TypeAlias = Literal["ok", "degraded", "down", "shutting_down"]


class Finding(msgspec.Struct, frozen=True):
    """How one check went."""

    status: Literal["up", "down"]
    ms: float
    facts: Mapping[str, Any]


class Report(msgspec.Struct, frozen=True):
    """All findings. "degraded": something is away that the product can do without for a while."""

    status: Status
    checks: dict[str, Finding]

    @property
    def http_status(self) -> int:
        """200 while requests may come here, 503 where they should go to another process."""
        return 200 if self.status in {"ok", "degraded"} else 503

    def as_json(self) -> dict[str, Any]:
        """The body of /health/ready."""
        checks = {name: {"status": one.status, "ms": one.ms, **one.facts} for name, one in self.checks.items()}
        return {"status": self.status, "checks": checks}


class Health:
    """The checks of this process. Their outcome is kept for a second, so that asking often costs nothing."""

    def __init__(self) -> None:
        self.shutting_down = False
        self._checks: dict[str, tuple[Check, bool]] = {}
        self._running: asyncio.Task[Report] | None = None
        self._fresh_until = 0.0

    def add(self, name: str, check: Check, *, essential: bool) -> None:
        """Register a check. Where an essential one fails, the process is down; else it is degraded."""
        self._checks[name] = (check, essential)

    async def report(self) -> Report:
        """What the checks say now, or said within the last second."""
        if self._running is None or (self._running.done() and monotonic() >= self._fresh_until):
            self._running = asyncio.create_task(self._examine())
        # One caller that leaves must not take the answer from the others.
        report = await asyncio.shield(self._running)
        return msgspec.structs.replace(report, status="shutting_down") if self.shutting_down else report

    async def _examine(self) -> Report:
        findings = await asyncio.gather(*(_run(name, check) for name, (check, _) in self._checks.items()))
        checks = dict(zip(self._checks, findings, strict=True))
        failed = {name for name, finding in checks.items() if finding.status == "down"}
        essential = {name for name, (_, essential) in self._checks.items() if essential}
        self._fresh_until = monotonic() + CACHE_SECONDS
        return Report(status="down" if failed & essential else "degraded" if failed else "ok", checks=checks)


HEALTH = web.AppKey("health", Health)


def setup_health(app: web.Application, services: Services) -> Health:
    """Set up the health of this process, with the checks of its two servers."""

    async def database() -> None:
        await services.pool.fetchval("select 1")

    async def redis() -> None:
        await services.redis.ping()

    health = Health()
    health.add("database", database, essential=True)
    health.add("redis", redis, essential=False)
    app[HEALTH] = health
    return health


async def live(_request: web.Request) -> web.Response:
    """GET /health/live: the process answers."""
    return _answer({"status": "ok"}, 200)


async def ready(request: web.Request) -> web.Response:
    """GET /health/ready: what each check found."""
    report = await request.app[HEALTH].report()
    return _answer(report.as_json(), report.http_status)


async def healthz(request: web.Request) -> web.Response:
    """GET /healthz: the same in one word."""
    report = await request.app[HEALTH].report()
    return _answer({"status": report.status}, report.http_status)


async def _run(name: str, check: Check) -> Finding:
    started = perf_counter()
    facts: Mapping[str, Any] = {}
    status: Literal["up", "down"] = "up"
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            facts = await check() or {}
    # A check may fail in any way; whatever it is, the answer is "down", not an error page.
    except Exception as error:
        status = "down"
        log.warning("health.check_failed", check=name, error=type(error).__qualname__)
    return Finding(status=status, ms=round((perf_counter() - started) * 1000, 2), facts=facts)


def _answer(body: Mapping[str, Any], status: int) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body),
        status=status,
        headers={"Content-Type": "application/json", "Cache-Control": "no-store"},
    )
