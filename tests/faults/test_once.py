"""A message is stored once, however often, from wherever and with whatever text it is sent under its id."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chat.db import Pool
from tests.client import Client
from tests.device import Frame
from tests.factory import client_id
from tests.faults.conftest import Begin, Start, Talk, becomes
from tests.screen import messages_on

ROUNDS = 20


async def everyone_is_answered(people: Talk, messages: list[object], answers: int) -> list[Frame]:
    """Wait until there are so many answers to these messages, and return them."""
    ids = {str(message) for message in messages}

    def found() -> list[Frame]:
        return [
            frame
            for client in people.clients
            for frame in client.frames
            if frame["type"] in {"message:sent", "message:error"} and frame["client_message_id"] in ids
        ]

    async def all_there() -> bool:
        return len(found()) >= answers

    await becomes(all_there)
    return found()


async def same_person(people: Talk, pool: Pool, *urls: str) -> list[Client]:
    """More devices of the first person."""
    first = people.clients[0]
    more = [await Client.join(pool, first.user_id, people.conversation, url) for url in urls]
    people.clients.extend(more)
    return [first, *more]


@asynccontextmanager
async def held(pool: Pool, people: Talk) -> AsyncIterator[None]:
    """Nobody can store anything in the conversation meanwhile, so that what is sent piles up."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from conversations where id = $1 for update", people.conversation)
        yield


async def test_the_same_id_at_the_same_time_from_two_devices_on_two_processes(
    pool: Pool, start: Start, talk: Begin
) -> None:
    """Each device says something else under it: one text wins, and every answer carries that one."""
    one, other = await asyncio.gather(start(), start())
    people = await talk((one.url,), (other.url,))
    devices = await same_person(people, pool, other.url, one.url)

    for _ in range(ROUNDS):
        message = client_id()
        await asyncio.gather(
            *(device.submit(message, f"text of device {number}") for number, device in enumerate(devices))
        )
        answers = await everyone_is_answered(people, [message], len(devices))

        assert {answer["type"] for answer in answers} == {"message:sent"}
        assert Counter(answer["duplicate"] for answer in answers) == {False: 1, True: len(devices) - 1}
        assert len({answer["message_id"] for answer in answers}) == 1
        assert len({tuple(messages_on(answer["content"])) for answer in answers}) == 1

    assert len(await people.ends_well()) == ROUNDS


async def test_the_same_id_twice_in_one_batch(pool: Pool, start: Start, talk: Begin) -> None:
    """With a single writer that is held up, everything that comes meanwhile is one batch."""
    web = await start(WRITERS="1", STATEMENT_TIMEOUT="30")
    people = await talk((web.url,), (web.url,))
    devices = await same_person(people, pool, web.url, web.url)
    first, message = client_id(), client_id()

    async with held(pool, people):
        await people.clients[1].submit(first, "holds the writer up")
        await becomes(lambda: somebody_waits(pool))
        for number, device in enumerate(devices):
            await device.submit(message, f"text of device {number}")
    answers = await everyone_is_answered(people, [message], len(devices))

    assert Counter(answer["duplicate"] for answer in answers) == {False: 1, True: 2}
    assert len({answer["message_id"] for answer in answers}) == 1
    assert len(await people.ends_well()) == 2


async def test_the_first_text_wins_for_ever_and_over_http_too(start: Start, talk: Begin) -> None:
    one, other = await asyncio.gather(start(), start())
    people = await talk((one.url, other.url), (other.url,))
    hers, _his = people.clients
    message = client_id()

    await hers.submit(message, "the first text")
    await hers.expect("message:sent", client_message_id=message, duplicate=False)
    again = await hers.post(message, "a second text")
    await hers.come_back(other.url)
    await hers.submit(message, "a third text")
    await everyone_is_answered(people, [message], 3)

    assert again is not None
    assert again["duplicate"]
    assert {shown.html for answer in hers.confirmed[message] for shown in messages_on(answer["content"])} == {
        "<p>the first text</p>"
    }
    assert len(await people.ends_well()) == 1


async def test_two_people_may_use_the_same_id(start: Start, talk: Begin) -> None:
    web = await start()
    people = await talk((web.url,), (web.url,))
    message = client_id()

    await asyncio.gather(*(client.submit(message, f"from {client.user_id}") for client in people.clients))
    answers = await everyone_is_answered(people, [message], 2)

    assert [answer["duplicate"] for answer in answers] == [False, False]
    assert len(await people.ends_well()) == 2


async def test_a_poisoned_message_in_a_batch_of_good_ones_is_refused_alone(
    pool: Pool, start: Start, talk: Begin
) -> None:
    """What only the database knows to refuse, as a check that a later version has brought."""
    await pool.execute("alter table messages add check (content <> 'poison')")
    web = await start(WRITERS="1", STATEMENT_TIMEOUT="30")
    people = await talk(*[(web.url,)] * 6)
    first, *good = people.clients
    messages = {client: client_id() for client in people.clients}
    poisoned = good[2]

    async with held(pool, people):
        await first.submit(messages[first], "holds the writer up")
        await becomes(lambda: somebody_waits(pool))
        for client in good:
            await client.submit(messages[client], "poison" if client is poisoned else "good")
    answers = await everyone_is_answered(people, list(messages.values()), len(messages))

    refusals = [answer for answer in answers if answer["type"] == "message:error"]
    assert [refusal["client_message_id"] for refusal in refusals] == [str(messages[poisoned])]
    assert (refusals[0]["code"], refusals[0]["retryable"]) == ("VALIDATION_ERROR", False)
    assert len(await people.ends_well()) == 5


async def test_what_the_queue_can_not_hold_is_refused_for_the_time_being_and_nothing_is_lost(
    pool: Pool, start: Start, talk: Begin
) -> None:
    web = await start(WRITERS="1", WRITER_QUEUE="4", STATEMENT_TIMEOUT="30")
    people = await talk(*[(web.url,)] * 6)

    async with held(pool, people):
        for client in people.clients:
            await client.submit(client.write("there is room for four"), client.outbox[next(iter(client.outbox))])

        async def two_are_put_off() -> bool:
            return sum(len(client.put_off) for client in people.clients) == 2

        await becomes(two_are_put_off)
    refusals = [refusal for client in people.clients for refusal in client.put_off]

    assert [(refusal["code"], refusal["retryable"]) for refusal in refusals] == [("UNAVAILABLE", True)] * 2
    assert len(await people.ends_well()) == 6


async def test_a_clock_that_is_set_back_changes_no_order(pool: Pool, start: Start, talk: Begin) -> None:
    """`created_at` is for people: on every screen the sequence decides."""
    web = await start()
    people = await talk((web.url,), (web.url,))
    hers, his = people.clients
    hers.write("before")
    await hers.flush()
    # As if that had been written an hour from now.
    await pool.execute("update messages set created_at = created_at + interval '1 hour'")
    await pool.execute("update conversations set last_message_at = last_message_at + interval '1 hour'")
    hers.confirmed.clear()
    for client in people.clients:
        client.shown.clear()
        await client.load()

    his.write("after the clock was set back")
    await his.flush()

    stored = await people.ends_well()
    assert [message.seq for message in stored] == [1, 2]
    assert stored[0].created_at > stored[1].created_at


async def somebody_waits(pool: Pool) -> bool:
    """Whether a statement of this database waits for a lock."""
    return bool(
        await pool.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
    )
