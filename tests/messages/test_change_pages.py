"""What a page asks for, and sends, to change a message: answered as everybody is told, and refused in words."""

import json
from uuid import UUID

import pytest

from chat.db import Pool
from tests.device import Connect
from tests.factory import Factory
from tests.html import read, texts
from tests.messages.conftest import Composer
from tests.plain_browser import Page


async def say(composer: Composer, content: str) -> UUID:
    sent = await composer.send(content)
    assert sent.status == 201, sent.text
    return UUID(json.loads(sent.text)["message_id"])


async def change(composer: Composer, message: UUID, what: str, **fields: str) -> Page:
    path = f"/messages/{message}/{what}"
    return await composer.browser.post(path, {"csrf": composer.csrf, **fields}, Accept="application/json")


async def test_the_answer_is_the_frame_that_everybody_gets(composer: Composer, connect: Connect, pool: Pool) -> None:
    his = await connect(await pool.fetchval("select id from users where username = 'noah'"))
    await his.watch(composer.conversation)
    message = await say(composer, "one\ntwo")

    edited = await change(composer, message, "edit", content="One\r\nTwo\r\n")
    told = await his.expect("message:updated", message_id=message)
    chosen = await change(composer, message, "reactions", emoji="👍", chosen="yes")
    taken = await change(composer, message, "reactions", emoji="👍", chosen="no")
    deleted = await change(composer, message, "delete")

    frames = [json.loads(page.text) for page in (edited, chosen, taken, deleted)]
    assert [frame["revision"] for frame in frames] == [2, 3, 4, 5]
    assert [frame["type"] for frame in frames] == ["message:updated"] * 3 + ["message:deleted"]
    assert frames[0]["content"] == told["content"]
    assert "<p>One<br>Two</p>" in frames[0]["content"]
    assert 'data-emoji="👍"' in frames[1]["content"]
    assert 'data-emoji="👍"' not in frames[2]["content"]


async def test_what_was_typed_is_given_back_as_it_was(composer: Composer) -> None:
    typed = "**bold** <b> &amp;\n\n  two"
    message = await say(composer, typed)

    source = await composer.browser.get(f"/messages/{message}/source")

    assert source.headers["Content-Type"].startswith("text/plain")
    assert source.text == typed


async def test_earlier_versions_come_the_latest_first(composer: Composer) -> None:
    message = await say(composer, "first")
    for content in ("*second*", "third"):
        assert (await change(composer, message, "edit", content=content)).status == 200

    page = await composer.browser.get(f"/messages/{message}/edits")

    assert texts(page.text, "text") == ["second", "first"]
    assert "<em>second</em>" in page.text


@pytest.mark.parametrize(
    ("what", "fields", "code"),
    [
        ("edit", {"content": " "}, "VALIDATION_ERROR"),
        ("edit", {}, "VALIDATION_ERROR"),
        ("reactions", {"emoji": "👍"}, "VALIDATION_ERROR"),
        ("reactions", {"emoji": "👍", "chosen": "perhaps"}, "VALIDATION_ERROR"),
        ("reactions", {"emoji": "no emoji", "chosen": "yes"}, "VALIDATION_ERROR"),
    ],
)
async def test_nonsense_is_refused(composer: Composer, what: str, fields: dict[str, str], code: str) -> None:
    message = await say(composer, "hello")

    refused = await change(composer, message, what, **fields)

    assert refused.status == 422
    assert json.loads(refused.text)["error"]["code"] == code


@pytest.mark.parametrize("part", ["source", "edits", "reactions"])
async def test_nobody_looks_behind_what_others_say_to_each_other(
    composer: Composer, factory: Factory, part: str
) -> None:
    bo, cy = await factory.user("bo"), await factory.user("cy")
    elsewhere = await factory.direct(bo, cy)
    await factory.say(elsewhere, [(bo, "Between us", factory.later())])
    message = await factory.pool.fetchval("select id from messages where conversation_id = $1", elsewhere)

    page = await composer.browser.get(f"/messages/{message}/{part}")

    assert page.status == 404
    assert "Between us" not in page.text


async def test_emoji_are_found_by_the_beginnings_of_their_words(composer: Composer) -> None:
    async def found(query: str) -> list[str]:
        page = await composer.browser.get(f"/emoji?q={query}")
        assert page.status == 200
        return [element.attributes["title"] for element in read(page.text) if element.tag == "button"]

    assert (await found("red+hea"))[0] == "red heart"
    assert (await found("%2B1"))[0] == "thumbs up"
    assert "thumbs up" in await found("")
    assert not any("skin tone" in name for name in await found("thumbs"))
    assert await found("no+such+thing") == []
    page = await composer.browser.get("/emoji?q=<b>")
    assert "<b>" not in page.text
