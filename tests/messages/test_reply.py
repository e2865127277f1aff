"""Replies: the quote on every screen, and which message may be replied to."""

import json
from uuid import UUID, uuid4

import pytest

from chat.db import Pool
from tests.device import Connect
from tests.factory import Factory, client_id
from tests.messages.conftest import Composer
from tests.program import Program, make_token
from tests.screen import Quote, messages_on, stored_messages


async def test_a_reply_quotes_its_original_on_every_screen_and_leads_back_to_it(
    factory: Factory, connect: Connect
) -> None:
    maria, noah = await factory.user("maria"), await factory.user("noah")
    conversation = await factory.direct(maria, noah)
    hers, his = await connect(maria), await connect(noah)
    await hers.watch(conversation)
    original = (await hers.send(conversation, "Shall we *meet*\nat <noon>?"))["message_id"]

    sent = await his.send(conversation, "Yes!", reply_to=original)
    news = await hers.expect("message:received", seq=2)
    await hers.say("conversation:sync", conversation_id=conversation, after_revision=1)
    synced = await hers.expect("conversation:synced")

    for frame in (sent, news, synced):
        [shown] = messages_on(frame["content"])
        assert shown.quote == Quote(original, "Maria", "Shall we meet at <noon>?")
        assert f'href="/c/{conversation}?around=1#message-{original}"' in frame["content"]


async def test_what_is_no_reply_has_no_quote(factory: Factory, connect: Connect) -> None:
    maria, _, conversation = await factory.pair()
    sent = await (await connect(maria)).send(conversation, "Hello")
    assert "quote" not in sent["content"]


async def test_a_repeat_is_answered_with_the_quote_that_was_stored(factory: Factory, connect: Connect) -> None:
    maria, _, conversation = await factory.pair()
    hers = await connect(maria)
    one = (await hers.send(conversation, "one"))["message_id"]
    other = (await hers.send(conversation, "other"))["message_id"]
    client = client_id()

    first = await hers.send(conversation, "reply", client, reply_to=one)
    for again in (one, other, None, uuid4()):
        repeated = await hers.send(conversation, "reply", client, reply_to=again)
        assert (repeated["duplicate"], repeated["message_id"]) == (True, first["message_id"])
        assert messages_on(repeated["content"]) == messages_on(first["content"])


async def test_who_was_removed_is_confirmed_what_they_sent_and_told_nothing_of_what_others_did(
    factory: Factory, connect: Connect, pool: Pool
) -> None:
    owner, member = await factory.user("owner"), await factory.user("member")
    room = await factory.room(owner, member, visibility="private")
    hers, his = await connect(owner), await connect(member)
    original = (await hers.send(room, "public knowledge"))["message_id"]
    client = client_id()
    reply = await his.send(room, "I see", client, reply_to=original)
    assert messages_on(reply["content"])[0].quote is not None
    await pool.execute("delete from members where user_id = $1", member)
    await hers.change("message:edit", original, content="only for those who are in")
    await hers.change("reaction:add", reply["message_id"], emoji="🙈")

    again = await his.send(room, "I see", client)

    assert (again["duplicate"], again["message_id"]) == (True, reply["message_id"])
    [shown] = messages_on(again["content"])
    assert (shown.html, shown.quote, shown.reactions) == ("<p>I see</p>", None, ())


async def test_a_message_of_elsewhere_is_refused_as_one_that_never_was(
    factory: Factory, connect: Connect, pool: Pool
) -> None:
    maria, noah, conversation = await factory.pair()
    carla = await factory.user()
    others = await factory.direct(noah, carla)
    hers, his = await connect(maria), await connect(noah)
    elsewhere = [
        uuid4(),
        UUID((await his.send(others, "a secret"))["message_id"]),
        UUID((await hers.send(await factory.group(maria, noah), "in her own other conversation"))["message_id"]),
    ]
    here = (await hers.send(conversation, "here"))["message_id"]
    assert (await hers.send(conversation, "fine", reply_to=here))["type"] == "message:sent"

    refusals = [await hers.send(conversation, "reply", reply_to=message) for message in elsewhere]

    assert {refusal["code"] for refusal in refusals} == {"VALIDATION_ERROR"}
    assert len({refusal["message"] for refusal in refusals}) == 1
    assert not any(refusal["retryable"] for refusal in refusals)
    assert [message.seq for message in await stored_messages(pool, conversation)] == [1, 2]


async def test_one_bad_reply_in_a_batch_doesnt_hold_up_its_neighbours(factory: Factory, connect: Connect) -> None:
    maria, _, conversation = await factory.pair()
    hers = await connect(maria)
    for number in range(9):
        await hers.say(
            "message:send",
            conversation_id=conversation,
            client_message_id=client_id(),
            content=str(number),
            reply_to=uuid4() if number % 3 == 0 else None,
        )
    await hers.wait_until(lambda: len(hers.frames) == 10)

    kinds = [frame["type"] for frame in hers.frames[1:]]
    assert kinds == ["message:error", "message:sent", "message:sent"] * 3
    assert [content for _, _, content in await factory.history(conversation)] == ["1", "2", "4", "5", "7", "8"]


async def test_what_was_deleted_can_be_replied_to_and_says_nothing_in_the_quote(
    factory: Factory, connect: Connect
) -> None:
    maria, _, conversation = await factory.pair()
    hers = await connect(maria)
    original = (await hers.send(conversation, "never mind"))["message_id"]
    await hers.change("message:delete", original)

    sent = await hers.send(conversation, "what was that?", reply_to=original)

    [shown] = messages_on(sent["content"])
    assert shown.quote == Quote(original, "Ada", "Message deleted")
    assert "never mind" not in sent["content"]


async def test_a_quote_holds_the_beginning_of_what_the_original_says_now(factory: Factory, connect: Connect) -> None:
    maria, noah, conversation = await factory.pair()
    hers, his = await connect(maria), await connect(noah)
    original = (await hers.send(conversation, "first"))["message_id"]
    await his.send(conversation, "reply", reply_to=original)
    await hers.change("message:edit", original, content="second " * 100)

    await his.say("conversation:sync", conversation_id=conversation, after_revision=0)
    synced = await his.expect("conversation:synced")

    reply, edited = messages_on(synced["content"])
    assert reply.quote is not None
    assert reply.quote.text == edited.preview == f"{('second ' * 17).strip()}…"


async def test_the_form_can_reply_too(composer: Composer, pool: Pool) -> None:
    original = json.loads((await composer.send("first")).text)["message_id"]

    async def post(reply_to: str) -> int:
        fields = {
            "csrf": composer.csrf,
            "client_message_id": str(client_id()),
            "content": "by form",
            "reply_to": reply_to,
        }
        return (await composer.browser.post(composer.path, fields, Accept="application/json")).status

    assert await post(original) == 201
    assert await post("") == 201
    assert await post(str(uuid4())) == 422
    assert await post("no id") == 422
    stored = await stored_messages(pool, composer.conversation)
    assert [message.quote and message.quote.id for message in stored] == [None, original, None]


@pytest.mark.parametrize("reply_to", ["", "x", 7, [], {}])
async def test_what_is_no_id_is_refused_and_the_message_named(
    factory: Factory, connect: Connect, reply_to: object
) -> None:
    maria, _, conversation = await factory.pair()
    hers = await connect(maria)
    client = client_id()
    await hers.say(
        "message:send", conversation_id=conversation, client_message_id=client, content="x", reply_to=reply_to
    )
    refusal = await hers.expect("message:error", client_message_id=client)
    assert refusal["code"] == "VALIDATION_ERROR"


async def test_who_repeats_a_reply_after_leaving_learns_nothing_of_what_others_made_of_it_since(
    factory: Factory, connect: Connect, pool: Pool
) -> None:
    maria, noah, carla = await factory.user(), await factory.user(), await factory.user()
    conversation = await factory.group(maria, noah, carla)
    hers, his = await connect(maria), await connect(noah)
    original = (await hers.send(conversation, "meet at noon"))["message_id"]
    client = client_id()
    sent = await his.send(conversation, "fine", client, reply_to=original)
    await pool.execute("delete from members where user_id = $1", noah)
    await hers.change("message:edit", original, content="meet at one, and don't tell him")
    await hers.change("reaction:add", UUID(sent["message_id"]), emoji="🤐")

    frame = await his.send(conversation, "fine", client)

    assert (frame["type"], frame["duplicate"], frame["message_id"]) == ("message:sent", True, sent["message_id"])
    program = Program(his.url, await make_token(pool, noah))
    answer = await program.post(f"/conversations/{conversation}/messages", content="fine", client_message_id=client)
    await program.http.close()
    assert (answer.status, answer.json["content"]) == (200, "fine")
    assert (answer.json["reply_to"], answer.json["reactions"]) == (None, [])
    assert "don't tell him" not in str(frame)
    assert "🤐" not in str(frame)
