"""Browsers that look at the product in this process, and programs that use it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from argon2 import PasswordHasher

from chat.accounts import passwords
from chat.db import Pool
from chat.events import Event
from chat.redis import create_redis
from chat.services import Services
from chat.settings import Settings
from tests.accounts.signing_in import SigningIn
from tests.device import sign_in
from tests.plain_browser import Browser

OpenBrowser = Callable[..., Browser]
Browse = Callable[[UUID], Awaitable[Browser]]
OpenProgram = Callable[..., SigningIn]
_COSTLY = passwords._hasher


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id with next to no work: most tests ask what follows from a password, not how well it is kept."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(passwords, "_UNMATCHABLE", passwords._unmatchable_hash())


@pytest.fixture
def costly_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in production; fixtures that everyone uses come before this one."""
    monkeypatch.setattr(passwords, "_hasher", _COSTLY)
    monkeypatch.setattr(passwords, "_UNMATCHABLE", passwords._unmatchable_hash())


@pytest.fixture
def events() -> list[Event]:
    """What the actions of `services` have emitted."""
    return []


@pytest.fixture
async def services(settings: Settings, pool: Pool, events: list[Event]) -> AsyncIterator[Services]:
    """What actions need, without a process of the product."""
    redis = create_redis(settings)
    yield Services(settings, pool, redis, events.append)
    await redis.aclose()


@pytest.fixture
async def browse(open_browser: OpenBrowser, pool: Pool) -> Browse:
    """A browser in which a person is signed in: `await browse(user_id)`."""

    async def browse_(user_id: UUID) -> Browser:
        browser = open_browser()
        browser.token = await sign_in(pool, user_id)
        return browser

    return browse_


@pytest.fixture
async def open_browser(url: str) -> AsyncIterator[OpenBrowser]:
    """Open another browser; the address is that of `url` where none is given."""
    opened: list[Browser] = []

    def open_(address: str = url, **headers: str) -> Browser:
        browser = Browser(address, **headers)
        opened.append(browser)
        return browser

    yield open_
    for browser in opened:
        await browser.http.close()
    # aiohttp closes its transports in the turn after (its documentation, "Graceful Shutdown").
    await asyncio.sleep(0)


@pytest.fixture
async def browser(open_browser: OpenBrowser) -> Browser:
    """A browser that nobody has used yet."""
    return open_browser()


@pytest.fixture
async def open_program(url: str) -> AsyncIterator[OpenProgram]:
    """Start another program; the address is that of `url` where none is given."""
    started: list[SigningIn] = []

    def start(address: str = url) -> SigningIn:
        program = SigningIn(address, None)
        started.append(program)
        return program

    yield start
    for program in started:
        await program.http.close()
    await asyncio.sleep(0)


@pytest.fixture
async def program(open_program: OpenProgram) -> SigningIn:
    """A program that nobody has signed in with yet."""
    return open_program()
