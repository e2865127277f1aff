"""Who has read a message, and when; whom it has reached, and whom it hasn't: exactly, for every message."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chat.db import Pool
from chat.receipts.recipient_queries import receipts
from tests.api.conftest import MakeProgram
from tests.device import Connect, Device
from tests.factory import Factory
from tests.html import read, texts, with_class
from tests.messages.costs import explain
from tests.program import Program
from tests.receipts.test_status import say_three, set_marks
from tests.servers import Serve
from tests.workers.conftest import Flush

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def step(pool: Pool, conversation: UUID, user_id: UUID, up_to: int, *, minute: int) -> None:
    """The person has read up to here, so many minutes after noon."""
    await pool.execute(
        "insert into read_events (conversation_id, user_id, up_to_seq, read_at) values ($1, $2, $3, $4)",
        conversation,
        user_id,
        up_to,
        NOON + timedelta(minutes=minute),
    )
    await set_marks(pool, conversation, user_id, delivered=up_to, read=up_to)


async def message_ids(pool: Pool, conversation: UUID) -> list[UUID]:
    rows = await pool.fetch("select id from messages where conversation_id = $1 order by seq", conversation)
    return [row["id"] for row in rows]


async def told(program: Program, message_id: UUID, **query: object) -> dict[str, Any]:
    """By name: the status, and the minute after noon of reading."""
    answer = await program.get(f"/messages/{message_id}/receipts", **query)
    assert answer.status == 200, answer.body
    page = answer.json
    assert set(page) == {"items", "next_cursor", "has_more", "counts"}
    return {item["user"]["username"]: (item["status"], minute_of(item["read_at"])) for item in page["items"]}


def minute_of(time: str | None) -> int | None:
    return None if time is None else round((datetime.fromisoformat(time) - NOON).total_seconds() / 60)


async def test_each_message_tells_who_has_read_it_and_when(pool: Pool, factory: Factory, program: MakeProgram) -> None:
    ada, bo, cy = await factory.three()
    dee = await factory.user("dee")
    group = await factory.group(ada, bo, cy, dee)
    await say_three(factory, group, ada)
    await step(pool, group, bo, 1, minute=1)
    await step(pool, group, bo, 3, minute=5)
    await step(pool, group, cy, 2, minute=3)
    await set_marks(pool, group, cy, delivered=3, read=2)
    one, two, three = await message_ids(pool, group)
    of_ada = await program(ada)

    assert await told(of_ada, one) == {"bo": ("read", 1), "cy": ("read", 3), "dee": ("sent", None)}
    assert await told(of_ada, two) == {"bo": ("read", 5), "cy": ("read", 3), "dee": ("sent", None)}
    assert await told(of_ada, three) == {"bo": ("read", 5), "cy": ("delivered", None), "dee": ("sent", None)}
    answer = (await of_ada.get(f"/messages/{three}/receipts")).json
    assert answer["counts"] == {"read": 1, "delivered": 1, "sent": 1}
    assert answer["items"][0]["user"]["display_name"] == "Bo"
    for status, name in (("read", "bo"), ("delivered", "cy"), ("sent", "dee")):
        assert list(await told(of_ada, three, status=status)) == [name]


async def test_only_whoever_was_there_is_a_recipient(pool: Pool, factory: Factory, program: MakeProgram) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo)
    await say_three(factory, group, ada)
    of_ada, of_bo, of_cy = [await program(person) for person in (ada, bo, cy)]
    await of_ada.post(f"/conversations/{group}/members", user_ids=[cy])
    await of_cy.post(f"/conversations/{group}/read", up_to_seq=4)
    one, *_, line = await message_ids(pool, group)

    assert await told(of_ada, one) == {"bo": ("sent", None)}
    await of_bo.delete(f"/conversations/{group}/members/{bo}")
    assert await told(of_ada, one) == {}

    for program_, message_id in ((of_cy, one), (of_ada, line)):
        assert (await program_.get(f"/messages/{message_id}/receipts")).refusal == (403, "FORBIDDEN")
    assert (await of_bo.get(f"/messages/{one}/receipts")).refusal == (404, "NOT_FOUND")


@pytest.mark.parametrize("hiding", ["bo", "ada"])
async def test_what_is_not_shared_counts_as_delivered(
    pool: Pool, factory: Factory, program: MakeProgram, hiding: str
) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await say_three(factory, group, ada)
    for person in (bo, cy):
        await step(pool, group, person, 3, minute=1)
    await pool.execute("update users set read_receipts_enabled = false where username = $1", hiding)
    (one, *_) = await message_ids(pool, group)

    shown = await told(await program(ada), one)

    if hiding == "bo":
        assert shown == {"cy": ("read", 1), "bo": ("delivered", None)}
    else:
        assert shown == {"bo": ("delivered", None), "cy": ("delivered", None)}


async def test_of_people_who_are_blocked_nothing_is_told(pool: Pool, factory: Factory, program: MakeProgram) -> None:
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await say_three(factory, group, ada)
    for person in (bo, cy):
        await step(pool, group, person, 3, minute=1)
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2), ($3, $1)", ada, bo, cy)
    (one, *_) = await message_ids(pool, group)

    assert await told(await program(ada), one) == {"bo": ("sent", None), "cy": ("sent", None)}


async def test_what_waits_in_redis_counts_and_has_its_time_when_it_is_stored(
    pool: Pool, factory: Factory, serve: Serve, program: MakeProgram, flush_now: Flush
) -> None:
    url = await serve(receipts_direct_max=2)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await say_three(factory, group, ada)
    of_ada, of_bo = await program(ada, address=url), await program(bo, address=url)
    one, _, three = await message_ids(pool, group)

    await of_bo.post(f"/conversations/{group}/read", up_to_seq=2)

    assert await told(of_ada, one) == {"bo": ("read", None), "cy": ("sent", None)}
    assert await told(of_ada, three) == {"bo": ("sent", None), "cy": ("sent", None)}

    before = datetime.now(UTC)
    await flush_now()
    (of_bo_now, _) = (await of_ada.get(f"/messages/{one}/receipts")).json["items"]
    assert of_bo_now["status"] == "read"
    # When it was read, and not when it was stored.
    assert before - timedelta(minutes=1) < datetime.fromisoformat(of_bo_now["read_at"]) < before


async def test_many_recipients_come_in_pages(pool: Pool, factory: Factory, program: MakeProgram) -> None:
    ada = await factory.user("ada")
    people = [await factory.user(f"p{number:02}") for number in range(25)]
    room = await factory.room(ada, *people)
    await say_three(factory, room, ada)
    for number, person in enumerate(people):
        if number < 12:
            await step(pool, room, person, 3, minute=number)
        elif number < 20:
            await set_marks(pool, room, person, delivered=3, read=0)
    (one, *_) = await message_ids(pool, room)
    of_ada = await program(ada)

    names: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await of_ada.get(f"/messages/{one}/receipts", limit=7, **cursor)).json
        assert page["counts"] == {"read": 12, "delivered": 8, "sent": 5}
        names += [item["user"]["username"] for item in page["items"]]
        if not page["has_more"]:
            break
        assert len(page["items"]) == 7
        cursor = {"cursor": page["next_cursor"]}
    assert names == [f"p{number:02}" for number in range(25)]

    for wrong in ({"status": "seen"}, {"cursor": "nonsense"}, {"limit": 101}):
        assert (await of_ada.get(f"/messages/{one}/receipts", **wrong)).refusal == (422, "VALIDATION_ERROR")


async def get(device: Device, path: str) -> str:
    async with device.http.get(device.url + path) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_the_page_shows_who_has_read_whom_it_has_reached_and_whom_not(
    pool: Pool, factory: Factory, connect: Connect
) -> None:
    ada, bo, cy = await factory.three()
    dee = await factory.user("dee", display_name="Dee <b>")
    group = await factory.group(ada, bo, cy, dee)
    await say_three(factory, group, ada)
    await step(pool, group, bo, 3, minute=30)
    await set_marks(pool, group, cy, delivered=3, read=0)
    (one, *_) = await message_ids(pool, group)

    shown = await get(await connect(ada), f"/messages/{one}/receipts")

    sections = [
        (part.attributes["data-status"], part.attributes["data-count"]) for part in with_class(shown, "recipients")
    ]
    assert sections == [("read", "1"), ("delivered", "1"), ("sent", "1")]
    assert [element.text for element in read(shown) if element.tag == "bdi"] == ["Bo", "Cy", "Dee <b>"]
    assert [element.attributes["datetime"] for element in read(shown) if element.tag == "time"] == [
        "2026-06-01T12:30:00+00:00"
    ]


async def test_the_page_shows_more_when_that_is_asked_for(pool: Pool, factory: Factory, connect: Connect) -> None:
    ada = await factory.user("ada")
    room = await factory.room(ada, *[await factory.user(f"p{number:03}") for number in range(60)])
    await say_three(factory, room, ada)
    (one, *_) = await message_ids(pool, room)
    hers = await connect(ada)

    first = await get(hers, f"/messages/{one}/receipts")
    (button,) = [element for element in read(first) if "hx-get" in element.attributes]
    rest = await get(hers, button.attributes["hx-get"])

    names = [element.text for page in (first, rest) for element in read(page) if element.tag == "bdi"]
    assert names == [f"P{number:03}" for number in range(60)]
    assert texts(rest, "more") == []
    alone = await factory.room(ada)
    await say_three(factory, alone, ada)
    (one, *_) = await message_ids(pool, alone)
    assert texts(await get(hers, f"/messages/{one}/receipts"), "hint") == ["Nobody else was here when this was sent."]


async def test_it_costs_the_same_for_old_messages_and_new_ones(pool: Pool, factory: Factory) -> None:
    """As many rows as there are members, and one step for each who is listed, of tens of thousands."""
    people = [await factory.user() for _ in range(200)]
    room = await factory.room(*people)
    await pool.execute("update conversations set last_seq = 10000, revision = 10000 where id = $1", room)
    await pool.execute("update members set read_up_to_seq = 10000, delivered_up_to_seq = 10000")
    await pool.execute(
        """
        insert into read_events (conversation_id, user_id, up_to_seq)
        select $1, person, up_to from unnest($2::uuid[]) as person, generate_series(50, 10000, 50) as up_to
        """,
        room,
        people,
    )
    await pool.execute("analyze")
    noted: list[tuple[str, tuple[Any, ...]]] = []
    async with pool.acquire() as connection:
        with connection.query_logger(lambda record: noted.append((record.query, tuple(record.args or ())))):
            rows = await receipts(
                connection,
                conversation_id=room,
                sender_id=people[0],
                seq=1,
                rank=None,
                after=None,
                limit=51,
                direct_max=10,
                waiting={},
            )
            assert (len(rows), rows[0]["read"]) == (51, 199)
            # It is noted in the next turn of the loop.
            await connection.execute("select")
        ((query, arguments),) = [(query, arguments) for query, arguments in noted if "read_events" in query]
        for seq in (1, 5_000, 9_999):
            nodes = await explain(connection, query, (*arguments[:2], seq, *arguments[3:]))
            steps = [node for node in nodes if node.get("Relation Name") == "read_events"]
            assert [node["Node Type"] in ("Index Scan", "Index Only Scan") for node in steps] == [True]
            assert sum(node["Actual Loops"] * node["Actual Rows"] for node in steps) == 51
            assert [node for node in nodes if node.get("Relation Name") == "messages"] == []
