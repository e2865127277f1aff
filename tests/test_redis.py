"""Asking a Redis that doesn't answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chat import redis
from chat.redis import Redis, create_redis, unless_silent
from chat.settings import Settings


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Redis]:
    """A Redis, which nobody really asks."""
    client = create_redis(settings)
    yield client
    await client.aclose()


async def ask(client: Redis, *, answers: bool) -> bool:
    """Whether it was asked."""
    asked = False
    try:
        async with unless_silent(client):
            asked = True
            # Others ask meanwhile.
            await asyncio.sleep(0)
            if not answers:
                raise TimeoutError
    except redis.UNAVAILABLE:
        pass
    return asked


async def test_a_silent_redis_is_asked_by_one_at_a_time_and_by_all_when_it_is_back(
    client: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "PAUSE_SECONDS", 3600)
    assert await ask(client, answers=True)
    assert await ask(client, answers=False)
    assert not await ask(client, answers=True)
    other = create_redis(settings)
    assert await ask(other, answers=True)
    await other.aclose()

    # When the pause is over one of them finds out for all.
    monkeypatch.setitem(redis._silent, client, 0.0)
    assert await asyncio.gather(*(ask(client, answers=True) for _ in range(3))) == [True, False, False]
    assert await asyncio.gather(*(ask(client, answers=True) for _ in range(3))) == [True] * 3
