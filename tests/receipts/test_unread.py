"""What is unread: the same wherever it is said, whether what was read is stored yet or waits in Redis, and as people
have marked it."""

import re
from uuid import UUID, uuid4

import pytest

from chat.db import Pool
from tests.api.conftest import MakeProgram
from tests.device import Connect, Device
from tests.factory import Factory
from tests.json_device import JsonDevice
from tests.plain_browser import Browser
from tests.servers import Serve
from tests.workers.conftest import Flush


async def three_messages(factory: Factory, conversation: UUID, sender: UUID) -> None:
    await factory.say(conversation, [(sender, text, factory.later()) for text in ("One", "Two", "Three")])


async def page_of(device: Device, path: str) -> str:
    async with device.http.get(device.url + path) as answer:
        assert answer.status == 200
        return await answer.text()


def row_in(page: str, conversation: UUID) -> tuple[str, int]:
    """How far the row of the list says that was read, and its badge."""
    found = re.search(
        rf'id="conversation-{conversation}".*?data-read-up-to="(\d+)".*?badge-count">(\d+)', page, re.DOTALL
    )
    assert found is not None
    return found[1], int(found[2])


async def test_what_waits_in_redis_counts_as_read_everywhere(
    pool: Pool, factory: Factory, connect: Connect, serve: Serve, program: MakeProgram, flush_now: Flush
) -> None:
    url = await serve(receipts_direct_max=2)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await three_messages(factory, group, ada)
    await pool.executemany(
        "insert into mentions (conversation_id, seq, user_id) values ($1, $2, $3)", [(group, 1, bo), (group, 3, bo)]
    )
    his, of_bo = await connect(bo, url), await program(bo, address=url)
    listening = await JsonDevice.connect(url, pool, bo)

    await his.say("receipt:read", conversation_id=group, up_to_seq=2)
    updated = await listening.expect("conversation:updated")
    await listening.close()

    assert await pool.fetchval("select max(read_up_to_seq) from members") == 0
    shown = (await of_bo.get(f"/conversations/{group}")).json
    assert updated["conversation"] == shown
    assert [shown[name] for name in ("unread", "mentions", "read_up_to", "delivered_up_to")] == [1, 1, 2, 2]
    assert (await of_bo.get("/conversations")).json["items"] == [shown]
    assert (await of_bo.post(f"/conversations/{group}/read", up_to_seq=1)).json == {"read_up_to": 2, "unread": 1}
    subscribed = await his.watch(group)
    assert (subscribed["read_up_to"], subscribed["unread"]) == (2, 1)
    page = await page_of(his, f"/c/{group}")
    assert row_in(page, group) == ("2", 1)
    assert row_in(await page_of(his, f"/c/{group}/row"), group) == ("2", 1)
    assert re.search(r'class="new-line".*?data-seq="(\d+)"', page, re.DOTALL)[1] == "3"  # type: ignore[index]

    await flush_now()
    assert await pool.fetchval("select max(read_up_to_seq) from members") == 2
    assert (await of_bo.get(f"/conversations/{group}")).json == shown


async def test_programs_of_several_people_are_told_each_their_own(
    pool: Pool, factory: Factory, connect: Connect, serve: Serve, program: MakeProgram
) -> None:
    url = await serve(receipts_direct_max=2)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await three_messages(factory, group, ada)
    for person, seq in ((bo, 2), (cy, 3)):
        await (await program(person, address=url)).post(f"/conversations/{group}/read", up_to_seq=seq)
    listening = [await JsonDevice.connect(url, pool, person) for person in (bo, cy)]

    await (await connect(ada, url)).send(group, "Four")

    told = [await device.expect("conversation:updated") for device in listening]
    for device in listening:
        await device.close()
    assert [one["conversation"]["unread"] for one in told] == [2, 1]


async def test_without_redis_it_is_stored_at_once(
    pool: Pool, factory: Factory, serve: Serve, program: MakeProgram
) -> None:
    url = await serve(receipts_direct_max=2, redis_url="redis://127.0.0.1:1")
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await three_messages(factory, group, ada)
    of_bo = await program(bo, address=url)

    assert (await of_bo.post(f"/conversations/{group}/read", up_to_seq=2)).json == {"read_up_to": 2, "unread": 1}

    assert (await of_bo.get(f"/conversations/{group}")).json["unread"] == 1
    assert await pool.fetchval("select max(read_up_to_seq) from members") == 2


@pytest.mark.parametrize("direct_max", [2, 10])
async def test_a_person_marks_messages_as_unread_and_nobody_else_knows(
    factory: Factory, connect: Connect, serve: Serve, program: MakeProgram, direct_max: int
) -> None:
    url = await serve(receipts_direct_max=direct_max)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await three_messages(factory, group, ada)
    hers, his, of_bo = await connect(ada, url), await connect(bo, url), await program(bo, address=url)
    for device in (hers, his):
        await device.watch(group)
    await of_bo.post(f"/conversations/{group}/read", up_to_seq=3)
    await his.expect("receipt:updated", user_id=bo, read_up_to=3, unread_from=None)

    for _ in range(2):
        marked = await of_bo.post(f"/conversations/{group}/unread", from_seq=2)
        assert (marked.status, marked.json) == (200, {"read_up_to": 3, "unread": 2})
    await his.expect("receipt:updated", user_id=bo, read_up_to=3, unread_from=2)

    shown = (await of_bo.get(f"/conversations/{group}")).json
    assert (shown["read_up_to"], shown["unread"], shown["unread_from"]) == (3, 2, 2)
    subscribed = await his.watch(group)
    assert (subscribed["read_up_to"], subscribed["unread"], subscribed["unread_from"]) == (3, 2, 2)
    page = await page_of(his, f"/c/{group}")
    assert page.count('data-unread-from="2"') == 2
    assert re.search(r'class="new-line".*?data-seq="(\d+)"', page, re.DOTALL)[1] == "2"  # type: ignore[index]

    # Less than that leaves it, and so much takes it away.
    assert (await of_bo.post(f"/conversations/{group}/read", up_to_seq=1)).json["unread"] == 2
    assert (await of_bo.post(f"/conversations/{group}/read", up_to_seq=2)).json == {"read_up_to": 3, "unread": 0}
    await his.expect("receipt:updated", since=len(his.frames) - 1, user_id=bo, read_up_to=3, unread_from=None)
    await hers.send(group, "Four")
    told = [frame for frame in hers.frames if frame["type"] == "receipt:updated" and frame["user_id"] == str(bo)]
    assert {frame["read_up_to"] for frame in told} <= {0, 3}
    assert all("unread_from" not in frame for frame in told)


async def test_what_was_read_before_it_was_marked_does_not_take_the_mark_away(
    pool: Pool, factory: Factory, serve: Serve, program: MakeProgram, flush_now: Flush
) -> None:
    url = await serve(receipts_direct_max=2)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await three_messages(factory, group, ada)
    of_bo = await program(bo, address=url)
    await of_bo.post(f"/conversations/{group}/read", up_to_seq=3)
    await of_bo.post(f"/conversations/{group}/unread", from_seq=2)

    await flush_now()

    assert await pool.fetchrow("select read_up_to_seq, unread_from_seq from members where user_id = $1", bo) == (3, 2)
    shown = (await of_bo.get(f"/conversations/{group}")).json
    assert (shown["read_up_to"], shown["unread"], shown["unread_from"]) == (3, 2, 2)


async def test_what_is_not_there_cannot_be_marked(factory: Factory, program: MakeProgram) -> None:
    ada, _, conversation = await factory.pair()
    await three_messages(factory, conversation, ada)
    of_ada, of_stranger = await program(ada), await program(await factory.user())

    for from_seq in (0, 4, 2**53):
        refused = await of_ada.post(f"/conversations/{conversation}/unread", from_seq=from_seq)
        assert refused.refusal == (422, "VALIDATION_ERROR")
    assert (await of_stranger.post(f"/conversations/{conversation}/unread", from_seq=1)).refusal == (404, "NOT_FOUND")
    # Also what one wrote oneself.
    assert (await of_ada.post(f"/conversations/{conversation}/unread", from_seq=3)).json == {
        "read_up_to": 0,
        "unread": 3,
    }


async def test_the_page_marks_as_unread_with_scripts_and_without(url: str, factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    await three_messages(factory, conversation, ada)
    await factory.read(conversation, bo, 3)
    his = await connect(bo)
    browser = Browser(url)
    browser.token = his.cookies["chat_session"]
    csrf = await his.csrf()
    path = f"/c/{conversation}/unread"

    by_script = await browser.post(path, {"csrf": csrf, "from_seq": "3"}, Accept="application/json")
    assert (by_script.status, by_script.text) == (200, '{"read_up_to":3,"unread":1}')
    plain = await browser.post(path, {"csrf": csrf, "from_seq": "2"})
    assert (plain.status, plain.location) == (303, "/")
    await his.expect("receipt:updated", unread_from=2)
    assert row_in(await page_of(his, "/"), conversation) == ("3", 2)
    for wrong in ("", "-1", "two", "99999999999999999999"):
        assert (await browser.post(path, {"csrf": csrf, "from_seq": wrong})).status == 422
    await browser.http.close()


async def test_who_writes_has_read_what_came_before(factory: Factory, connect: Connect, pool: Pool) -> None:
    ada, bo, conversation = await factory.pair()
    await three_messages(factory, conversation, ada)
    hers, his, other = await connect(ada), await connect(bo), await connect(bo)
    for device in (hers, his):
        await device.watch(conversation)

    await his.send(conversation, "Four")

    await hers.expect("receipt:updated", user_id=bo, read_up_to=4)
    await other.expect("receipt:updated", user_id=bo, read_up_to=4, unread_from=None)
    # Nothing was left to be read, so nobody is told anything.
    seen = len(hers.frames)
    await his.send(conversation, "Five")
    await hers.send(conversation, "Six")
    await his.expect("receipt:updated", user_id=ada, read_up_to=6)
    assert [frame["type"] for frame in hers.frames[seen:] if frame["type"] == "receipt:updated"] == ["receipt:updated"]
    assert await pool.fetch("select up_to_seq from read_events where user_id = $1", bo) == [(4,)]


async def test_who_writes_in_a_larger_conversation_is_counted_among_the_readers(
    factory: Factory, connect: Connect, serve: Serve
) -> None:
    url = await serve(receipts_direct_max=2)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await three_messages(factory, group, ada)
    hers, his = await connect(ada, url), await connect(bo, url)
    await hers.watch(group)
    await hers.expect("receipt:count", seq=3, count=0)

    await his.send(group, "Four")

    await hers.expect("receipt:count", seq=3, count=1, earlier=[])


async def test_who_writes_takes_the_mark_away(factory: Factory, connect: Connect, program: MakeProgram) -> None:
    ada, bo, conversation = await factory.pair()
    await three_messages(factory, conversation, ada)
    await factory.read(conversation, bo, 3)
    his, of_bo = await connect(bo), await program(bo)
    await of_bo.post(f"/conversations/{conversation}/unread", from_seq=2)
    await his.expect("receipt:updated", unread_from=2)

    await of_bo.post(f"/conversations/{conversation}/messages", content="Four", client_message_id=uuid4())

    await his.expect("receipt:updated", read_up_to=4, unread_from=None)
    assert (await of_bo.get(f"/conversations/{conversation}")).json["unread"] == 0
