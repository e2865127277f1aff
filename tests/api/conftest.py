"""Programs that use the API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest

from chat.db import Pool
from tests.program import Program, make_token

# A program with a token of this person's, for these scopes: `await program(user_id, "read")`; for nobody: `None`.
MakeProgram = Callable[..., Awaitable[Program]]


@pytest.fixture
async def program(url: str, pool: Pool) -> AsyncIterator[MakeProgram]:
    """Start a program: `await program(user_id)`; it has no token where `user_id` is None."""
    started: list[Program] = []

    async def start(user_id: UUID | None, *scopes: str, address: str = url) -> Program:
        started.append(Program(address, None if user_id is None else await make_token(pool, user_id, *scopes)))
        return started[-1]

    yield start
    for each in started:
        await each.http.close()
    # aiohttp closes its transports in the turn after (its documentation, "Graceful Shutdown").
    await asyncio.sleep(0)
