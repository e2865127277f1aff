"""GET /metrics, for all web processes of this server.

They share one port, so a scrape reaches any of them. The one that it reaches asks the others over Unix sockets
in a folder that they share, and answers for all, each value labelled with its process.
"""

import asyncio
import hmac
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from yarl import URL

from chat.redis import UNAVAILABLE
from chat.settings import Settings
from chat.web.keys import SERVICES
from chat.web.logs import get_logger
from chat.web.metrics import REGISTRY

log = get_logger()

SIBLING_SECONDS = 1.0
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


class Family(msgspec.Struct):
    """One metric with its samples (name, labels, value), as processes hand it to each other."""

    name: str
    documentation: str
    kind: str
    samples: list[tuple[str, dict[str, str], float]]


# Numbers that belong to no process, and are read when a scrape wants them.
Source: TypeAlias = Callable[[], Awaitable[list[Family]]]


class MetricsShare:
    """Hands this process's numbers to its siblings, and asks for theirs."""

    def __init__(self, *, process: str, folder: Path | None) -> None:
        """`process` is the label; `folder` is where the siblings have their sockets, None where there are none."""
        self.process = process
        self.sources: list[Source] = []
        self._folder = folder

    async def serve(self, _app: web.Application) -> AsyncIterator[None]:
        """A `cleanup_ctx`: answers siblings while the application runs."""
        if self._folder is None:
            yield
            return
        path = self._folder / f"{self.process}.sock"
        server = await asyncio.start_unix_server(self._hand_over, path)
        yield
        server.close()
        path.unlink(missing_ok=True)

    async def gather(self) -> list[Family]:
        """The numbers of all processes, and of the sources. Who doesn't answer within a second is left out."""
        own = self._folder and self._folder / f"{self.process}.sock"
        others = [path for path in self._folder.glob("*.sock") if path != own] if self._folder else []
        answers = await asyncio.gather(*(_ask(path) for path in others), *(_read(source) for source in self.sources))
        return _merged([snapshot(self.process), *answers])

    async def _hand_over(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(msgspec.msgpack.encode(snapshot(self.process)))
        writer.close()
        await writer.wait_closed()


METRICS_SHARE = web.AppKey("metrics_share", MetricsShare)


def setup_metrics(app: web.Application, settings: Settings) -> None:
    """Make /metrics answer for this process, and for its siblings where they have a folder in common.

    `process_name` tells siblings apart: a name that a successor takes over, not a process id, so that restarts
    make no new series. `metrics_folder` needs a short path (a Unix socket's has some 100 characters) and must
    belong to these processes alone.
    """
    folder = Path(settings.metrics_folder) if settings.metrics_folder else None
    share = MetricsShare(process=settings.process_name, folder=folder)
    app[METRICS_SHARE] = share
    app.cleanup_ctx.append(share.serve)


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics, in the text format of Prometheus."""
    refusal = _refusal(request, request.app[SERVICES].settings)
    if refusal:
        return web.Response(text=refusal + "\n", status=web.HTTPForbidden.status_code)
    families = await request.app[METRICS_SHARE].gather()
    return web.Response(body=exposition(families), headers={"Content-Type": CONTENT_TYPE_LATEST})


def snapshot(process: str) -> list[Family]:
    """The numbers of this process, each labelled with it."""
    return [
        Family(
            name=metric.name,
            documentation=metric.documentation,
            kind=metric.type,
            samples=[
                (sample.name, {**sample.labels, "process": process}, sample.value)
                for sample in metric.samples
                if not sample.name.endswith("_created")
            ],
        )
        for metric in REGISTRY.collect()
    ]


def exposition(families: Iterable[Family]) -> bytes:
    """The families in the text format of Prometheus."""
    return generate_latest(_Given(families))


class _Given(CollectorRegistry):
    """A registry of metrics that are already collected, in the form that `generate_latest` reads."""

    def __init__(self, families: Iterable[Family]) -> None:
        super().__init__()
        self._families = families

    def collect(self) -> Iterable[Metric]:
        for family in self._families:
            metric = Metric(family.name, family.documentation, family.kind)
            for name, labels, value in family.samples:
                metric.add_sample(name, labels, value)
            yield metric


def _merged(snapshots: Iterable[list[Family]]) -> list[Family]:
    """One family per name: the text format wants all samples of a metric together."""
    families: dict[str, Family] = {}
    for snapshot_ in snapshots:
        for family in snapshot_:
            known = families.setdefault(family.name, family)
            if known is not family:
                known.samples.extend(family.samples)
    return list(families.values())


async def _ask(path: Path) -> list[Family]:
    try:
        async with asyncio.timeout(SIBLING_SECONDS):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                return msgspec.msgpack.decode(await reader.read(), type=list[Family])
            finally:
                writer.close()
    except (OSError, TimeoutError, msgspec.DecodeError) as error:
        log.warning("metrics.sibling_silent", sibling=path.stem, error=type(error).__qualname__)
        return []


async def _read(source: Source) -> list[Family]:
    try:
        async with asyncio.timeout(SIBLING_SECONDS):
            return await source()
    except UNAVAILABLE as error:
        log.warning("metrics.source_silent", error=type(error).__qualname__)
        return []


def _refusal(request: web.Request, settings: Settings) -> str | None:
    """Why this request may not read the metrics, in a sentence for the operator, or None where it may."""
    if settings.metrics_token:
        expected = f"Bearer {settings.metrics_token}".encode()
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        return (
            None if hmac.compare_digest(given, expected) else "The header must be: Authorization: Bearer METRICS_TOKEN"
        )
    if _is_local(request) and not settings.trusted_proxies and _names_this_machine(settings.base_url):
        return None
    return "Without METRICS_TOKEN, metrics are for direct requests from the same machine."


def _is_local(request: web.Request) -> bool:
    """Whether the request comes from this machine and, as far as it shows, through no proxy."""
    peer: Any = request.transport and request.transport.get_extra_info("peername")
    if not peer or any(name in request.headers for name in _FORWARDED):
        return False
    return ipaddress.ip_address(peer[0]).is_loopback


def _names_this_machine(base_url: str) -> bool:
    return not base_url or URL(base_url).host in {"localhost", "127.0.0.1", "::1"}
