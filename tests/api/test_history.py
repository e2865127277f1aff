"""History over the API: every message once, in its order, from either end."""

import asyncio
from itertools import chain
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import MakeProgram
from tests.factory import Factory
from tests.program import each

MESSAGES = 25


async def filled(factory: Factory, conversation_id: UUID, *people: UUID) -> None:
    """The first messages of a conversation, said in turns."""
    turns = [people[number % len(people)] for number in range(MESSAGES)]
    await factory.say(conversation_id, [(person, f"{person} says", factory.later()) for person in turns])


async def test_a_message_is_told_with_all_that_there_is_to_know(program: MakeProgram, factory: Factory) -> None:
    ada, bo, conversation = await factory.pair()
    of_ada, of_bo = await program(ada), await program(bo)
    first = (
        await of_ada.post(f"/conversations/{conversation}/messages", content="Hello", client_message_id=uuid4())
    ).json
    client = uuid4()
    reply = (
        await of_ada.post(
            f"/conversations/{conversation}/messages",
            content=" *Well*? ",
            client_message_id=client,
            reply_to=first["id"],
        )
    ).json
    await of_bo.put(f"/messages/{reply['id']}/reactions/%F0%9F%91%8D")

    shown = (await of_bo.get(f"/conversations/{conversation}/messages")).json["items"][-1]
    sender = {"id": str(ada), "username": "ada", "display_name": "Ada", "role": "member", "avatar_url": None}
    quote = {"id": first["id"], "seq": 1, "revision": 1, "sender": sender, "content": "Hello", "deleted_at": None}
    assert shown == {
        "id": reply["id"],
        "conversation_id": str(conversation),
        "seq": 2,
        "revision": 3,
        "sender": sender,
        "client_message_id": str(client),
        "content": "*Well*?",
        "content_type": "text",
        "continues": True,
        "created_at": reply["created_at"],
        "edited_at": None,
        "deleted_at": None,
        "reply_to": quote,
        "reactions": [{"emoji": "👍", "count": 1, "user_ids": [str(bo)]}],
        "attachments": [],
    }
    assert shown["created_at"].endswith("Z")
    assert (await of_ada.get(f"/messages/{reply['id']}")).json == shown | {"status": "sent"}


async def test_the_newest_come_first_and_the_cursor_leads_to_the_beginning(
    program: MakeProgram, factory: Factory
) -> None:
    ada, bo, conversation = await factory.pair()
    await filled(factory, conversation, ada, bo)
    of_ada = await program(ada)
    pages = await of_ada.pages(f"/conversations/{conversation}/messages", limit=7)
    assert [each(page, "seq") for page in pages] == [
        list(range(19, 26)),
        list(range(12, 19)),
        list(range(5, 12)),
        list(range(1, 5)),
    ]


async def test_what_follows_a_message_is_read_to_the_end(program: MakeProgram, factory: Factory) -> None:
    ada, bo, conversation = await factory.pair()
    await filled(factory, conversation, ada, bo)
    of_ada = await program(ada)
    pages = await of_ada.pages(f"/conversations/{conversation}/messages", limit=10, after=3)
    assert [each(page, "seq") for page in pages] == [list(range(4, 14)), list(range(14, 24)), [24, 25]]
    for beyond in (25, 26, 2**53):
        page = (await of_ada.get(f"/conversations/{conversation}/messages", after=beyond)).json
        assert page == {"items": [], "next_cursor": None, "has_more": False}


@pytest.mark.parametrize(
    ("around", "limit", "found"),
    [
        (12, 5, [10, 11, 12, 13, 14]),
        (12, 4, [10, 11, 12, 13]),
        (12, 1, [12]),
        (1, 5, [1, 2, 3, 4, 5]),
        (2, 4, [1, 2, 3, 4]),
        (25, 6, [22, 23, 24, 25]),
        (999, 6, [23, 24, 25]),
        (0, 3, [1, 2, 3]),
    ],
)
async def test_a_message_is_shown_among_its_neighbours(
    program: MakeProgram, factory: Factory, around: int, limit: int, found: list[int]
) -> None:
    ada, bo, conversation = await factory.pair()
    await filled(factory, conversation, ada, bo)
    of_ada = await program(ada)
    path = f"/conversations/{conversation}/messages"
    page = (await of_ada.get(path, around=around, limit=limit)).json
    assert each(page["items"], "seq") == found
    assert page["has_more"] == (found[0] > 1)
    older = await of_ada.pages(path, around=around, limit=limit)
    newer = await of_ada.pages(path, after=found[-1], limit=limit)
    everything = sorted(each(chain(*older, *newer), "seq"))
    assert everything == list(range(1, MESSAGES + 1))


async def test_nothing_is_missed_or_told_twice_while_others_write(program: MakeProgram, factory: Factory) -> None:
    ada, bo, conversation = await factory.pair()
    await filled(factory, conversation, ada, bo)
    of_ada, of_bo = await program(ada), await program(bo)
    path = f"/conversations/{conversation}/messages"
    done = asyncio.Event()

    async def write() -> int:
        written = MESSAGES
        while not done.is_set():
            answer = await of_bo.post(path, content="And another", client_message_id=uuid4())
            assert answer.status == 201
            written = answer.json["seq"]
        return written

    writing = asyncio.create_task(write())
    older = each(chain(*reversed(await of_ada.pages(path, limit=3))), "seq")
    assert older == list(range(1, older[-1] + 1))
    done.set()
    last = await writing
    assert last > MESSAGES
    newer = each(chain(*await of_ada.pages(path, after=older[-1], limit=3)), "seq")
    assert newer == list(range(older[-1] + 1, last + 1))


async def test_fifty_are_told_where_nobody_says_how_many(program: MakeProgram, factory: Factory) -> None:
    ada, _, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "One of many", factory.later()) for _ in range(101)])
    of_ada = await program(ada)
    path = f"/conversations/{conversation}/messages"
    assert len((await of_ada.get(path)).json["items"]) == 50
    assert len((await of_ada.get(path, limit=100)).json["items"]) == 100
    for limit in ("0", "101", "-1", "9" * 30, "ten", "", "1e9", "null", "true"):
        answer = await of_ada.get(path, limit=limit)
        assert answer.refusal == (422, "VALIDATION_ERROR"), limit
        assert list(answer.json["error"]["details"]) == ["limit"]


@pytest.mark.parametrize("wrong", [{"after": "-1"}, {"around": str(2**53 + 1)}, {"after": "1", "around": "2"}])
async def test_only_one_place_can_be_asked_for(program: MakeProgram, factory: Factory, wrong: dict[str, str]) -> None:
    ada, _, conversation = await factory.pair()
    of_ada = await program(ada)
    path = f"/conversations/{conversation}/messages"
    assert (await of_ada.get(path, after="1")).status == 200
    assert (await of_ada.get(path, **wrong)).refusal == (422, "VALIDATION_ERROR")


async def test_history_is_for_those_who_are_in(program: MakeProgram, factory: Factory) -> None:
    ada, _, direct = await factory.pair()
    room, empty = await factory.room(ada), await factory.group(ada)
    await factory.say(direct, [(ada, "A secret", factory.later())])
    await factory.say(room, [(ada, "For those who have joined", factory.later())])
    of_ada, of_cy = await program(ada), await program(await factory.user("cy"))
    for conversation, count in ((direct, 1), (room, 1), (empty, 0)):
        answer = await of_ada.get(f"/conversations/{conversation}/messages")
        assert (answer.status, len(answer.json["items"])) == (200, count)
    for conversation, refusal in (
        (direct, (404, "NOT_FOUND")),
        (empty, (404, "NOT_FOUND")),
        (room, (403, "NOT_IN_CONVERSATION")),
        (uuid4(), (404, "NOT_FOUND")),
    ):
        assert (await of_cy.get(f"/conversations/{conversation}/messages")).refusal == refusal
        assert (await of_cy.get(f"/conversations/{conversation}/messages", around=1)).refusal == refusal
    assert (await of_ada.delete(f"/conversations/{room}")).status == 204
    assert (await of_ada.get(f"/conversations/{room}/messages")).refusal == (404, "NOT_FOUND")
