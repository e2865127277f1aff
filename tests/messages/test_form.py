"""Sending over HTTP: what our script falls back to, and what a browser without scripts does."""

import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from chat.db import Pool
from tests.device import Connect, sign_in
from tests.factory import Factory, client_id
from tests.html import read, with_class
from tests.messages.conftest import Composer
from tests.plain_browser import Browser, Page
from tests.servers import Serve

FORM = "application/x-www-form-urlencoded"


def answer(page: Page) -> dict[str, Any]:
    assert page.headers["Content-Type"].startswith("application/json"), page.text
    frame: dict[str, Any] = json.loads(page.text)
    return frame


async def test_a_message_is_stored_once_and_confirmed_like_over_the_socket(
    composer: Composer, factory: Factory, connect: Connect, pool: Pool
) -> None:
    his = await connect(await pool.fetchval("select id from users where username = 'noah'"))
    client = client_id()

    first, again = await composer.send("hello", client=client), await composer.send("hullo", client=client)

    assert (first.status, again.status) == (201, 200)
    assert (answer(first)["type"], answer(first)["seq"], answer(first)["duplicate"]) == ("message:sent", 1, False)
    assert (answer(again)["message_id"], answer(again)["duplicate"]) == (answer(first)["message_id"], True)
    await his.expect("message:received", client_message_id=client)
    assert [content for _, _, content in await factory.history(composer.conversation)] == ["hello"]


async def test_line_breaks_of_forms_become_those_of_text(composer: Composer, factory: Factory) -> None:
    await composer.send("one\r\ntwo\r\n\r\nthree")

    assert (await factory.history(composer.conversation))[0][2] == "one\ntwo\n\nthree"


@pytest.mark.parametrize("content", ["", " \r\n ", "x" * 4001, "a\0b"])
async def test_a_refused_message_is_named_and_nothing_typed_is_lost(
    composer: Composer, factory: Factory, content: str
) -> None:
    client = client_id()

    refused = await composer.send(content, client=client)
    page = await composer.send(content, json=False)

    assert (refused.status, page.status) == (422, 422)
    frame = answer(refused)
    assert (frame["type"], frame["code"], frame["retryable"]) == ("message:error", "VALIDATION_ERROR", False)
    assert UUID(frame["client_message_id"]) == client
    assert with_class(page.text, "composer-error")[0].text == frame["message"]
    field = next(element for element in read(page.text) if element.tag == "textarea")
    assert field.text.replace("\n", "\r\n").strip() == content.strip() or "\0" in content
    assert await factory.history(composer.conversation) == []


async def test_without_scripts_a_sent_message_leads_back_to_the_conversation(composer: Composer) -> None:
    page = await composer.send("hello", json=False)

    assert (page.status, page.location) == (303, f"/c/{composer.conversation}?latest=1")
    assert "hello" in (await composer.browser.get(page.location)).text


@pytest.mark.parametrize("content", [b"%FF", b"\xff\xfe", b"%ED%A0%80", b"%C0%80", b"caf%E9", b"%F8%88%80%80%80"])
async def test_text_that_is_not_utf_8_is_refused_and_not_repaired(
    composer: Composer, factory: Factory, content: bytes
) -> None:
    body = f"client_message_id={client_id()}&content=".encode() + content

    refused = await composer.post(body, **{"Content-Type": FORM})

    assert (refused.status, answer(refused)["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert await factory.history(composer.conversation) == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"content": "x"}', "application/json"),
        (b"content=x", "text/plain"),
        (b"content=x", f"{FORM}; charset=utf-16"),
        (b"content=x", f"{FORM}; charset=no-such"),
        (b"content=x", "multipart/form-data"),
        # None of our forms has files; sixteen thousand empty ones in a megabyte would hold everyone up.
        (b"--a\r\nContent-Disposition: form-data; name=content\r\n\r\nx\r\n--a--", "multipart/form-data; boundary=a"),
        (b"a=1&" * 1000, FORM),
    ],
)
async def test_a_body_that_is_no_form_is_refused(composer: Composer, body: bytes, content_type: str) -> None:
    refused = await composer.post(body, **{"Content-Type": content_type})

    assert (refused.status, answer(refused)["error"]["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("client", [None, "", "x", "0", "\0", "\u202e", "9" * 5000])
async def test_a_form_without_the_id_of_its_message_is_refused(composer: Composer, client: str | None) -> None:
    fields = {"csrf": composer.csrf, "content": "hello"} | ({} if client is None else {"client_message_id": client})

    refused = await composer.browser.post(composer.path, fields, Accept="application/json")

    assert (refused.status, answer(refused)["error"]["code"]) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize("chunked", [False, True])
async def test_ten_megabytes_are_refused_and_the_server_goes_on(composer: Composer, chunked: bool) -> None:
    body = f"client_message_id={client_id()}&content=".encode() + b"x" * 10_000_000

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    headers = {"Origin": composer.browser.url, "X-CSRF-Token": composer.csrf, "Accept": "application/json"}
    data = pieces() if chunked else BytesIO(body)
    async with composer.browser.http.post(
        composer.browser.url + composer.path, data=data, headers=headers | {"Content-Type": FORM}
    ) as refused:
        assert refused.status == 413
        assert (await refused.json())["error"]["code"] == "PAYLOAD_TOO_LARGE"

    assert (await composer.send("still here")).status == 201


async def test_too_fast_is_said_with_the_time_to_wait(serve: Serve, factory: Factory, pool: Pool) -> None:
    url = await serve(send_limit_per_minute=30, send_burst=3)
    maria = await factory.user()
    conversation = await factory.direct(maria, await factory.user())
    browser = Browser(url)
    browser.token = await sign_in(pool, maria)
    composer = Composer(browser, conversation, (await browser.get(f"/c/{conversation}")).csrf)

    assert [(await composer.send(str(number))).status for number in range(3)] == [201] * 3
    refused = await composer.send("the fourth")
    page = await composer.send("the fifth", json=False)
    await browser.http.close()

    frame = answer(refused)
    assert (refused.status, frame["type"], frame["code"]) == (429, "message:error", "RATE_LIMITED")
    assert frame["retryable"] is True
    assert 0 < frame["retry_after"] <= 2
    assert 1 <= int(refused.headers["Retry-After"]) <= 2
    assert page.status == 429
    assert "the fifth" in next(element.text for element in read(page.text) if element.tag == "textarea")
