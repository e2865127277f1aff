"""The script in Redis that knows who is there, in a time that only the tests move."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis.asyncio
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from chat.presence import registry
from chat.presence.model import Beat
from chat.presence.registry import OFFLINE, State
from tests.presence.machine import LIFE, START, Presence, World


@pytest.fixture
def world(redis_url: str) -> Iterator[World]:
    """A Redis with nothing in it, and an ear."""
    with asyncio.Runner() as runner:
        client = redis.asyncio.Redis.from_url(redis_url)
        subscriber = client.pubsub(ignore_subscribe_messages=True)

        async def begin() -> None:
            await subscriber.psubscribe("chat:presence:*")

        async def end() -> None:
            await subscriber.aclose()
            await client.aclose()

        runner.run(begin())
        yield World(runner, client, subscriber)
        runner.run(end())


def test_whatever_devices_do_others_are_told_once_what_is_so(world: World) -> None:
    run_state_machine_as_test(
        lambda: Presence(world),  # type: ignore[arg-type] # any function that makes one
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def beat(**changes: object) -> Beat:
    """A device that was just used."""
    return Beat(uuid4(), "one", "online", "desktop", 0.0, 0.0, LIFE)._replace(**changes)  # type: ignore[arg-type]


def update(world: World, *beats: Beat, now: float) -> int:
    return world.runner.run(registry.update(world.redis, beats, longest=LIFE, now=now))


def test_a_thousand_who_die_together_are_told_of_once_each_however_many_sweep(world: World) -> None:
    devices = [beat(user_id=uuid4()) for _ in range(1000)]
    for start in (0, 500):
        update(world, *devices[start : start + 500], now=START)
    assert len(world.published()) == 1000

    async def sweep() -> list[int]:
        sweeps = (registry.update(world.redis, [], longest=LIFE, now=START + LIFE) for _ in range(4))
        return list(await asyncio.gather(*sweeps))

    # Each call is bounded, and says whether there may be more.
    assert sorted(world.runner.run(sweep())) == [0, 0, 500, 500]
    news = world.published()
    assert {event.user_id for event in news} == {device.user_id for device in devices}
    assert len(news) == 1000
    assert {(event.status, event.last_seen) for event in news} == {("offline", START)}


def test_a_clock_that_is_set_back_keeps_nobody_there(world: World) -> None:
    device = beat()
    update(world, device, now=START + 1_000_000)

    update(world, now=START)
    update(world, now=START + LIFE - 1)
    assert world.runner.run(registry.states(world.redis, [device.user_id])) == [State("online", "desktop")]
    update(world, now=START + LIFE)

    assert world.runner.run(registry.states(world.redis, [device.user_id])) == [OFFLINE]
    # Nor was anybody seen at a time that hasn't come yet.
    assert [event.last_seen for event in world.published()] == [None, START + LIFE]


def test_nothing_is_kept_of_who_has_gone(world: World) -> None:
    device = beat()
    update(world, device, now=START)
    update(world, now=START + LIFE)

    assert world.keys() == []


def test_the_servers_own_clock_counts_where_none_is_given(world: World) -> None:
    lively, dead = beat(), beat(age=LIFE)

    assert update(world, lively, dead, now=0.0) == 1

    states = world.runner.run(registry.states(world.redis, [lively.user_id, dead.user_id]))
    assert states == [State("online", "desktop"), OFFLINE]
