"""PostgreSQL goes away, or stops answering: what was confirmed stays, what wasn't is retried, and people are told."""

import asyncio

from chat.db import Pool
from chat.embedded import EmbeddedPostgres
from tests.faults.conftest import Begin, ProxyTo, Start, becomes, becomes_healthy, health


async def test_postgres_restarted_in_mid_load(private_postgres: EmbeddedPostgres, start: Start, talk: Begin) -> None:
    one, other = await asyncio.gather(start(), start())
    people = await talk((one.url, other.url), (one.url,), (other.url, one.url), (other.url,))

    async with people.going_on():
        await people.confirms(40)
        private_postgres.stop()
        private_postgres.launch()
        await people.confirms(40)
        private_postgres.kill()
        private_postgres.launch()
        await people.confirms(40)

    await people.ends_well()


async def test_without_postgres_the_process_is_down_and_a_message_is_refused_for_the_time_being(
    private_postgres: EmbeddedPostgres, start: Start, talk: Begin
) -> None:
    web = await start(SEND_RETRIES="1")
    people = await talk((web.url,))
    (client,) = people.clients
    assert (await health(web))[0] == 200

    private_postgres.kill()
    message = client.write("is anybody there?")
    await client.submit(message, "is anybody there?")
    refusal = await client.expect("message:error", client_message_id=message)
    checks = await becomes_healthy(web, "down")

    assert (refusal["code"], refusal["retryable"]) == ("UNAVAILABLE", True)
    assert checks == {"database": "down", "redis": "up", "sockets": "up"}
    assert (await health(web))[0] == 503
    private_postgres.start()
    await becomes_healthy(web, "ok")
    assert len(await people.ends_well()) == 1


async def test_a_database_that_stalls_is_tried_again_and_then_the_message_is_put_off(
    pool: Pool, start: Start, talk: Begin
) -> None:
    """Somebody holds the row for longer than all tries take together."""
    web = await start(STATEMENT_TIMEOUT="0.3", SEND_RETRIES="2")
    people = await talk((web.url,), (web.url,))
    hers, _his = people.clients

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from conversations where id = $1 for update", people.conversation)
        message = hers.write("slowly")
        await hers.submit(message, "slowly")
        refusal = await hers.expect("message:error", client_message_id=message)

    assert (refusal["code"], refusal["retryable"]) == ("UNAVAILABLE", True)
    assert len(await people.ends_well()) == 1


async def test_a_short_stall_is_not_even_noticed(pool: Pool, start: Start, talk: Begin) -> None:
    web = await start(STATEMENT_TIMEOUT="0.3", SEND_RETRIES="3")
    people = await talk((web.url,), (web.url,))

    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select from conversations where id = $1 for update", people.conversation)
        for client in people.clients:
            client.write("held up a little")
        sending = asyncio.gather(*(client.flush() for client in people.clients))
        waiting = (
            "select query_start from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        await becomes(lambda: pool.fetchval(waiting))
        first = await pool.fetchval(waiting)

        async def is_a_later_try() -> bool:
            started = await pool.fetchval(waiting)
            return started is not None and started > first

        await becomes(is_a_later_try)
        await transaction.rollback()
    await sending

    assert [client.put_off for client in people.clients] == [[], []]
    assert len(await people.ends_well()) == 2


async def test_a_network_that_swallows_everything_holds_up_nobody_for_ever(
    private_postgres: EmbeddedPostgres, proxy_to: ProxyTo, start: Start, talk: Begin
) -> None:
    """The cable to the database is pulled: no error comes, and cancelling a statement leads nowhere either."""
    proxy = await proxy_to(private_postgres.tcp_url_of("chat"))
    web = await start(DATABASE_URL=proxy.url, STATEMENT_TIMEOUT="0.3", SEND_RETRIES="1")
    people = await talk((web.url,), (web.url,))
    hers, his = people.clients
    async with people.going_on():
        await people.confirms(6)
    said = people.confirmed()

    proxy.stall()
    for client in (hers, his):
        message = client.write("into the void")
        await client.submit(message, "into the void")
        refusal = await client.expect("message:error", client_message_id=message)
        assert (refusal["code"], refusal["retryable"]) == ("UNAVAILABLE", True)
    await becomes_healthy(web, "down")
    proxy.resume()

    assert len(await people.ends_well()) == said + 2
