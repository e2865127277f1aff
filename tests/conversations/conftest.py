"""The product in this process: its actions, the events that they emit, and browsers in which people are signed in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from itertools import groupby
from uuid import UUID

import msgspec
import pytest
from aiohttp import web

from chat.app import create_app
from chat.db import Pool
from chat.events import ConversationListed, Event
from chat.realtime.hub import Hub
from chat.realtime.socket import HUB
from chat.services import Services
from chat.settings import Settings
from chat.web.keys import SERVICES
from tests.conftest import NO_LIMITS
from tests.device import Device, sign_in
from tests.factory import Factory
from tests.plain_browser import Browser
from tests.servers import serving

SignIn = Callable[[UUID], Awaitable[Browser]]
Heard = Callable[[Device, UUID, UUID], Awaitable[list[str]]]


@pytest.fixture
def app(settings: Settings) -> web.Application:
    """The product without limits, as it is served at `url`."""
    return create_app(msgspec.structs.replace(settings, **NO_LIMITS))


@pytest.fixture
async def url(app: web.Application) -> AsyncIterator[str]:
    async with serving(app) as address:
        yield address


@pytest.fixture
def services(app: web.Application, url: str) -> Services:  # noqa: ARG001 - they are there while it is served
    """What its actions need."""
    return app[SERVICES]


@pytest.fixture
def events() -> list[Event]:
    """What the actions of `noted` have emitted."""
    return []


@pytest.fixture
def noted(services: Services, events: list[Event]) -> Services:
    """The same, but events are kept in `events` and nobody is told of them."""
    return replace(services, emit=events.append)


@pytest.fixture
async def browse(url: str, pool: Pool) -> AsyncIterator[SignIn]:
    """A browser in which a person is signed in: `await browse(user_id)`."""
    opened: list[Browser] = []

    async def browse_(user_id: UUID) -> Browser:
        browser = Browser(url)
        browser.token = await sign_in(pool, user_id)
        opened.append(browser)
        return browser

    yield browse_
    for browser in opened:
        await browser.http.close()
    # aiohttp closes its transports in the turn after (its documentation, "Graceful Shutdown").
    await asyncio.sleep(0)


@pytest.fixture
def hub(app: web.Application, url: str) -> Hub:  # noqa: ARG001 - it is there while the product is served
    return app[HUB]


@pytest.fixture
def heard(services: Services, factory: Factory) -> Heard:
    """The types of the frames about a conversation that a person's device got, when all that was told until now has
    come: news of another conversation, which is told after it, has. A second look at the database may have told the
    same as an event: that counts once."""

    async def heard_(device: Device, user_id: UUID, conversation_id: UUID) -> list[str]:
        other = await factory.group(user_id)
        services.emit(ConversationListed(user_id, other))
        await device.expect("conversation:updated", conversation_id=other)
        types = [frame["type"] for frame in device.frames if frame.get("conversation_id") == str(conversation_id)]
        return [kind for kind, _ in groupby(types)]

    return heard_
