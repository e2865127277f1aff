"""Browsers that look at the product in this process, and programs that use it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from argon2 import PasswordHasher

from chat.accounts import passwords
from tests.accounts.signing_in import SigningIn
from tests.plain_browser import Browser

OpenBrowser = Callable[..., Browser]
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
