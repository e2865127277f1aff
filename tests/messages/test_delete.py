"""Deleting: what was said is gone for good, and its place stays."""

from uuid import uuid4

import pytest

from chat.db import Pool
from tests.device import Connect
from tests.factory import Factory, client_id
from tests.screen import messages_on, stored_messages

SECRET = "the password is swordfish"


async def test_a_tombstone_takes_the_place_on_every_screen(factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    hers, her_phone, his = await connect(ada), await connect(ada), await connect(bo)
    for device in (hers, his):
        await device.watch(conversation)
    sent = await hers.send(conversation, SECRET)

    told = await hers.change("message:delete", sent["message_id"])

    assert (told["type"], told["seq"], told["revision"]) == ("message:deleted", 1, 2)
    [shown] = messages_on(told["content"])
    assert (shown.is_deleted, shown.html, shown.preview) == (True, "This message was deleted.", "Message deleted")
    assert (shown.id, shown.sender_name) == (sent["message_id"], "Ada")
    assert await his.expect("message:deleted") == told
    elsewhere = await her_phone.expect("message:deleted")
    assert "Message deleted" in elsewhere["content"]
    assert not any(SECRET in str(frame) for frame in (told, elsewhere))


async def test_nothing_of_what_was_said_is_left_in_the_database(factory: Factory, connect: Connect, pool: Pool) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    question = (await his.send(conversation, "what was it?"))["message_id"]
    message = (await hers.send(conversation, SECRET, reply_to=question))["message_id"]
    await hers.change("message:edit", message, content=f"{SECRET}!")
    await his.change("reaction:add", message, emoji="🙈")
    await pool.execute(
        "insert into mentions (conversation_id, user_id, seq) values ($1, $2, 2), ($1, $2, 1)", conversation, bo
    )
    await pool.execute(
        "insert into pins (conversation_id, message_id, pinned_by) values ($1, $2, $4), ($1, $3, $4)",
        conversation,
        message,
        question,
        ada,
    )

    await hers.change("message:delete", message)

    row = await pool.fetchrow("select * from messages where id = $1", message)
    assert row is not None
    assert (row["content"], row["reacted"], row["reply_to"], row["edited_at"]) == ("", False, None, None)
    assert (row["seq"], row["revision"], row["sender_id"]) == (2, 5, ada)
    for table in ("message_edits", "reactions"):
        assert await pool.fetch(f"select from {table}") == []
    assert [row["seq"] for row in await pool.fetch("select seq from mentions")] == [1]
    assert [str(row["message_id"]) for row in await pool.fetch("select message_id from pins")] == [question]


async def test_deleting_again_changes_nothing_and_is_told_again(factory: Factory, connect: Connect, pool: Pool) -> None:
    ada, _, conversation = await factory.pair()
    hers = await connect(ada)
    await hers.watch(conversation)
    message = (await hers.send(conversation, SECRET))["message_id"]

    first = await hers.change("message:delete", message)
    again = await hers.change("message:delete", message)

    assert first == again
    assert await pool.fetchval("select revision from conversations") == 2


async def test_a_device_that_sends_it_once_more_doesnt_bring_it_back(factory: Factory, connect: Connect) -> None:
    ada, _, conversation = await factory.pair()
    hers = await connect(ada)
    client = client_id()
    message = (await hers.send(conversation, SECRET, client))["message_id"]
    await hers.change("message:delete", message)

    again = await hers.send(conversation, SECRET, client)

    assert again["duplicate"]
    assert messages_on(again["content"])[0].is_deleted
    assert SECRET not in again["content"]


@pytest.mark.parametrize("change", ["message:edit", "reaction:add"])
async def test_a_tombstone_takes_no_more_changes(factory: Factory, connect: Connect, pool: Pool, change: str) -> None:
    ada, _, conversation = await factory.pair()
    hers = await connect(ada)
    message = (await hers.send(conversation, SECRET))["message_id"]
    payload = {"content": "back again"} if change == "message:edit" else {"emoji": "👍"}
    assert (await hers.change(change, message, **payload))["type"] == "message:updated"
    await hers.change("message:delete", message)

    refusal = await hers.change(change, message, **payload)

    assert (refusal["type"], refusal["code"]) == ("error", "CONFLICT")
    assert [shown.revision for shown in await stored_messages(pool, conversation)] == [3]


@pytest.mark.parametrize(
    ("kind", "role", "may"),
    [
        ("room", "owner", True),
        ("room", "admin", True),
        ("room", "member", False),
        ("group", "owner", False),
        ("group", "admin", False),
    ],
)
async def test_who_manages_a_room_may_delete_any_message_in_it(
    factory: Factory, connect: Connect, pool: Pool, kind: str, role: str, may: bool
) -> None:
    writer, other = await factory.user(), await factory.user()
    place = await factory.room(writer, other) if kind == "room" else await factory.group(writer, other)
    await pool.execute("update members set role = $2 where user_id = $1", other, role)
    his, theirs = await connect(writer), await connect(other)
    message = (await his.send(place, "mine"))["message_id"]

    answer = await theirs.change("message:delete", message)

    assert (answer["type"], answer.get("code")) == (("message:deleted", None) if may else ("error", "FORBIDDEN"))
    assert [shown.is_deleted for shown in await stored_messages(pool, place)] == [may]


async def test_in_an_archived_room_only_who_manages_it_deletes(factory: Factory, connect: Connect, pool: Pool) -> None:
    owner, writer = await factory.user(), await factory.user()
    room = await factory.room(owner, writer)
    hers, his = await connect(owner), await connect(writer)
    first, second = [(await his.send(room, "mine"))["message_id"] for _ in range(2)]
    assert (await his.change("message:delete", first))["type"] == "message:deleted"
    await pool.execute("update conversations set archived_at = now()")

    assert (await his.change("message:delete", second))["code"] == "FORBIDDEN"
    assert (await hers.change("message:delete", second))["type"] == "message:deleted"


async def test_strangers_learn_nothing(factory: Factory, connect: Connect, pool: Pool) -> None:
    owner, stranger = await factory.user(), await factory.user()
    private, public = await factory.room(owner, visibility="private"), await factory.room(owner)
    hers, outside = await connect(owner), await connect(stranger)
    hidden, open_ = [(await hers.send(place, SECRET))["message_id"] for place in (private, public)]

    answers = [await outside.change("message:delete", id_) for id_ in (hidden, str(uuid4()), open_)]

    assert [answer["code"] for answer in answers] == ["NOT_FOUND", "NOT_FOUND", "NOT_IN_CONVERSATION"]
    assert answers[0]["message"] == answers[1]["message"]
    for place in (private, public):
        assert [shown.is_deleted for shown in await stored_messages(pool, place)] == [False]
