"""How far a message has come, as the API tells its sender."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from chat.db import Pool
from chat.settings import Settings
from tests.api.conftest import MakeProgram
from tests.factory import Factory
from tests.messages.costs import counted, explain, is_large
from tests.program import Program, each, make_token
from tests.servers import Serve


async def statuses(program: Program, conversation: UUID) -> list[Any]:
    """Of each message, in every place where it is told."""
    items = (await program.get(f"/conversations/{conversation}/messages")).json["items"]
    assert [(await program.get(f"/messages/{item['id']}")).json for item in items] == items
    shown = (await program.get(f"/conversations/{conversation}")).json
    assert shown["last_message"] == items[-1]
    assert (await program.get("/conversations")).json["items"][0] == shown
    return [item.get("status") for item in items]


async def say_three(factory: Factory, conversation: UUID, sender: UUID) -> None:
    await factory.say(conversation, [(sender, text, factory.later()) for text in ("One", "Two", "Three")])


async def set_marks(pool: Pool, conversation: UUID, user_id: UUID, *, delivered: int, read: int) -> None:
    await pool.execute(
        "update members set delivered_up_to_seq = $3, read_up_to_seq = $4 where conversation_id = $1 and user_id = $2",
        conversation,
        user_id,
        delivered,
        read,
    )


async def test_a_message_is_sent_then_delivered_then_read(pool: Pool, factory: Factory, program: MakeProgram) -> None:
    ada, bo, conversation = await factory.pair()
    await say_three(factory, conversation, ada)
    of_ada, of_bo = await program(ada), await program(bo)
    assert await statuses(of_ada, conversation) == ["sent"] * 3

    await set_marks(pool, conversation, bo, delivered=2, read=1)

    assert await statuses(of_ada, conversation) == ["read", "delivered", "sent"]
    # Nobody else is told.
    assert await statuses(of_bo, conversation) == [None] * 3


async def test_what_is_sent_again_or_changed_says_how_far_it_has_come(
    pool: Pool, factory: Factory, program: MakeProgram
) -> None:
    ada, bo, conversation = await factory.pair()
    of_ada = await program(ada)
    message = {"content": "Hello", "client_message_id": uuid4()}
    sent = await of_ada.post(f"/conversations/{conversation}/messages", **message)
    assert (sent.status, sent.json["status"]) == (201, "sent")
    await set_marks(pool, conversation, bo, delivered=1, read=1)

    again = await of_ada.post(f"/conversations/{conversation}/messages", **message)
    edited = await of_ada.patch(f"/messages/{sent.json['id']}", content="Hello!")

    assert (again.status, again.json["status"], edited.json["status"]) == (200, "read", "read")


@pytest.mark.parametrize("hiding", ["the reader", "the writer", "the reader here", "the writer here"])
async def test_what_is_not_shared_counts_as_delivered(
    pool: Pool, factory: Factory, program: MakeProgram, hiding: str
) -> None:
    ada, bo, conversation = await factory.pair()
    await say_three(factory, conversation, ada)
    await set_marks(pool, conversation, bo, delivered=3, read=2)
    whose = bo if "reader" in hiding else ada
    if hiding.endswith("here"):
        await pool.execute("update members set read_receipts_enabled = false where user_id = $1", whose)
    else:
        await pool.execute("update users set read_receipts_enabled = false where id = $1", whose)

    assert await statuses(await program(ada), conversation) == ["delivered"] * 3


async def test_of_people_who_are_blocked_nothing_is_told(pool: Pool, factory: Factory, program: MakeProgram) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await say_three(factory, group, ada)
    await set_marks(pool, group, bo, delivered=3, read=3)
    await set_marks(pool, group, cy, delivered=2, read=1)
    of_ada = await program(ada)
    assert await statuses(of_ada, group) == ["read"] * 3

    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", bo, ada)

    assert await statuses(of_ada, group) == ["read", "delivered", "sent"]


async def test_who_came_later_is_no_recipient(factory: Factory, program: MakeProgram) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo)
    await say_three(factory, group, ada)
    of_ada, of_cy = await program(ada), await program(cy)

    assert (await of_ada.post(f"/conversations/{group}/members", user_ids=[cy])).status == 200
    assert (await statuses(of_ada, group))[:3] == ["sent"] * 3
    await of_cy.post(f"/conversations/{group}/read", up_to_seq=4)
    assert (await statuses(of_ada, group))[:3] == ["sent"] * 3


async def test_what_waits_in_redis_counts(pool: Pool, factory: Factory, serve: Serve, program: MakeProgram) -> None:
    url = await serve(receipts_direct_max=2)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await say_three(factory, group, ada)
    of_ada, of_bo = await program(ada, address=url), await program(bo, address=url)

    await of_bo.post(f"/conversations/{group}/read", up_to_seq=2)

    assert await pool.fetchval("select max(delivered_up_to_seq) from members") == 0
    assert await statuses(of_ada, group) == ["read", "read", "sent"]


async def test_it_costs_one_query_where_something_is_ones_own(settings: Settings, pool: Pool, factory: Factory) -> None:
    """And that looks at the members, however many messages there are."""
    people = [await factory.user() for _ in range(200)]
    room = await factory.room(*people)
    await factory.say(room, [(people[0], str(number), factory.later()) for number in range(1_000)])
    other = await factory.direct(people[1], people[0])
    await factory.say(other, [(people[0], "Hello", factory.later())])
    await pool.execute("analyze")
    async with counted(settings) as product:
        programs = [Program(product.url, await make_token(pool, person)) for person in people[:2]]
        for program in programs:
            await program.get("/users/me")
        product.statements.clear()
        answer = await programs[0].get(f"/conversations/{room}/messages", limit=100)
        assert each(answer.json["items"], "status") == ["sent"] * 100
        await programs[1].get(f"/conversations/{room}/messages", limit=100)
        (reach,) = [statement for statement in product.statements if "joined_seq" in statement[0]]
        # In a list all that are there are looked up together.
        answer = await programs[0].get("/conversations")
        assert [item["last_message"]["status"] for item in answer.json["items"]] == ["sent", "sent"]
        assert len([query for query, _ in product.statements if "joined_seq" in query]) == 2
        for program in programs:
            await program.http.close()
    async with pool.acquire() as connection:
        nodes = await explain(connection, *reach)
    assert [node for node in nodes if node.get("Relation Name") == "messages"] == []
    assert [node for node in nodes if node["Node Type"] == "Seq Scan" and is_large(node)] == []
