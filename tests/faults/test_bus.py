"""A line between processes goes dead without a word: that is noticed, and what was missed meanwhile is asked for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec
import pytest

from chat.db import create_pool
from chat.embedded import EmbeddedPostgres, EmbeddedValkey
from chat.events import ConversationListed, Event
from chat.ids import new_id
from chat.realtime import bus as bus_module
from chat.realtime.bus import Bus
from chat.redis import create_redis
from chat.settings import Settings
from tests.faults.conftest import ProxyTo, becomes


class Process:
    """What a web process does with its bus, written down."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.times_missed = 0

    async def missed(self) -> None:
        self.times_missed += 1

    async def degraded(self, _is_degraded: bool) -> None:
        """Shows a banner."""

    async def read_message(self, _conversation_id: UUID, _revision: int) -> None:
        """Nobody sends a message here."""


@asynccontextmanager
async def running(process: Process, settings: Settings) -> AsyncIterator[Bus]:
    """A bus that listens to both servers."""
    pool = await create_pool(settings)
    client = create_redis(settings)
    bus = Bus(
        client,
        pool,
        settings.database_url,
        receive=process.heard.append,
        missed=process.missed,
        degraded=process.degraded,
        read_message=process.read_message,
    )
    await bus.start()
    assert process.times_missed == 2, "it listens to both before anybody connects"
    yield bus
    await bus.stop()
    pool.terminate()  # in order it would ask lines that lead nowhere
    await client.aclose()


def has_listened_anew(process: Process, times: int) -> Callable[[], Awaitable[bool]]:
    async def condition() -> bool:
        return process.times_missed >= times

    return condition


@pytest.mark.parametrize("server", ["redis", "postgres"])
async def test_a_line_that_is_dead_without_a_word_is_opened_anew(
    private_postgres: EmbeddedPostgres,
    private_valkey: EmbeddedValkey,
    proxy_to: ProxyTo,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    server: str,
) -> None:
    monkeypatch.setattr(bus_module, "SILENCE_SECONDS", 0.3)
    to_postgres = await proxy_to(private_postgres.tcp_url_of("chat"))
    to_redis = await proxy_to(private_valkey.url)
    behind = msgspec.structs.replace(settings, database_url=to_postgres.url, redis_url=to_redis.url)
    one, other = Process(), Process()

    async with running(one, settings) as talking, running(other, behind):
        (to_redis if server == "redis" else to_postgres).forget()
        await becomes(has_listened_anew(other, 3))
        event = ConversationListed(user_id=new_id(), conversation_id=new_id())
        if server == "postgres":
            talking.redis_up = False
        talking.publish("chat:user:somebody", event)

        async def has_heard() -> bool:
            return event in other.heard

        await becomes(has_heard)
    assert one.heard == []


async def test_a_line_that_is_only_silent_stays(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "SILENCE_SECONDS", 0.05)
    process = Process()
    client = create_redis(settings)

    async def was_asked_often() -> bool:
        commands = await client.info("commandstats")
        return "cmdstat_ping" in commands and commands["cmdstat_ping"]["calls"] - before >= 5

    await client.ping()
    before = (await client.info("commandstats"))["cmdstat_ping"]["calls"]
    async with running(process, settings):
        await becomes(was_asked_often)
        assert process.times_missed == 2
    await client.aclose()
