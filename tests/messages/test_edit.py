"""Editing: one's own, checked as a send is, with its history, on every screen."""

from uuid import UUID, uuid4

import pytest

from chat.db import Pool
from tests.device import Connect, Frame
from tests.factory import Factory, client_id
from tests.screen import messages_on, stored_messages


async def editions(pool: Pool, message_id: str) -> list[str]:
    """The earlier contents, the first one first."""
    rows = await pool.fetch("select content from message_edits where message_id = $1 order by revision", message_id)
    return [row["content"] for row in rows]


async def test_an_edit_reaches_every_screen_as_the_message_is_now(factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    hers, her_phone, his = await connect(ada), await connect(ada), await connect(bo)
    for device in (hers, his):
        await device.watch(conversation)
    sent = await hers.send(conversation, "Lets meat")
    await hers.send(conversation, "at noon")

    told = await hers.change("message:edit", sent["message_id"], content="  Let's *meet*\n")

    assert {name: told[name] for name in told if name != "content"} == {
        "type": "message:updated",
        "conversation_id": str(conversation),
        "message_id": sent["message_id"],
        "client_message_id": sent["client_message_id"],
        "seq": 1,
        "revision": 3,
        "sender_id": str(ada),
        "sender_name": "Ada",
    }
    [shown] = messages_on(told["content"])
    assert (shown.html.strip(), shown.is_edited, shown.preview) == (
        "<p>Let's <em>meet</em></p>",
        True,
        "Let's meet",
    )
    assert await his.expect("message:updated") == told
    elsewhere = await her_phone.expect("message:updated")
    assert messages_on(elsewhere["content"]) == []
    assert f'id="activity-{conversation}" data-last-seq="1" data-revision="3"' in elsewhere["content"]


async def test_what_was_said_before_is_kept_with_its_time(factory: Factory, connect: Connect, pool: Pool) -> None:
    ada, _, conversation = await factory.pair()
    hers = await connect(ada)
    message = (await hers.send(conversation, "one"))["message_id"]
    for content in ("two", "three"):
        await hers.change("message:edit", message, content=content)

    rows = await pool.fetch("select content, edited_at from message_edits order by revision")
    row = await pool.fetchrow("select content, created_at, edited_at from messages")
    assert row is not None
    assert [row["content"] for row in rows] == ["one", "two"]
    assert row["content"] == "three"
    assert row["created_at"] == rows[0]["edited_at"] < rows[1]["edited_at"] < row["edited_at"]


async def test_the_same_text_changes_nothing_and_is_told_again(factory: Factory, connect: Connect, pool: Pool) -> None:
    ada, _, conversation = await factory.pair()
    hers = await connect(ada)
    await hers.watch(conversation)
    message = (await hers.send(conversation, "hello"))["message_id"]

    told = await hers.change("message:edit", message, content=" hello ")
    assert (told["type"], told["revision"]) == ("message:updated", 1)
    assert not messages_on(told["content"])[0].is_edited

    first = await hers.change("message:edit", message, content="hello!")
    again = await hers.change("message:edit", message, content="hello!")
    assert first == again
    assert await editions(pool, message) == ["hello"]
    assert await pool.fetchval("select revision from conversations") == 2


@pytest.mark.parametrize("content", ["", " \n ", "\u200b", "x" * 4001, "a\0b"])
async def test_content_is_checked_as_that_of_a_new_message(
    factory: Factory, connect: Connect, pool: Pool, content: str
) -> None:
    ada, _, conversation = await factory.pair()
    hers = await connect(ada)
    message = (await hers.send(conversation, "fine"))["message_id"]
    assert (await hers.change("message:edit", message, content="fine too"))["type"] == "message:updated"

    refusal = await hers.change("message:edit", message, content=content)

    assert (refusal["type"], refusal["code"]) == ("error", "VALIDATION_ERROR")
    assert [shown.html for shown in await stored_messages(pool, conversation)] == ["<p>fine too</p>"]


async def test_half_a_surrogate_pair_is_refused_by_name(factory: Factory, connect: Connect) -> None:
    ada, _, conversation = await factory.pair()
    hers = await connect(ada)
    message = (await hers.send(conversation, "fine"))["message_id"]
    payload = f'{{"message_id": "{message}", "content": "\\ud83d"}}'
    await hers.socket.send_str(f'{{"type": "message:edit", "payload": {payload}}}')
    refusal = await hers.expect("error", message_id=message)
    assert refusal["code"] == "VALIDATION_ERROR"


def refused(frame: Frame) -> str:
    assert frame["type"] == "error", frame
    return str(frame["code"])


async def test_only_who_wrote_it_may_edit_a_message(factory: Factory, connect: Connect, pool: Pool) -> None:
    owner, writer, other, stranger = [await factory.user() for _ in range(4)]
    room = await factory.room(owner, writer, other)
    private = await factory.room(owner, writer, visibility="private")
    his = await connect(writer)
    message = (await his.send(room, "mine"))["message_id"]
    hidden = (await his.send(private, "mine too"))["message_id"]
    assert (await his.change("message:edit", message, content="still mine"))["type"] == "message:updated"

    for person, code in ((owner, "FORBIDDEN"), (other, "FORBIDDEN"), (stranger, "NOT_IN_CONVERSATION")):
        device = await connect(person)
        assert refused(await device.change("message:edit", message, content="yours")) == code
    outside = await connect(stranger)
    answers = [await outside.change("message:edit", id_, content="yours") for id_ in (hidden, str(uuid4()))]
    assert [answer["code"] for answer in answers] == ["NOT_FOUND"] * 2
    assert answers[0]["message"] == answers[1]["message"]

    assert [shown.html for shown in await stored_messages(pool, room)] == ["<p>still mine</p>"]
    assert [shown.html for shown in await stored_messages(pool, private)] == ["<p>mine too</p>"]


async def test_nothing_is_edited_where_nobody_may_write_any_more(
    factory: Factory, connect: Connect, pool: Pool
) -> None:
    owner, writer, other = await factory.user(), await factory.user(), await factory.user()
    room, direct = await factory.room(owner, writer), await factory.direct(writer, other)
    left = await factory.room(owner, writer, visibility="private")
    his = await connect(writer)
    messages = [(await his.send(place, "before"))["message_id"] for place in (room, direct, left)]
    for message in messages:
        assert (await his.change("message:edit", message, content="then"))["type"] == "message:updated"
    await pool.execute("update conversations set archived_at = now() where id = $1", room)
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", other, writer)
    await pool.execute("delete from members where conversation_id = $1 and user_id = $2", left, writer)

    refusals = [await his.change("message:edit", message, content="after") for message in messages]

    assert [refusal["code"] for refusal in refusals] == ["FORBIDDEN", "FORBIDDEN", "NOT_FOUND"]
    assert await pool.fetch("select from messages where content = 'after'") == []


async def test_a_line_of_the_conversations_own_is_nobodys(factory: Factory, connect: Connect, pool: Pool) -> None:
    owner = await factory.user()
    room = await factory.room(owner)
    hers = await connect(owner)
    line = await system_line(pool, room, owner)

    for type_, payload in (("message:edit", {"content": "left"}), ("message:delete", {})):
        assert refused(await hers.change(type_, line, **payload)) == "FORBIDDEN"
    assert refused(await hers.change("reaction:add", line, emoji="👍")) == "CONFLICT"
    [shown] = await stored_messages(pool, room)
    assert (shown.html, shown.revision) == ("joined", 1)


async def system_line(pool: Pool, conversation: UUID, person: UUID) -> str:
    """ "{person} joined", as the first message."""
    line = client_id()
    await pool.execute(
        "insert into messages (id, conversation_id, seq, revision, sender_id, client_message_id, content,"
        " content_type, continues) values ($1, $2, 1, 1, $3, $1, 'joined', 'system', false)",
        line,
        conversation,
        person,
    )
    await pool.execute("update conversations set last_seq = 1, revision = 1 where id = $1", conversation)
    return str(line)
