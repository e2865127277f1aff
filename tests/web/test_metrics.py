"""Metrics: what was measured, from every process of this server, and only for those whom it concerns."""

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client.parser import text_string_to_metric_families

from chat.web import metrics
from chat.web.keys import SERVICES
from chat.web.scrape import metrics as metrics_page
from chat.web.scrape import setup_metrics
from tests.web.small_app import make_app, running

SIBLING = """
import asyncio, sys
import msgspec
from aiohttp import web
from chat.web import metrics
from chat.web.scrape import setup_metrics
from tests.web.small_app import SETTINGS

async def main():
    app = web.Application()
    setup_metrics(app, msgspec.structs.replace(SETTINGS, process_name="2", metrics_folder=sys.argv[1]))
    runner = web.AppRunner(app)
    await runner.setup()
    metrics.messages.inc(41)
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    # pytest's own folders have names too long for a Unix socket.
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return [path.name for path in folder.iterdir()]


def scraped(text: str) -> dict[tuple[str, ...], float]:
    """Values by name and labels; refuses what is no proper exposition."""
    return {
        (sample.name, *sorted(f"{key}={value}" for key, value in sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def app_with_metrics(routes: Mapping[str, Handler] | None = None, **changes: Any) -> web.Application:
    app = make_app({"/metrics": metrics_page, **(routes or {})}, **changes)
    setup_metrics(app, app[SERVICES].settings)
    return app


async def test_requests_are_counted_by_route_and_status() -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="here")

    labels = ("method=GET", "process=1", "route=/c/{conversation_id}", "status=200")
    async with running(app_with_metrics({"/c/{conversation_id}": page})) as client:
        before = scraped(await (await client.get("/metrics")).text())
        await client.get("/c/1")
        await client.get("/c/2?x=y")
        answer = await client.get("/metrics")
        after = scraped(await answer.text())
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    name = ("chat_http_requests_total", *labels)
    assert after[name] - before.get(name, 0) == 2
    assert after["chat_http_latency_seconds_count", "process=1", "route=/c/{conversation_id}"] >= 2


async def test_everything_that_operators_watch_is_there_from_the_start() -> None:
    async with running(app_with_metrics()) as client:
        names = {name for name, *_ in scraped(await (await client.get("/metrics")).text())}
    assert {
        "chat_message_send_latency_seconds_bucket",
        "chat_connections",
        "chat_deliveries_total",
        "chat_messages_total",
        "chat_bus_errors_total",
        "chat_rate_limiter_errors_total",
        "chat_slow_sockets_total",
        "process_resident_memory_bytes",
    } <= names


async def test_a_strange_method_makes_no_new_series() -> None:
    async with running(app_with_metrics()) as client:
        await client.request("PROPFIND", "/pot")
        text = await (await client.get("/metrics")).text()
    assert "PROPFIND" not in text
    assert 'method="other"' in text


async def test_one_scrape_answers_for_every_process(folder: Path) -> None:
    sibling = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SIBLING, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert sibling.stdout is not None
    assert await sibling.stdout.readline() == b"ready\n"
    async with running(app_with_metrics(metrics_folder=str(folder))) as client:
        values = scraped(await (await client.get("/metrics")).text())
        assert values["chat_messages_total", "process=2"] == 41
        assert ("chat_messages_total", "process=1") in values

        # Stopped, it keeps its socket and never answers; the others must not wait for it for long.
        os.kill(sibling.pid, signal.SIGSTOP)
        values = scraped(await (await client.get("/metrics")).text())
        assert ("chat_messages_total", "process=1") in values
        assert ("chat_messages_total", "process=2") not in values

        sibling.kill()
        await sibling.wait()
        values = scraped(await (await client.get("/metrics")).text())
        assert ("chat_messages_total", "process=2") not in values
    assert names(folder) == ["2.sock"]


async def test_a_successor_takes_over_the_socket_of_a_killed_process(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(folder / "1.sock"))
    assert (folder / "1.sock").is_socket()
    async with running(app_with_metrics(metrics_folder=str(folder))) as client:
        assert ("chat_messages_total", "process=1") in scraped(await (await client.get("/metrics")).text())
    assert names(folder) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": {"X-Forwarded-For": "203.0.113.9"}},
        {"headers": {"Forwarded": "for=203.0.113.9"}},
        {"settings": {"trusted_proxies": 1}},
        {"settings": {"base_url": "https://chat.example.org"}},
    ],
)
async def test_without_a_token_nobody_reads_them_through_a_proxy(changes: dict[str, Any]) -> None:
    async with running(app_with_metrics(**changes.get("settings", {}))) as client:
        answer = await client.get("/metrics", headers=changes.get("headers"))
        text = await answer.text()
    assert answer.status == 403
    assert "METRICS_TOKEN" in text
    assert "chat_" not in text


async def test_with_a_token_only_its_bearer_reads_them() -> None:
    token = "t" * 32
    app = app_with_metrics(metrics_token=token, base_url="https://chat.example.org", trusted_proxies=1)
    async with running(app) as client:
        given = await client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
        wrong = await client.get("/metrics", headers={"Authorization": "Bearer other"})
        none = await client.get("/metrics")
    assert [given.status, wrong.status, none.status] == [200, 403, 403]


def test_every_metric_has_a_name_of_ours_and_an_explanation() -> None:
    for family in metrics.REGISTRY.collect():
        assert family.name.startswith(("chat_", "process_"))
        assert family.documentation
