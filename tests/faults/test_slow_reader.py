"""Whoever reads too slowly, or not at all, holds up nobody else, and is sent away to come back."""

import asyncio

import aiohttp

from tests.client import Client
from tests.faults.conftest import Begin, Start
from tests.servers import WebProcess

# The kernel keeps some megabytes for a reader, before the server keeps anything.
LONG = "🙂" * 20_000
LARGE = {"MESSAGE_MAX_LENGTH": "20000", "FRAME_MAX_BYTES": "1000000", "HISTORY_PAGE": "20"}
MOST = 400


def stop_reading(client: Client) -> asyncio.ReadTransport:
    """From now on the client's kernel takes some bytes, and the client none."""
    connection = client.socket._conn
    assert connection is not None
    transport = connection.transport
    assert isinstance(transport, asyncio.ReadTransport)
    transport.pause_reading()
    return transport


async def metric(web: WebProcess, name: str) -> float:
    """The value of a metric of the process."""
    async with aiohttp.ClientSession() as http, http.get(f"{web.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


async def is_too_much(web: WebProcess, sender: Client) -> None:
    """Send until somebody's buffer is full."""
    for _ in range(MOST):
        if await metric(web, "chat_slow_sockets_total"):
            return
        sender.write(LONG)
        await sender.flush()
    raise AssertionError("nobody was closed")


async def test_who_never_reads_holds_up_nobody_and_is_cut_off(start: Start, talk: Begin) -> None:
    web = await start(**LARGE)
    people = await talk((web.url,), (web.url,), (web.url,))
    sender, receiver, sleeper = people.clients
    stop_reading(sleeper)

    await is_too_much(web, sender)

    await receiver.settle(people.pool)
    assert await metric(web, "chat_connections") == 2
    assert receiver.close_codes == sender.close_codes == []
    await sleeper.hang_up()
    await people.ends_well()


async def test_who_reads_slowly_is_told_to_come_back_and_then_has_everything(start: Start, talk: Begin) -> None:
    web = await start(**LARGE)
    people = await talk((web.url,), (web.url,))
    sender, sleeper = people.clients
    transport = stop_reading(sleeper)

    await is_too_much(web, sender)
    transport.resume_reading()

    assert await sleeper.closed() == 1013
    await people.ends_well()
