"""Devices of both kinds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from uuid import UUID

import pytest

from chat.db import Pool
from tests.device import Connect, Device
from tests.json_device import JsonDevice, Way

# Brings a program on line: `await connect_json(user_id)`; with scopes, an address and `way` where a test cares.
ConnectJson = Callable[..., Awaitable[JsonDevice]]


@pytest.fixture
async def connect_json(url: str, pool: Pool) -> AsyncIterator[ConnectJson]:
    """Bring a person's program on line."""
    devices: list[JsonDevice] = []

    async def connect(
        user_id: UUID, address: str = url, *, scopes: Sequence[str] = (), way: Way = "header"
    ) -> JsonDevice:
        device = await JsonDevice.connect(address, pool, user_id, *scopes, way=way)
        devices.append(device)
        return device

    yield connect
    await asyncio.gather(*(device.close() for device in devices))


@pytest.fixture(params=["page", "program"])
def connect_either(
    request: pytest.FixtureRequest, connect: Connect, connect_json: ConnectJson
) -> Callable[..., Awaitable[Device]]:
    """For what pages and programs are told alike: a test that brings its devices on line by this runs for both."""
    return {"page": connect, "program": connect_json}[request.param]
