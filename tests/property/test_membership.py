"""Whoever comes and goes, in any order and at once: a room is sound, and is heard by those who are in it."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from chat.app import create_app
from chat.db import create_pool
from chat.settings import Settings
from tests.conftest import NO_LIMITS
from tests.property.membership import Membership, World
from tests.servers import serving


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """Two processes."""
    changed = msgspec.structs.replace(settings, **NO_LIMITS)
    with asyncio.Runner() as runner:
        stack, apps = AsyncExitStack(), (create_app(changed), create_app(changed))

        async def serve() -> World:
            urls = [await stack.enter_async_context(serving(app)) for app in apps]
            pool = await create_pool(changed)
            stack.push_async_callback(pool.close)
            return World(runner, pool, apps, (urls[0], urls[1]))

        yield runner.run(serve())
        runner.run(stack.aclose())


def test_a_room_is_sound_and_heard_by_those_who_are_in_it(world: World) -> None:
    run_state_machine_as_test(
        lambda: Membership(world),  # type: ignore[arg-type] # any function that makes one
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],  # to shrink a run that fails would take minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
