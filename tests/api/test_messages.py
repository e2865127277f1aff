"""Messages over the API: sent once, edited, deleted, reacted to, read."""

import asyncio
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import MakeProgram
from tests.factory import Factory
from tests.program import Answer, Program, each
from tests.servers import Serve

# In an address.
THUMB = "%F0%9F%91%8D"


async def say(program: Program, conversation_id: UUID, content: str = "Hello", client: UUID | None = None) -> Answer:
    """Send a message."""
    return await program.post(
        f"/conversations/{conversation_id}/messages", content=content, client_message_id=client or uuid4()
    )


async def test_a_message_that_is_sent_again_is_the_one_that_was_stored(program: MakeProgram, factory: Factory) -> None:
    ada, _, conversation = await factory.pair()
    of_ada, client = await program(ada), uuid4()
    first = await say(of_ada, conversation, "Hello", client)
    again = await say(of_ada, conversation, "Something else", client)
    assert (first.status, again.status) == (201, 200)
    assert first.json["status"] == "sent"
    assert again.json == first.json
    assert await factory.history(conversation) == [(1, ada, "Hello")]


async def test_sent_many_times_at_once_it_is_stored_once(program: MakeProgram, factory: Factory) -> None:
    ada, _, conversation = await factory.pair()
    of_ada, client = await program(ada), uuid4()
    answers = await asyncio.gather(*(say(of_ada, conversation, "Hello", client) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    assert len({answer.body for answer in answers}) == 1
    assert await factory.history(conversation) == [(1, ada, "Hello")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "needs some text"),
        (" \n\u200b ", "needs some text"),
        ("x" * 4001, "1 character too long"),
        ("a\0b", "not text"),
    ],
)
async def test_what_is_no_message_is_refused_and_the_field_named(
    program: MakeProgram, factory: Factory, content: str, said: str
) -> None:
    ada, _, conversation = await factory.pair()
    of_ada = await program(ada)
    answer = await say(of_ada, conversation, content)
    assert answer.refusal == (422, "VALIDATION_ERROR")
    assert said in answer.json["error"]["details"]["content"]
    assert (await say(of_ada, conversation, " x" * 2000)).json["content"] == "x" + " x" * 1999


async def test_a_reply_is_to_a_message_of_the_same_conversation(program: MakeProgram, factory: Factory) -> None:
    ada, bo, conversation = await factory.pair()
    of_ada = await program(ada)
    elsewhere = (await say(of_ada, await factory.group(ada, bo))).json["id"]
    for wrong in (elsewhere, str(uuid4())):
        answer = await of_ada.post(
            f"/conversations/{conversation}/messages", content="Yes", client_message_id=uuid4(), reply_to=wrong
        )
        assert answer.refusal == (422, "VALIDATION_ERROR")


async def test_an_edit_keeps_what_was_said_before(program: MakeProgram, factory: Factory) -> None:
    ada, bo, conversation = await factory.pair()
    of_ada, of_bo = await program(ada), await program(bo)
    message = (await say(of_ada, conversation, "Helo")).json
    edited = (await of_ada.patch(f"/messages/{message['id']}", content="Hello")).json
    assert (edited["content"], edited["seq"], edited["revision"]) == ("Hello", 1, 2)
    assert edited["edited_at"] is not None
    again = (await of_ada.patch(f"/messages/{message['id']}", content="Hello")).json
    assert again == edited
    edits = (await of_bo.get(f"/messages/{message['id']}/edits")).json
    assert (each(edits["items"], "content"), edits["has_more"], edits["next_cursor"]) == (["Helo"], False, None)
    assert (await of_bo.patch(f"/messages/{message['id']}", content="Mine")).refusal == (403, "FORBIDDEN")
    assert (await of_ada.patch(f"/messages/{message['id']}", content="")).refusal == (422, "VALIDATION_ERROR")


async def test_what_was_deleted_leaves_its_place(program: MakeProgram, factory: Factory) -> None:
    ada, bo, conversation = await factory.pair()
    of_ada, of_bo = await program(ada), await program(bo)
    message = (await say(of_ada, conversation, "A secret")).json
    assert (await of_bo.delete(f"/messages/{message['id']}")).refusal == (403, "FORBIDDEN")
    gone = await of_ada.delete(f"/messages/{message['id']}")
    assert gone.status == 200
    assert (gone.json["content"], gone.json["seq"], gone.json["revision"]) == ("", 1, 2)
    assert gone.json["deleted_at"] is not None
    assert (await of_ada.delete(f"/messages/{message['id']}")).json == gone.json
    assert (await of_bo.get(f"/messages/{message['id']}")).json["content"] == ""
    assert (await of_ada.patch(f"/messages/{message['id']}", content="Back")).refusal == (409, "CONFLICT")
    assert (await of_ada.put(f"/messages/{message['id']}/reactions/{THUMB}")).refusal == (409, "CONFLICT")


async def test_each_person_has_each_emoji_once(program: MakeProgram, factory: Factory) -> None:
    ada, bo, conversation = await factory.pair()
    of_ada, of_bo = await program(ada), await program(bo)
    path = f"/messages/{(await say(of_ada, conversation)).json['id']}/reactions"
    for program_ in (of_bo, of_bo):
        assert (await program_.put(f"{path}/%E2%9D%A4%EF%B8%8F")).status == 200
    answer = await of_ada.put(f"{path}/%E2%9D%A4%EF%B8%8F")
    assert answer.json["reactions"] == [{"emoji": "❤️", "count": 2, "user_ids": [str(bo), str(ada)]}]
    # The black heart is the red one, written without the mark that colours it.
    for _ in range(2):
        answer = await of_bo.delete(f"{path}/%E2%9D%A4")
        assert answer.json["reactions"] == [{"emoji": "❤️", "count": 1, "user_ids": [str(ada)]}]
    for wrong in ("a", "%F0%9F%91%8D%F0%9F%91%8D", "%20", "<b>", "%2F"):
        assert (await of_bo.put(f"{path}/{wrong}")).refusal == (422, "VALIDATION_ERROR")


async def test_a_message_is_for_those_who_are_where_it_stands(program: MakeProgram, factory: Factory) -> None:
    ada, _, direct = await factory.pair()
    of_ada, of_cy = await program(ada), await program(await factory.user("cy"))
    secret = (await say(of_ada, direct)).json["id"]
    public = (await say(of_ada, await factory.room(ada))).json["id"]
    for message, refusal in (
        (secret, (404, "NOT_FOUND")),
        (public, (403, "NOT_IN_CONVERSATION")),
        (str(uuid4()), (404, "NOT_FOUND")),
        ("nothing", (404, "NOT_FOUND")),
    ):
        for answer in (
            await of_cy.get(f"/messages/{message}"),
            await of_cy.get(f"/messages/{message}/edits"),
            await of_cy.patch(f"/messages/{message}", content="Mine"),
            await of_cy.delete(f"/messages/{message}"),
            await of_cy.put(f"/messages/{message}/reactions/{THUMB}"),
            await of_cy.delete(f"/messages/{message}/reactions/{THUMB}"),
        ):
            assert answer.refusal == refusal


async def test_the_read_mark_moves_forward_only(program: MakeProgram, factory: Factory) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "One of ten", factory.later()) for _ in range(10)])
    of_bo = await program(bo)
    path = f"/conversations/{conversation}/read"
    for up_to, read, unread in ((0, 0, 10), (4, 4, 6), (2, 4, 6), (2**53, 10, 0), (9, 10, 0)):
        answer = await of_bo.post(path, up_to_seq=up_to)
        assert (answer.status, answer.json) == (200, {"read_up_to": read, "unread": unread})
    for wrong in (-1, 2**53 + 1, "4", 4.5, None, True):
        assert (await of_bo.post(path, up_to_seq=wrong)).refusal == (422, "VALIDATION_ERROR")
    of_cy = await program(await factory.user("cy"))
    assert (await of_cy.post(path, up_to_seq=1)).refusal == (404, "NOT_FOUND")
    room = await factory.room(ada)
    refused = await of_cy.post(f"/conversations/{room}/read", up_to_seq=1)
    assert refused.refusal == (403, "NOT_IN_CONVERSATION")


async def test_whoever_is_too_fast_is_told_when_to_come_back(
    program: MakeProgram, factory: Factory, serve: Serve
) -> None:
    ada, _, conversation = await factory.pair()
    url = await serve(send_limit_per_minute=6, send_burst=2, history_limit_per_minute=1, search_limit_per_minute=1)
    of_ada = await program(ada, address=url)
    sent = [await say(of_ada, conversation) for _ in range(3)]
    assert [answer.status for answer in sent] == [201, 201, 429]
    assert sent[2].code == "RATE_LIMITED"
    assert 0 < sent[2].json["error"]["retry_after"] <= 10
    assert 1 <= int(sent[2].headers["Retry-After"]) <= 10
    for path in (f"/conversations/{conversation}/messages", "/users/search"):
        first, second = await of_ada.get(path), await of_ada.get(path)
        assert (first.status, first.headers["X-RateLimit-Remaining"]) == (200, "0")
        assert second.refusal == (429, "RATE_LIMITED")
    for path in ("/rooms", f"/conversations/{conversation}/members"):
        assert (await of_ada.get(path)).status == 200
        assert (await of_ada.get(path, q="any")).refusal == (429, "RATE_LIMITED")
