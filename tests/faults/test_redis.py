"""Redis goes away: sending, history and signing in work, PostgreSQL carries the news, and all heals by itself."""

import asyncio
import signal

import redis

from chat.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.client import Client
from tests.faults.conftest import Begin, ProxyTo, Start, Talk, becomes, becomes_healthy, health
from tests.screen import messages_on


async def is_told_of_the_loss(client: Client) -> None:
    """The banner of the page shows."""
    await client.expect("system:degraded", redis=True)


async def reaches_the_other_screen(people: Talk, text: str) -> None:
    """From the first person to the second, by the event itself: nothing else makes the second one ask."""
    sender, receiver = people.clients
    seen = len(receiver.frames)
    message = sender.write(text)
    await sender.flush()
    await receiver.expect("message:received", since=seen, client_message_id=message)


async def test_redis_killed_in_mid_load_and_back_later(
    private_valkey: EmbeddedValkey, start: Start, talk: Begin
) -> None:
    one, other = await asyncio.gather(start(), start())
    people = await talk((one.url,), (one.url,), (other.url,), (other.url,))

    async with people.going_on():
        await people.confirms(40)
        private_valkey.kill()
        await asyncio.gather(*(is_told_of_the_loss(client) for client in people.clients))
        await people.confirms(40)
        assert await becomes_healthy(one, "degraded") == {"database": "up", "redis": "down", "sockets": "up"}
        assert (await health(one))[0] == 200
        private_valkey.launch()
        await asyncio.gather(*(client.expect("system:degraded", redis=False) for client in people.clients))
        await becomes_healthy(one, "ok")
        await people.confirms(40)

    await people.ends_well()
    assert [client.close_codes for client in people.clients] == [[], [], [], []]
    assert [client.put_off for client in people.clients] == [[], [], [], []]


async def test_while_redis_is_away_messages_reach_the_other_process_all_the_same(
    private_valkey: EmbeddedValkey, start: Start, talk: Begin
) -> None:
    one, other = await asyncio.gather(start(), start())
    people = await talk((one.url,), (other.url,))
    await reaches_the_other_screen(people, "over Redis")

    private_valkey.kill()
    await asyncio.gather(*(is_told_of_the_loss(client) for client in people.clients))
    await reaches_the_other_screen(people, "over PostgreSQL")
    # NOTIFY takes 8,000 bytes at most.
    await reaches_the_other_screen(people, "🙂" * 4_000)

    assert len(await people.ends_well()) == 3


async def test_while_redis_is_away_changes_reach_the_other_process_as_what_they_are(
    private_valkey: EmbeddedValkey, start: Start, talk: Begin
) -> None:
    one, other = await asyncio.gather(start(), start())
    people = await talk((one.url,), (other.url,))
    sender, receiver = people.clients
    await reaches_the_other_screen(people, "over Redis")
    [message] = sender.screen
    private_valkey.kill()
    await asyncio.gather(*(is_told_of_the_loss(client) for client in people.clients))

    await sender.alter("message:edit", message.id, content="🙂" * 4_000)
    edited = await receiver.expect("message:updated", message_id=message.id, revision=2)
    await receiver.alter("reaction:add", message.id, emoji="👍")
    await sender.expect("message:updated", message_id=message.id, revision=3)
    await sender.alter("message:delete", message.id)
    deleted = await receiver.expect("message:deleted", message_id=message.id, revision=4)

    assert messages_on(edited["content"])[0].is_edited
    assert messages_on(deleted["content"])[0].is_deleted
    assert len(await people.ends_well()) == 1


async def test_a_process_that_starts_without_redis_heals_when_redis_comes(
    private_valkey: EmbeddedValkey, start: Start, talk: Begin
) -> None:
    private_valkey.kill()
    one, other = await asyncio.gather(start(), start())
    await becomes_healthy(one, "degraded")
    people = await talk((one.url,), (other.url,))
    await reaches_the_other_screen(people, "over PostgreSQL")

    private_valkey.launch()
    await asyncio.gather(*(client.expect("system:degraded", redis=False) for client in people.clients))
    await becomes_healthy(one, "ok")
    await reaches_the_other_screen(people, "over Redis")

    assert len(await people.ends_well()) == 2


async def test_what_was_said_while_a_subscription_was_lost_is_asked_for(
    private_valkey: EmbeddedValkey, proxy_to: ProxyTo, start: Start, talk: Begin
) -> None:
    """One process alone loses its connections to Redis for a moment. Nobody else notices, nothing is said later."""
    proxy = await proxy_to(private_valkey.url)
    one, other = await asyncio.gather(start(), start(REDIS_URL=proxy.url))
    people = await talk((one.url,), (other.url,))
    sender, receiver = people.clients
    await reaches_the_other_screen(people, "heard")

    await proxy.refuse()
    await is_told_of_the_loss(receiver)
    sender.write("not heard")
    await sender.flush()
    await proxy.accept()

    await receiver.settle(people.pool)
    assert len(await people.ends_well()) == 2


async def test_a_connection_that_comes_back_at_once_leaves_no_hole_either(
    private_valkey: EmbeddedValkey, start: Start, talk: Begin
) -> None:
    """Then the client library subscribes again by itself, and says nothing."""
    one, other = await asyncio.gather(start(), start())
    people = await talk((one.url,), (other.url,))
    _, receiver = people.clients
    await reaches_the_other_screen(people, "before")
    seen = len(receiver.frames)

    with redis.Redis.from_url(private_valkey.url) as connection:
        connection.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

    await receiver.expect("system:resync", since=seen)
    await reaches_the_other_screen(people, "after")
    assert len(await people.ends_well()) == 2


async def test_a_redis_that_hangs_is_given_up_after_a_moment(
    private_valkey: EmbeddedValkey, start: Start, talk: Begin
) -> None:
    one, other = await asyncio.gather(start(SEND_LIMIT_PER_MINUTE="1000", SEND_BURST="1000"), start())
    people = await talk((one.url,), (other.url,))
    assert private_valkey.process is not None

    private_valkey.process.send_signal(signal.SIGSTOP)
    await reaches_the_other_screen(people, "over PostgreSQL, after a second")
    await becomes_healthy(one, "degraded")
    private_valkey.process.send_signal(signal.SIGCONT)
    await becomes_healthy(one, "ok")

    assert len(await people.ends_well()) == 1


async def test_without_both_servers_the_news_waits(
    private_postgres: EmbeddedPostgres, private_valkey: EmbeddedValkey, start: Start, talk: Begin
) -> None:
    """PostgreSQL dies right after a commit, and Redis was gone before: once they are back, everybody hears of it."""
    one, other = await asyncio.gather(start(), start())
    people = await talk((one.url,), (other.url,))
    sender, receiver = people.clients
    private_valkey.kill()
    await asyncio.gather(*(is_told_of_the_loss(client) for client in people.clients))

    sender.write("the last word")
    await sender.flush()
    private_postgres.kill()
    private_postgres.launch()
    await asyncio.to_thread(private_postgres.wait_ready, timeout=60)

    async def is_shown() -> bool:
        return len(receiver.screen) == 1

    await becomes(is_shown)
    private_valkey.launch()
    assert len(await people.ends_well()) == 1
