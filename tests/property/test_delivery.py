"""Whatever happens between Enter and the other screen, in any order: each screen ends as the database is."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest
import redis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from chat.db import Pool
from tests.client import Client, assert_nothing_is_lost
from tests.factory import Factory
from tests.servers import WebProcess

T = TypeVar("T")
NO_LIMITS = {
    "SEND_LIMIT_PER_MINUTE": "0",
    "CONNECT_LIMIT_PER_MINUTE": "0",
    "HISTORY_LIMIT_PER_MINUTE": "0",
    "FRAME_LIMIT_PER_SECOND": "0",
    # Small, so that a history takes several pages.
    "HISTORY_PAGE": "7",
}
devices = st.integers(0, 4)
processes = st.integers(0, 1)
# What is drawn must not hang on what the servers did meanwhile; a number can choose among whatever is there.
numbers = st.integers(0, 1_000)
texts = st.sampled_from(["hello", "*good* morning", "<b>not bold</b>", "two\nlines", "\u202eback", "👋🏽", "x" * 500])


@dataclass(frozen=True)
class World:
    """What stays while conversations come and go: two web processes and their servers."""

    runner: asyncio.Runner
    pool: Pool
    redis_url: str
    urls: tuple[str, str]

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)


class Conversation(RuleBasedStateMachine):
    """Three people with five devices in one conversation."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.run = world.run
        self.clients: list[Client] = []
        self.written: dict[tuple[UUID, UUID], set[str]] = {}

    @initialize()
    def begin(self) -> None:
        self.run(self._begin())

    async def _begin(self) -> None:
        pool = self.world.pool
        factory = Factory(pool)
        people = [await factory.user() for _ in range(3)]
        self.conversation = await factory.group(*people)
        for person, url in zip([0, 0, 1, 1, 2], itertools.cycle(self.world.urls), strict=False):
            client = await Client.join(pool, people[person], self.conversation, url)
            client.urls = self.world.urls
            self.clients.append(client)

    @rule(number=devices, texts=st.lists(texts, min_size=1, max_size=4))
    def write(self, number: int, texts: list[str]) -> None:
        client = self.clients[number]
        for text in texts:
            self.written[client.user_id, client.write(text)] = {text}

    @rule(number=devices)
    def send_all_that_waits(self, number: int) -> None:
        client = self.clients[number]
        for message, content in list(client.outbox.items()):
            self.run(client.submit(message, content))

    @rule(number=devices)
    def send_it_backwards(self, number: int) -> None:
        client = self.clients[number]
        for message, content in reversed(list(client.outbox.items())):
            self.run(client.submit(message, content))

    @rule(number=devices, text=texts, seed=numbers)
    def send_another_text_under_the_same_id_from_any_device_of_the_sender(
        self, number: int, text: str, seed: int
    ) -> None:
        client = self.clients[number]
        mine = [message for user, message in self.written if user == client.user_id]
        if mine:
            message = mine[seed % len(mine)]
            self.written[client.user_id, message].add(text)
            self.run(client.submit(message, text))

    @rule(number=devices)
    def send_by_http(self, number: int) -> None:
        client = self.clients[number]
        for message, content in list(client.outbox.items()):
            self.run(client.post(message, content))

    @rule(number=devices)
    def cut(self, number: int) -> None:
        self.run(self.clients[number].hang_up())

    @rule(number=devices, process=processes)
    def come_back(self, number: int, process: int) -> None:
        self.run(self.clients[number].come_back(self.world.urls[process]))

    @rule(number=devices)
    def sync(self, number: int) -> None:
        self.run(self.clients[number].sync())

    @rule()
    def redis_drops_everyone(self) -> None:
        with redis.Redis.from_url(self.world.redis_url) as connection:
            connection.execute_command("CLIENT", "KILL", "SKIPME", "yes")

    @rule()
    def postgres_drops_everyone(self) -> None:
        self.run(
            self.world.pool.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and application_name = 'chat' and pid <> pg_backend_pid()"
            )
        )

    @rule()
    def a_moment_passes(self) -> None:
        self.run(asyncio.sleep(0.005))

    def teardown(self) -> None:
        self.run(self._compare())

    async def _compare(self) -> None:
        pool = self.world.pool
        try:
            await asyncio.gather(*(client.flush() for client in self.clients))
            for client in self.clients:
                if not client.is_open:
                    await client.come_back()
            await asyncio.gather(*(client.settle(pool) for client in self.clients))
            if self.clients:
                await assert_nothing_is_lost(pool, self.conversation, self.clients)
                await self._each_text_was_written_under_its_id()
        finally:
            await asyncio.gather(*(client.close() for client in self.clients))

    async def _each_text_was_written_under_its_id(self) -> None:
        rows = await self.world.pool.fetch(
            "select sender_id, client_message_id, content from messages where conversation_id = $1", self.conversation
        )
        assert {(row["sender_id"], row["client_message_id"]) for row in rows} == set(self.written)
        for row in rows:
            assert row["content"] in self.written[row["sender_id"], row["client_message_id"]]


async def _open_pool(database_url: str) -> Pool:
    return await asyncpg.create_pool(database_url, min_size=1, max_size=4)


@pytest.fixture
def world(database_url: str, redis_url: str, start_web: Callable[..., WebProcess]) -> Iterator[World]:
    first, second = start_web(**NO_LIMITS), start_web(**NO_LIMITS)
    with asyncio.Runner() as runner:
        pool = runner.run(_open_pool(database_url))
        yield World(runner, pool, redis_url, (first.url, second.url))
        runner.run(pool.close())


def test_every_screen_ends_as_the_database_is(world: World) -> None:
    run_state_machine_as_test(
        lambda: Conversation(world),  # type: ignore[arg-type] # any function that makes one
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],  # to shrink a run that fails would take minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
