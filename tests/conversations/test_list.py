"""The list of conversations: its order, its badges, what stands in a row; and each page, whole and in part."""

import re
from uuid import UUID

from chat.db import Pool
from tests.conversations.conftest import SignIn
from tests.device import Connect
from tests.factory import Factory
from tests.html import Element, read, texts, with_class
from tests.plain_browser import Browser

PANE = {"HX-Request": "true", "HX-Target": "main#pane"}


def badge(html: str, conversation: UUID) -> int:
    """The unread messages that the row shows; 0 where the badge is hidden."""
    row = next(element for element in read(html) if element.id == f"conversation-{conversation}")
    found = next(part for part in descendants(row) if "badge" in part.classes)
    count = int(found.text.split()[0])
    assert ("hidden" in found.attributes) == (count == 0)
    return count


def descendants(element: Element) -> list[Element]:
    return [part for child in element.children for part in (child, *descendants(child))]


async def names(browser: Browser) -> list[str]:
    return texts((await browser.get("/sidebar")).text, "name")


async def test_the_latest_activity_comes_first(factory: Factory, browse: SignIn, connect: Connect, pool: Pool) -> None:
    maria = await factory.user("maria")
    device, browser = await connect(maria), await browse(maria)
    conversations = {name: await factory.direct(maria, await factory.user(name)) for name in ("ann", "ben", "cleo")}
    await pool.execute("update conversations set created_at = now() - interval '1 hour'")

    for name in ("ben", "ann", "cleo", "ben"):
        await device.send(conversations[name], f"to {name}")
    assert await names(browser) == ["Ben", "Cleo", "Ann"]

    opened = await factory.direct(maria, await factory.user("dora"))
    assert await names(browser) == ["Dora", "Ben", "Cleo", "Ann"]
    await device.send(conversations["ann"], "again")
    assert await names(browser) == ["Ann", "Dora", "Ben", "Cleo"]
    await pool.execute("update conversations set deleted_at = now() where id = $1", opened)
    assert await names(browser) == ["Ann", "Ben", "Cleo"]


async def test_the_badge_is_the_last_sequence_less_what_was_read(
    factory: Factory, browse: SignIn, connect: Connect
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, his = await connect(maria), await connect(noah)
    browser, other = await browse(noah), await browse(maria)

    for number in range(5):
        await hers.send(conversation, str(number))
    assert badge((await browser.get("/")).text, conversation) == 5
    assert badge((await other.get("/")).text, conversation) == 0

    await his.say("receipt:read", conversation_id=conversation, up_to_seq=3)
    await his.expect("receipt:updated", read_up_to=3)
    assert badge((await browser.get("/")).text, conversation) == 2

    # Who answers has read what came before.
    await his.send(conversation, "an answer")
    assert badge((await browser.get("/")).text, conversation) == 0
    assert badge((await other.get("/")).text, conversation) == 1


async def test_a_row_tells_who_wrote_last_what_and_when(
    factory: Factory, browse: SignIn, connect: Connect, pool: Pool
) -> None:
    maria, noah = await factory.user("maria"), await factory.user("noah")
    conversation = await factory.direct(maria, noah)
    browser = await browse(maria)
    assert texts((await browser.get("/")).text, "preview") == ["No messages yet"]

    await (await connect(noah)).send(conversation, "first line\n\n  second   line " + "x" * 300)
    page = (await browser.get("/")).text
    preview = with_class(page, "preview")[0].text
    assert re.fullmatch(r"You: Noah: first line second line x+…", preview)
    activity = with_class(page, "activity")[0]
    assert activity.attributes["data-sender-id"] == str(noah)
    at = await pool.fetchval("select last_message_at from conversations")
    assert activity.attributes["data-at"] == at.isoformat()

    await pool.execute("update messages set deleted_at = now()")
    assert "Message deleted" in with_class((await browser.get("/")).text, "preview")[0].text


async def test_a_hundred_conversations_are_listed_and_the_oldest_left_out(
    factory: Factory, browse: SignIn, pool: Pool
) -> None:
    maria = await factory.user()
    first = await factory.direct(maria, await factory.user("friend"))
    for number in range(100):
        await factory.direct(maria, await factory.user(f"friend{number}"))
    await pool.execute("update conversations set created_at = now() - interval '1 h' where id = $1", first)

    listed = await names(await browse(maria))

    assert len(listed) == 100
    assert "Friend" not in listed


async def test_each_page_is_whole_by_itself_and_a_pane_for_htmx(
    factory: Factory, browse: SignIn, connect: Connect
) -> None:
    maria = await factory.user("maria")
    conversation = await factory.direct(maria, await factory.user("noah"))
    await (await connect(maria)).send(conversation, "hello")
    browser = await browse(maria)
    titles = {
        "/": "Conversations",
        f"/c/{conversation}": "Noah",
        f"/c/{conversation}?around=1": "Noah",
        "/people": "New conversation",
        "/people?q=no": "New conversation",
        "/settings": "Settings",
    }

    for path, title in titles.items():
        whole, pane = await browser.get(path), await browser.get(path, **PANE)
        restored = await browser.get(path, **PANE, **{"HX-History-Restore-Request": "true"})
        elements = read(whole.text)
        assert [element.text for element in elements if element.tag == "title"] == [f"{title} · Chat"], path
        assert [element.tag for element in elements if element.id in {"sidebar", "pane", "live"}] == [
            "div",
            "nav",
            "main",
        ]
        inside = next(element for element in elements if element.id == "pane")
        parts = read(pane.text)
        assert parts[0].tag == "title"
        assert not {"sidebar", "pane", "live"} & {part.id for part in parts}
        assert parts[1].attributes.get("data-view") == inside.children[0].attributes.get("data-view"), path
        # Going back, htmx looks for the pane itself.
        assert [part.id for part in read(restored.text) if part.id in {"sidebar", "pane", "live"}] == ["pane"]
        assert whole.headers["Cache-Control"] == pane.headers["Cache-Control"] == "no-store"
        assert "HX-Target" in pane.headers["Vary"]
        ids = [element.id for element in elements if element.id]
        assert len(ids) == len(set(ids)), path


async def test_the_open_conversation_is_marked_in_the_list(factory: Factory, browse: SignIn) -> None:
    maria = await factory.user()
    open_one, _other = [await factory.direct(maria, await factory.user()) for _ in range(2)]

    page = await (await browse(maria)).get(f"/c/{open_one}")

    marked = [element for element in read(page.text) if element.attributes.get("aria-current") == "page"]
    assert [element.attributes["href"] for element in marked] == [f"/c/{open_one}"]
