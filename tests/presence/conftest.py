"""People who want to know who is there, and what Redis knows of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
import redis.asyncio

from chat.db import Pool
from chat.presence.registry import EXPIRY, STATE
from tests.device import Device
from tests.factory import Factory
from tests.program import Program, make_token

# A person asks the API: `await ask(user_id, "PATCH", "/users/me", {"invisible": True})`.
Ask = Callable[..., Awaitable[Any]]

_MARK = UUID(int=0)


@pytest.fixture
async def ask(url: str, pool: Pool) -> AsyncIterator[Ask]:
    """Have somebody do or ask something over the API; answers what the answer says."""
    programs: list[Program] = []

    async def ask_(user_id: UUID, method: str, path: str, body: object = None, address: str = url) -> Any:
        program = Program(address, await make_token(pool, user_id))
        programs.append(program)
        answer = await program.ask(method, path, body)
        assert answer.status < 300, answer.body
        return answer.json if answer.body else None

    yield ask_
    await asyncio.gather(*(program.http.close() for program in programs))
    await asyncio.sleep(0)


class Registry:
    """What is kept in Redis."""

    def __init__(self, server: redis.asyncio.Redis) -> None:
        self.server = server

    async def state(self, user_id: UUID) -> str | None:
        """What others are told; None of who isn't there."""
        state = await self.server.hget(STATE, str(user_id))  # type: ignore[misc]
        return state and str(state.decode())

    async def becomes(self, user_id: UUID, state: str | None) -> None:
        """Wait until others are told this."""
        await until(lambda: self.state(user_id), state)

    async def devices(self) -> int:
        """How many devices live, of anybody."""
        return int(await self.server.zcard(EXPIRY))


@pytest.fixture
async def registry(redis_url: str) -> AsyncIterator[Registry]:
    """The one of the processes under test."""
    server = redis.asyncio.Redis.from_url(redis_url)
    yield Registry(server)
    await server.aclose()


@pytest.fixture
async def people(factory: Factory) -> tuple[UUID, UUID]:
    """Two who have a conversation: she watches him."""
    ada, bo, _ = await factory.acquainted()
    return ada, bo


async def use(device: Device, /, **said: object) -> Device:
    """Somebody uses this device."""
    await device.say("presence:heartbeat", **({"status": "online"} | said))
    return device


async def until(find: Callable[[], Awaitable[object]], wanted: object, *, within: float = 20) -> None:
    """Wait until this is found."""
    async with asyncio.timeout(within):
        while await find() != wanted:  # noqa: ASYNC110 - what happens in Redis raises no event here
            await asyncio.sleep(0.02)


async def watch(device: Device, *user_ids: UUID) -> int:
    """Have these people on screen, and wait until that was answered; how many frames there were before."""
    seen = len(device.frames)
    await device.say("presence:watch", user_ids=list(user_ids))
    await answered(device)
    return seen


async def answered(device: Device) -> None:
    """Wait until the server has answered all that the device has said."""
    seen = len(device.frames)
    # Whatever was said before has been answered when this is.
    await device.say("unsubscribe", conversation_id=_MARK)
    await device.expect("unsubscribed", since=seen, conversation_id=_MARK)


def told(device: Device, user_id: UUID, *, since: int = 0) -> list[str]:
    """Each state of this person that the device was told of, in their order."""
    return [
        frame["status"]
        for frame in device.frames[since:]
        if frame["type"] == "presence:update" and frame["user_id"] == str(user_id)
    ]
