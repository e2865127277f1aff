"""A web process dies, or is asked to go: its clients carry on with another, and nothing that was confirmed is lost."""

import asyncio

from chat.db import Pool
from chat.ids import new_id
from chat.messages.model import NewMessage
from chat.messages.store_queries import store
from tests.faults.conftest import Begin, Start


async def test_a_process_killed_under_load_loses_nothing(start: Start, talk: Begin) -> None:
    one, other = await asyncio.gather(start(), start())
    here, there = (one.url, other.url), (other.url, one.url)
    people = await talk(here, here, here, there, there, there)

    async with people.going_on():
        await people.confirms(40)
        one.kill()
        await people.confirms(40)
        one.launch()
        await asyncio.to_thread(one.wait_ready)
        other.kill()
        await people.confirms(40)
        other.launch()
        await asyncio.to_thread(other.wait_ready)

    await people.ends_well()


async def test_a_process_that_is_stopped_says_goodbye_and_keeps_what_it_confirmed(start: Start, talk: Begin) -> None:
    one, other = await asyncio.gather(start(), start())
    people = await talk((one.url, other.url), (one.url, other.url), (other.url, one.url))

    async with people.going_on():
        await people.confirms(20)
        status = await asyncio.to_thread(one.stop)
        await people.confirms(20)

    assert status == 0
    assert [client.close_codes for client in people.clients] == [[1001], [1001], []]
    await people.ends_well()
    assert [line for line in one.printed().splitlines() if '"level":"error"' in line.replace(" ", "")] == []


async def test_the_last_message_before_a_process_stops_reaches_the_others(start: Start, talk: Begin) -> None:
    """Nothing follows it that would make anybody ask."""
    one, other = await asyncio.gather(start(), start())
    people = await talk((one.url,), (other.url,))
    sender, receiver = people.clients

    sender.write("goodbye")
    await sender.flush()
    await asyncio.to_thread(one.stop)

    await receiver.settle(people.pool)
    assert [message.html for message in receiver.screen] == ["<p>goodbye</p>"]


async def test_who_dies_between_storing_and_telling_leaves_no_hole(start: Start, talk: Begin, pool: Pool) -> None:
    """The sender never got a confirmation and sends again, to another process, which finds the message and tells."""
    one, other = await asyncio.gather(start(), start())
    people = await talk((one.url,), (other.url,))
    sender, receiver = people.clients
    message = sender.write("my last words")
    words = NewMessage(new_id(), people.conversation, sender.user_id, message, "my last words")
    await store(pool, messages=[words], direct_max=10)

    await sender.flush()

    await receiver.expect("message:received", client_message_id=message)
    await people.ends_well()
    assert [answer["duplicate"] for answer in sender.confirmed[message]] == [True]
