"""A conversation in which anything may happen in any order: people write and change, connections are lost."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import redis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from chat.db import Pool
from tests.client import Client, assert_nothing_is_lost
from tests.factory import Factory
from tests.screen import Message
from tests.watcher import Watcher

T = TypeVar("T")
devices = st.integers(0, 4)
programs = st.integers(0, 1)
processes = st.integers(0, 1)
# What is drawn must not hang on what the servers did meanwhile; a number can choose among whatever is there.
numbers = st.integers(0, 1_000)
EMOJIS = ["👍", "🎉", "\u2764", "\u2764\ufe0f", "👋🏽"]
TEXTS = ["hello", "*good* morning", "<b>not bold</b>", "two\nlines", "\u202eback", "👋🏽", "x" * 500]
KINDS = ["message:edit"] * 6 + ["reaction:add"] * 4 + ["reaction:remove"] * 2 + ["message:delete"]
texts = st.sampled_from(TEXTS)
emojis = st.sampled_from(EMOJIS)
# What is done, to which message, and with what.
Change = tuple[str, int, str, str]
changes = st.tuples(st.sampled_from(KINDS), numbers, texts, emojis)


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
    """Three people with five devices in one room, which the first of them manages, and two programs that watch it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.run = world.run
        self.clients: list[Client] = []
        self.programs: list[Watcher] = []
        self.written: dict[tuple[UUID, UUID], set[str]] = {}
        self.edited: defaultdict[str, set[str]] = defaultdict(set)

    @initialize()
    def begin(self) -> None:
        self.run(self._begin())

    async def _begin(self) -> None:
        pool = self.world.pool
        factory = Factory(pool)
        people = [await factory.user() for _ in range(3)]
        self.conversation = await factory.room(*people)
        said = [(person, f"said by {number}", factory.later()) for number, person in enumerate(people * 2)]
        await factory.say(self.conversation, said)
        for row in await pool.fetch(
            "select sender_id, client_message_id, content from messages where conversation_id = $1", self.conversation
        ):
            self.written[row["sender_id"], row["client_message_id"]] = {row["content"]}
        for person, url in zip([0, 0, 1, 1, 2], itertools.cycle(self.world.urls), strict=False):
            client = await Client.join(pool, people[person], self.conversation, url)
            client.urls = self.world.urls
            self.clients.append(client)
        for user_id, url in zip(people, self.world.urls, strict=False):
            program = await Watcher.start(pool, user_id, self.conversation, url)
            program.urls = self.world.urls
            self.programs.append(program)

    @rule(number=devices, texts=st.lists(texts, min_size=1, max_size=4))
    def write(self, number: int, texts: list[str]) -> None:
        client = self.clients[number]
        for text in texts:
            self.written[client.user_id, client.write(text)] = {text}

    @rule(number=devices, text=texts, seed=numbers)
    def reply(self, number: int, text: str, seed: int) -> None:
        client = self.clients[number]
        if message := self._one_of(client, seed):
            self.written[client.user_id, client.write(text, reply_to=message.id)] = {text}

    @rule(number=devices, changes=st.lists(changes, min_size=1, max_size=6))
    def change(self, number: int, changes: list[Change]) -> None:
        """One after the other, and some in vain: an edit of what somebody else wrote, or of what was deleted."""
        client = self.clients[number]
        for type_, seed, text, emoji in changes:
            message = self._one_of(client, seed)
            if not message:
                continue
            payload = {}
            if type_ == "message:edit":
                self.edited[message.id].add(text)
                payload = {"content": text}
            elif type_.startswith("reaction"):
                payload = {"emoji": emoji}
            self.run(client.alter(type_, message.id, **payload))

    @staticmethod
    def _one_of(client: Client, seed: int) -> Message | None:
        """One of the messages on a screen."""
        shown = client.screen
        return shown[seed % len(shown)] if shown else None

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

    @rule(number=programs)
    def cut_a_program(self, number: int) -> None:
        self.run(self.programs[number].hang_up())

    @rule(number=programs, process=processes)
    def a_program_comes_back(self, number: int, process: int) -> None:
        self.run(self.programs[number].come_back(self.world.urls[process]))

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
            for device in (*self.clients, *self.programs):
                if not device.is_open:
                    await device.come_back()
            await self._all_has_been_done()
            await asyncio.gather(*(device.settle(pool) for device in (*self.clients, *self.programs)))
            if self.clients:
                await assert_nothing_is_lost(pool, self.conversation, self.clients)
                await self._each_text_was_written_under_its_id()
                await self._nothing_is_left_of_what_was_deleted()
            for program in self.programs:
                assert program.copy == await program.fetch_anew()
        finally:
            await asyncio.gather(*(device.close() for device in (*self.clients, *self.programs)))

    async def _all_has_been_done(self) -> None:
        """Nobody waits for what a change comes to: it may still be under way, even where its socket was cut."""
        async with asyncio.timeout(10):
            quiet = 0
            while quiet < 5:
                busy = await self.world.pool.fetchval(
                    "select count(*) from pg_stat_activity where datname = current_database()"
                    " and application_name = 'chat' and state <> 'idle'"
                )
                quiet = 0 if busy else quiet + 1
                await asyncio.sleep(0.01)

    async def _each_text_was_written_under_its_id(self) -> None:
        rows = await self.world.pool.fetch(
            "select m.id, sender_id, client_message_id, deleted_at, m.content,"
            " array(select e.content from message_edits e where e.message_id = m.id order by revision) as before"
            " from messages m where conversation_id = $1",
            self.conversation,
        )
        assert {(row["sender_id"], row["client_message_id"]) for row in rows} == set(self.written)
        for row in rows:
            if row["deleted_at"]:
                continue
            contents: list[str] = [*row["before"], row["content"]]
            assert contents[0] in self.written[row["sender_id"], row["client_message_id"]]
            assert set(contents[1:]) <= self.edited[str(row["id"])]

    async def _nothing_is_left_of_what_was_deleted(self) -> None:
        for row in await self.world.pool.fetch(
            "select content, reply_to, exists (select from message_edits where message_id = id)"
            " or exists (select from reactions where message_id = id) as has_more"
            " from messages where conversation_id = $1 and deleted_at is not null",
            self.conversation,
        ):
            assert tuple(row) == ("", None, False)
