"""Group commit: durable, in sequence without a gap, once, and one bad row sinks nobody."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID, uuid4

import msgspec
import pytest

from chat.conversations.model import ConversationNotFound
from chat.db import Connection, Pool, create_pool
from chat.errors import Unavailable, ValidationFailed
from chat.events import Message
from chat.ids import new_id
from chat.messages import store_queries
from chat.messages.model import NewMessage
from chat.messages.store_queries import Stored
from chat.messages.writer import Writer
from chat.settings import Settings
from tests.factory import Factory, client_id


def make_writer(pool: Pool, committed: Callable[[Message], None] = lambda _: None, **changes: int | float) -> Writer:
    options: dict[str, int | float] = {"writers": 2, "batch": 16, "queue": 10_000, "retries": 3, "timeout": 3.0}
    return Writer(pool, committed=committed, read=lambda _: None, direct_max=10, **(options | changes))  # type: ignore[arg-type]


def new_message(
    conversation_id: UUID, sender_id: UUID, content: str = "hello", client: UUID | None = None
) -> NewMessage:
    return NewMessage(new_id(), conversation_id, sender_id, client or client_id(), content)


@pytest.fixture
async def other_pool(settings: Settings) -> AsyncIterator[Pool]:
    """The pool of a second server process."""
    pool = await create_pool(settings)
    yield pool
    await pool.close()


async def test_a_message_takes_the_next_sequence_number_and_revision(pool: Pool, factory: Factory) -> None:
    maria, noah = await factory.user("maria"), await factory.user("noah")
    conversation = await factory.direct(maria, noah)
    told: list[Message] = []
    writer = make_writer(pool, told.append)

    first = await writer.store(new_message(conversation, maria, "one"))
    second = await writer.store(new_message(conversation, noah, "two"))

    assert [first.message.seq, second.message.seq] == [1, 2]
    assert [first.message.revision, second.message.revision] == [1, 2]
    assert first.message.sender.username == "maria"
    assert not first.duplicate
    assert told == [first.message, second.message]
    row = await pool.fetchrow("select last_seq, revision, last_sender_id from conversations")
    assert row is not None
    assert tuple(row) == (2, 2, noah)


async def test_sending_moves_ones_own_watermarks_and_keeps_the_step(pool: Pool, factory: Factory) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    writer = make_writer(pool)
    for _ in range(3):
        await writer.store(new_message(conversation, maria))

    await writer.store(new_message(conversation, noah))

    marks = await pool.fetch("select user_id, read_up_to_seq, delivered_up_to_seq from members")
    assert {tuple(row) for row in marks} == {(maria, 3, 3), (noah, 4, 4)}
    steps = await pool.fetch("select user_id, up_to_seq from read_events")
    assert [tuple(row) for row in steps] == [(noah, 4)]


async def test_the_same_client_id_is_stored_once_however_it_comes(
    pool: Pool, other_pool: Pool, factory: Factory
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    one, other = make_writer(pool), make_writer(other_pool)
    client = client_id()

    answers = await asyncio.gather(
        *(
            random.choice([one, other]).store(new_message(conversation, maria, f"try {number}", client))
            for number in range(40)
        )
    )

    assert len(await factory.history(conversation)) == 1
    assert len({answer.message.id for answer in answers}) == 1
    assert sum(not answer.duplicate for answer in answers) == 1
    later = await one.store(new_message(conversation, maria, "another text", client))
    assert later.duplicate
    assert later.message == answers[0].message


async def test_two_people_may_use_the_same_client_id(pool: Pool, factory: Factory) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    writer = make_writer(pool)
    client = client_id()

    answers = await asyncio.gather(
        *(writer.store(new_message(conversation, who, "hi", client)) for who in (maria, noah))
    )

    assert [answer.duplicate for answer in answers] == [False, False]
    assert len(await factory.history(conversation)) == 2


async def test_concurrent_senders_on_two_processes_leave_no_gap(pool: Pool, other_pool: Pool, factory: Factory) -> None:
    people = [await factory.user() for _ in range(4)]
    conversations = [await factory.group(*people) for _ in range(5)]
    told: list[Message] = []
    writers = [make_writer(pool, told.append), make_writer(other_pool, told.append)]

    async def send(number: int) -> None:
        await random.choice(writers).store(
            new_message(random.choice(conversations), random.choice(people), str(number))
        )

    await asyncio.gather(*(send(number) for number in range(400)))

    stored = [await factory.history(conversation) for conversation in conversations]
    assert sum(map(len, stored)) == 400
    for history in stored:
        assert [seq for seq, _, _ in history] == list(range(1, len(history) + 1))
    assert sorted((event.conversation_id, event.seq) for event in told) == sorted(
        (conversation, seq)
        for conversation, history in zip(conversations, stored, strict=True)
        for seq, _, _ in history
    )
    counters = {tuple(row) for row in await pool.fetch("select id, last_seq, revision from conversations")}
    assert counters == {
        (conversation, len(history), len(history)) for conversation, history in zip(conversations, stored, strict=True)
    }


async def test_a_conversation_is_never_in_two_transactions_at_once_and_told_in_order(
    pool: Pool, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    maria, noah, olive = [await factory.user() for _ in range(3)]
    conversations = [await factory.direct(*pair) for pair in ((maria, noah), (maria, olive))]
    under_way: list[set[UUID]] = []
    store = store_queries.store

    async def store_alone(connection: Connection, *, messages: Sequence[NewMessage], direct_max: int) -> list[Stored]:
        ours = {message.conversation_id for message in messages}
        assert all(ours.isdisjoint(theirs) for theirs in under_way)
        under_way.append(ours)
        try:
            return await store(connection, messages=messages, direct_max=direct_max)
        finally:
            under_way.remove(ours)

    monkeypatch.setattr(store_queries, "store", store_alone)
    told: list[Message] = []
    writer = make_writer(pool, told.append, batch=4)

    await asyncio.gather(*(writer.store(new_message(conversations[number % 2], maria)) for number in range(60)))

    for conversation in conversations:
        assert [message.seq for message in told if message.conversation_id == conversation] == list(range(1, 31))


async def test_a_stranger_and_a_deactivated_account_are_refused_and_learn_nothing(pool: Pool, factory: Factory) -> None:
    maria, noah, stranger = await factory.user(), await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    writer = make_writer(pool)
    assert (await writer.store(new_message(conversation, maria))).message.seq == 1

    refusals = list(
        await asyncio.gather(
            writer.store(new_message(conversation, stranger)),
            writer.store(new_message(uuid4(), stranger)),
            return_exceptions=True,
        )
    )
    await pool.execute("update users set deactivated_at = now() where id = $1", maria)
    refusals.append((await asyncio.gather(writer.store(new_message(conversation, maria)), return_exceptions=True))[0])

    assert [type(refusal) for refusal in refusals] == [ConversationNotFound] * 3
    assert len({str(refusal) for refusal in refusals}) == 1
    assert len(await factory.history(conversation)) == 1


async def test_one_poisoned_message_sinks_none_of_its_neighbours(pool: Pool, factory: Factory) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    writer = make_writer(pool, batch=64)
    contents = [f"good {number}" for number in range(30)]
    contents[11] = "x" * 20_001  # the database's own limit
    contents[23] = "nul \0 byte"

    answers = await asyncio.gather(
        *(writer.store(new_message(conversation, maria, content)) for content in contents), return_exceptions=True
    )

    assert [number for number, answer in enumerate(answers) if isinstance(answer, ValidationFailed)] == [11, 23]
    history = await factory.history(conversation)
    assert [content for _, _, content in history] == [text for text in contents if text.startswith("good")]
    assert [seq for seq, _, _ in history] == list(range(1, 29))


async def test_a_message_continues_the_one_before_within_five_minutes(pool: Pool, factory: Factory) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    writer = make_writer(pool)

    continues = [
        (await writer.store(new_message(conversation, who))).message.continues for who in (maria, maria, noah, maria)
    ]
    await pool.execute("update conversations set last_message_at = now() - interval '6 minutes'")
    continues.append((await writer.store(new_message(conversation, maria))).message.continues)

    assert continues == [False, True, False, False, False]


async def test_the_order_holds_when_the_clock_is_set_back(pool: Pool, factory: Factory) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    writer = make_writer(pool)
    await writer.store(new_message(conversation, maria, "before"))
    await pool.execute("update messages set created_at = now() + interval '1 hour'")
    await pool.execute("update conversations set last_message_at = now() + interval '1 hour'")

    after = await writer.store(new_message(conversation, maria, "after"))

    assert after.message.seq == 2
    assert [content for _, _, content in await factory.history(conversation)] == ["before", "after"]


async def test_more_than_the_queue_holds_is_refused_as_retryable(pool: Pool, factory: Factory) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    writer = make_writer(pool, queue=5)

    answers = await asyncio.gather(
        *(writer.store(new_message(conversation, maria)) for _ in range(8)), return_exceptions=True
    )

    refused = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert len(refused) == 3
    assert all(refusal.retryable for refusal in refused)
    assert len(await factory.history(conversation)) == 5


async def test_a_sender_who_stops_waiting_has_the_message_stored_all_the_same(pool: Pool, factory: Factory) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    writer = make_writer(pool)
    sending = asyncio.create_task(writer.store(new_message(conversation, maria)))
    await asyncio.sleep(0)

    sending.cancel()
    await writer.close()

    assert len(await factory.history(conversation)) == 1


async def test_a_lost_connection_is_tried_again_without_a_second_message(
    pool: Pool, settings: Settings, factory: Factory
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    own_pool = await create_pool(msgspec.structs.replace(settings, database_pool_min=2, database_pool_max=2))
    writer = make_writer(own_pool)
    await writer.store(new_message(conversation, maria, "first"))

    sending = [asyncio.create_task(writer.store(new_message(conversation, maria, str(number)))) for number in range(50)]
    await asyncio.sleep(0)
    await pool.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    answers = await asyncio.gather(*sending)
    await own_pool.close()

    history = await factory.history(conversation)
    assert [seq for seq, _, _ in history] == list(range(1, 52))
    assert sorted(answer.message.seq for answer in answers) == list(range(2, 52))


async def test_a_lone_writer_never_leaves_a_message_behind_that_comes_as_it_finishes(
    pool: Pool, factory: Factory
) -> None:
    """Each message is sent in the very turn of the loop in which the one before is confirmed."""
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    writer = make_writer(pool, writers=1)

    async with asyncio.timeout(20):
        for number in range(20):
            await writer.store(new_message(conversation, maria, str(number)))

    assert len(await factory.history(conversation)) == 20
