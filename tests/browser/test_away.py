"""A page that was off line shows what one shows that was there: edits, deletions, reactions, replies."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.async_api import expect

from chat.db import Pool
from tests.browser.person import AtBrowser, StartWeb
from tests.device import Device
from tests.factory import Factory
from tests.proxy import Proxy
from tests.servers import WebProcess


@pytest.fixture
def web(start_web: StartWeb) -> WebProcess:
    """A web process without limits: many changes are made in no time."""
    limits = ("SEND_LIMIT_PER_MINUTE", "CHANGE_LIMIT_PER_MINUTE", "CONNECT_LIMIT_PER_MINUTE", "FRAME_LIMIT_PER_SECOND")
    return start_web(**dict.fromkeys(limits, "0"))


async def talk(factory: Factory, messages: int) -> tuple[UUID, UUID, UUID]:
    """Ada, Bo, and what Bo has said."""
    ada, bo, conversation = await factory.pair()
    begin = datetime.now(UTC) - timedelta(days=1)
    said = [(bo, f"Message {seq}", begin + timedelta(minutes=seq)) for seq in range(1, messages + 1)]
    await factory.say(conversation, said)
    await factory.read(conversation, ada, messages)
    return ada, bo, conversation


async def test_what_was_done_meanwhile_is_there_on_return(
    web: WebProcess, line: Proxy, factory: Factory, at_browser: AtBrowser, pool: Pool
) -> None:
    ada, bo, conversation = await talk(factory, messages=5)
    ids = [str(row["id"]) for row in await pool.fetch("select id from messages order by seq")]
    bos = await Device.connect(web.url, pool, bo)
    await bos.send(conversation, "To the first", reply_to=ids[0])
    person = await at_browser(line, ada, f"/c/{conversation}")
    await expect(person.page.locator(".quote-text")).to_have_text("Message 1")

    await person.unplug(line)
    await bos.change("message:edit", ids[0], content="Message *one*")
    await bos.change("message:delete", ids[1])
    await bos.change("reaction:add", ids[2], emoji="🎉")
    await bos.send(conversation, "To the fourth", reply_to=ids[3])
    await person.plug_in(line)

    await person.sees("To the fourth")
    await person.sees("Message one")
    await person.sees("This message was deleted.")
    await expect(person.message("Message 2")).to_have_count(0)
    await expect(person.reactions("Message 3").locator(".count")).to_have_text("1")
    await expect(person.page.locator(".quote-text")).to_have_text(["Message one", "Message 4"])
    there = await person.page.locator(".timeline > .message").all_inner_texts()
    await person.page.reload()
    await expect(person.page.locator(".timeline > .message")).to_have_count(7)
    assert await person.page.locator(".timeline > .message").all_inner_texts() == there
    await bos.close()


async def test_amid_older_history_what_is_on_the_screen_follows_however_much_was_done(
    web: WebProcess, line: Proxy, factory: Factory, at_browser: AtBrowser, pool: Pool
) -> None:
    ada, bo, conversation = await talk(factory, messages=200)
    ids = [str(row["id"]) for row in await pool.fetch("select id from messages order by seq")]
    person = await at_browser(line, ada, f"/c/{conversation}?around=60")
    await person.sees("Message 60")
    await expect(person.message("Message 200")).to_have_count(0)
    bos = await Device.connect(web.url, pool, bo)

    await person.unplug(line)
    for message in ids[-130:]:
        await bos.change("reaction:add", message, emoji="👍")
    await bos.change("message:edit", ids[59], content="The last of many changes")
    await bos.change("message:delete", ids[60])
    await person.plug_in(line)

    await person.sees("The last of many changes")
    await expect(person.message("Message 61")).to_have_count(0)
    # And nothing else has come into the middle of it.
    await expect(person.message("Message 200")).to_have_count(0)
    shown = [seq for seq, _ in await person.shown()]
    assert shown == list(range(shown[0], shown[-1] + 1))
    await bos.change("message:edit", ids[61], content="Seen at once")
    await person.sees("Seen at once")
    await bos.close()
