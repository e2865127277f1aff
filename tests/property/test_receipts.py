"""Whatever people read, in any order and on any device, and whatever is lost meanwhile: everybody ends with the
furthest of it."""

import asyncio
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from chat.db import create_pool
from chat.redis import create_redis
from chat.settings import Settings
from tests.property.receipts import Receipts, World

NOWHERE = "redis://127.0.0.1:1"


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """The servers."""
    with asyncio.Runner() as runner:

        async def begin() -> World:
            lost = create_redis(msgspec.structs.replace(settings, redis_url=NOWHERE))
            return World(runner, settings, await create_pool(settings), create_redis(settings), lost)

        world = runner.run(begin())
        yield world
        runner.run(world.pool.close())
        runner.run(world.redis.aclose())


def test_everybody_ends_with_the_furthest(world: World) -> None:
    run_state_machine_as_test(
        lambda: Receipts(world),  # type: ignore[arg-type] # any function that makes one
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],  # to shrink a run that fails would take minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
