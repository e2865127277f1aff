"""How conversations are looked up for programs: for everybody together, and again where the database was away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID, uuid4

import msgspec
import pytest

from chat.realtime import updates
from chat.realtime.connection import Connection
from chat.realtime.roster import Membership
from chat.realtime.updates import BATCH, ConversationUpdates

PATIENCE = 5.0


class Seen(msgspec.Struct):
    """A conversation as somebody sees it."""

    viewer: UUID
    id: UUID


class Screen:
    """Stands for a program's connection."""

    def __init__(self) -> None:
        self.user_id = uuid4()
        self.told: list[UUID] = []

    async def send(self, frame: bytes) -> bool:
        seen = msgspec.json.decode(frame)["payload"]["conversation"]
        assert UUID(seen["viewer"]) == self.user_id
        self.told.append(UUID(seen["id"]))
        return True


class Database:
    """Looks up what it is asked for, and counts the questions."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.is_away = False
        self.lost: set[UUID] = set()

    async def look_up(self, memberships: Sequence[Membership]) -> list[tuple[Membership, msgspec.Struct]]:
        self.asked.append(len(memberships))
        if self.is_away:
            raise ConnectionRefusedError
        return [(membership, Seen(*membership)) for membership in memberships if membership[1] not in self.lost]


@asynccontextmanager
async def running(database: Database) -> AsyncIterator[ConversationUpdates]:
    told = ConversationUpdates(database.look_up)
    task = asyncio.create_task(told.run())
    yield told
    task.cancel()


def note(told: ConversationUpdates, screen: Screen, conversation: UUID) -> None:
    told.note(cast(Connection, screen), conversation)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "INTERVAL_SECONDS", 0.05)


async def test_a_thousand_members_take_as_few_queries_as_hold_them() -> None:
    database, conversation = Database(), uuid4()
    screens = [Screen() for _ in range(2 * BATCH + 1)]

    async with running(database) as told:
        for screen in screens:
            for _ in range(3):
                note(told, screen, conversation)
        await until(lambda: all(screen.told for screen in screens))

    assert database.asked == [BATCH, BATCH, 1]
    assert all(screen.told == [conversation] for screen in screens)


async def test_what_was_lost_meanwhile_is_not_told() -> None:
    database, screen = Database(), Screen()
    kept, lost = uuid4(), uuid4()
    database.lost = {lost}

    async with running(database) as told:
        note(told, screen, lost)
        note(told, screen, kept)
        await until(lambda: bool(screen.told))

    assert screen.told == [kept]


async def test_a_database_that_was_away_is_asked_again_for_all_that_changed() -> None:
    database, screen = Database(), Screen()
    first, second = uuid4(), uuid4()
    database.is_away = True

    async with running(database) as told:
        note(told, screen, first)
        await until(lambda: len(database.asked) >= 2)
        note(told, screen, second)
        database.is_away = False
        await until(lambda: len(screen.told) == 2)

    assert sorted(screen.told) == sorted([first, second])
