"""What a process tells Redis of its devices, while they come and go."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
import redis.asyncio

from chat.presence import registry as module
from chat.presence.heartbeats import Heartbeats
from chat.presence.model import Beat
from chat.realtime.connection import Connection
from chat.realtime.person import Person, Privacy
from chat.redis import Redis
from tests.presence.conftest import Registry


@dataclass(eq=False)
class Socket:
    """What is asked of a connection."""

    user_id: UUID = field(default_factory=uuid4)
    heard_at: float = field(default_factory=time.monotonic)
    was_revoked: bool = False
    has_left: bool = False

    def __post_init__(self) -> None:
        self.person = Person(self.user_id)
        self.person.privacy = Privacy(invisible=False)


@pytest.fixture
async def heartbeats(redis_url: str) -> AsyncIterator[Heartbeats]:
    """Those of a process, whose loop doesn't run."""
    client: Redis = redis.asyncio.Redis.from_url(redis_url)
    yield Heartbeats(client, presence_seconds=30, grace_seconds=5, lost=lambda _: None)
    await client.aclose()


def device(heartbeats: Heartbeats) -> Connection:
    """One that has said how it is."""
    connection = cast("Connection", Socket())
    heartbeats.hear(connection, status="online", kind="desktop", idle=None)
    return connection


def during(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Any]) -> None:
    """Have something happen while Redis is told of something."""
    update = module.update

    async def updated(client: Redis, beats: Sequence[Beat], **options: float) -> int:
        gone = await update(client, beats, **options)
        happens()
        await asyncio.sleep(0)
        return gone

    monkeypatch.setattr(module, "update", updated)


async def test_a_device_that_ends_while_others_are_told_of_is_no_trouble(
    heartbeats: Heartbeats, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, last = (device(heartbeats) for _ in range(3))
    monkeypatch.setattr(module, "BATCH", 1)
    during(monkeypatch, lambda: heartbeats.end(other))

    await heartbeats.close()

    states = [await registry.state(connection.user_id) for connection in (one, other, last)]
    assert states == ["online desktop", None, "online desktop"]


async def test_a_process_that_ends_while_it_tells_of_devices_tells_of_each(
    heartbeats: Heartbeats, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = device(heartbeats)
    await heartbeats.close()
    cast("Any", gone).was_revoked = True
    heartbeats.end(gone)
    during(monkeypatch, lambda: None)

    await asyncio.gather(heartbeats.close(), heartbeats.close())

    assert await registry.state(gone.user_id) is None


async def test_who_became_invisible_while_redis_was_lost_is_so_when_it_is_back(
    heartbeats: Heartbeats, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = device(heartbeats)
    await heartbeats.close()
    assert await registry.state(hidden.user_id) == "online desktop"

    async def lost(*_: object, **__: object) -> int:
        raise TimeoutError

    hidden.person.privacy = Privacy(invisible=True)
    with monkeypatch.context() as away:
        away.setattr(module, "update", lost)
        await heartbeats.close()
    heartbeats.repeat()
    await heartbeats.close()

    assert await registry.state(hidden.user_id) is None
