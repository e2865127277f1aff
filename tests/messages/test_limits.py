"""How many messages a person may send: on all processes and ways together, and a repeat counts once."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias
from uuid import UUID

import pytest

from chat.db import Pool
from chat.embedded.server import free_port
from tests.clock import pass_time
from tests.device import Device, Frame
from tests.factory import Factory, client_id
from tests.messages.conftest import Composer
from tests.plain_browser import Browser
from tests.servers import Serve

# Maria's page on a process, by the process's address: `await page(url)` gives her socket and her form.
OpenPage: TypeAlias = Callable[[str], Awaitable[tuple[Device, Composer]]]


@pytest.fixture
async def conversation(factory: Factory) -> UUID:
    return await factory.direct(await factory.user("maria"), await factory.user("noah"))


@pytest.fixture
async def page(pool: Pool, conversation: UUID) -> AsyncIterator[OpenPage]:
    maria = await pool.fetchval("select id from users where username = 'maria'")
    opened: list[tuple[Device, Browser]] = []

    async def open_page(url: str) -> tuple[Device, Composer]:
        device = await Device.connect(url, pool, maria)
        browser = Browser(url)
        browser.token = device.cookies["chat_session"]
        opened.append((device, browser))
        return device, Composer(browser, conversation, (await browser.get(f"/c/{conversation}")).csrf)

    yield open_page
    for device, browser in opened:
        await device.close()
        await browser.http.close()
    await asyncio.sleep(0)


async def post(form: Composer, content: str, client: UUID | None = None) -> Frame:
    answer: Frame = json.loads((await form.send(content, client=client)).text)
    return answer


async def test_sockets_and_forms_of_all_processes_are_counted_together(
    serve: Serve, conversation: UUID, page: OpenPage, factory: Factory, redis_url: str
) -> None:
    limits = {"send_limit_per_minute": 30, "send_burst": 4}
    device, form = await page(await serve(**limits))
    other_device, other_form = await page(await serve(**limits))

    sent = [
        await device.send(conversation, "one"),
        await other_device.send(conversation, "two"),
        await post(form, "three"),
        await post(other_form, "four"),
    ]
    refused = [
        await device.send(conversation, "five"),
        await other_device.send(conversation, "six"),
        await post(form, "seven"),
    ]
    pass_time(redis_url, 2)
    late = [await other_device.send(conversation, "eight"), await device.send(conversation, "nine")]

    assert [frame["type"] for frame in sent] == ["message:sent"] * 4
    assert [(frame["code"], frame["retryable"]) for frame in refused] == [("RATE_LIMITED", True)] * 3
    assert all(0 < frame["retry_after"] <= 2 for frame in refused)
    assert [frame["type"] for frame in late] == ["message:sent", "message:error"]
    assert [text for _, _, text in await factory.history(conversation)] == ["one", "two", "three", "four", "eight"]


async def test_a_message_is_counted_once_however_often_and_by_whichever_way_it_is_sent(
    serve: Serve, conversation: UUID, page: OpenPage
) -> None:
    limits = {"send_limit_per_minute": 1, "send_burst": 2}
    device, form = await page(await serve(**limits))
    other_device, other_form = await page(await serve(**limits))
    client = client_id()

    first = await device.send(conversation, "hello", client)
    again = [
        await post(form, "hello", client),
        await other_device.send(conversation, "hello", client),
        await post(other_form, "hello", client),
        await device.send(conversation, "hello", client),
    ]

    assert (first["type"], first["duplicate"]) == ("message:sent", False)
    assert [(frame["message_id"], frame["duplicate"]) for frame in again] == [(first["message_id"], True)] * 4
    assert (await device.send(conversation, "the second"))["type"] == "message:sent"
    assert (await post(other_form, "the third"))["code"] == "RATE_LIMITED"
    # Whoever has used up everything is still told what became of what was sent.
    assert (await post(form, "hello", client))["type"] == "message:sent"


async def test_the_answer_tells_what_is_left(serve: Serve, page: OpenPage) -> None:
    _, form = await page(await serve(send_limit_per_minute=30, send_burst=2))

    answers = [await form.send(text) for text in ("one", "two", "three")]
    told = [[answer.headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")] for answer in answers]

    assert [answer.status for answer in answers] == [201, 201, 429]
    assert told == [["2", "1", "2"], ["2", "0", "4"], ["2", "0", "4"]]
    assert answers[2].headers["Retry-After"] == "2"
    assert "X-RateLimit-Limit" not in (await form.send("four", json=False)).headers


async def test_while_redis_is_away_nobody_is_held_up(serve: Serve, conversation: UUID, page: OpenPage) -> None:
    url = await serve(send_limit_per_minute=1, send_burst=1, redis_url=f"redis://127.0.0.1:{free_port()}")
    device, form = await page(url)

    assert [(await device.send(conversation, str(number)))["type"] for number in range(3)] == ["message:sent"] * 3
    answer = await form.send("and by the form")
    assert answer.status == 201
    assert "X-RateLimit-Limit" not in answer.headers
