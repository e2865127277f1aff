"""What programs are told: whole events as JSON, each the same as the API says it."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from chat.db import Pool
from tests.device import Connect, Device
from tests.factory import Factory, client_id
from tests.json_device import JsonDevice
from tests.program import Program, make_token
from tests.realtime.conftest import ConnectJson


@pytest.fixture
async def direct(factory: Factory) -> tuple[UUID, UUID, UUID]:
    """Maria, Noah, and their conversation."""
    maria, noah = await factory.user("maria"), await factory.user("noah")
    return maria, noah, await factory.direct(maria, noah)


async def ask(url: str, pool: Pool, user_id: UUID, path: str) -> Any:
    """What the API answers this person."""
    program = Program(url, await make_token(pool, user_id))
    try:
        return (await program.get(path)).json
    finally:
        await program.http.close()
        await asyncio.sleep(0)


async def settled(device: JsonDevice, conversation: UUID, revision: int) -> dict[str, Any]:
    """The conversation as the device was told of it, as soon as that is as it was after this revision."""

    def told() -> list[dict[str, Any]]:
        views = [payload["conversation"] for payload in device.payloads("conversation:updated")]
        return [view for view in views if view["id"] == str(conversation) and view["revision"] >= revision]

    await device.wait_until(lambda: bool(told()))
    return told()[0]


async def test_a_message_is_confirmed_and_told_as_the_api_shows_it(
    url: str, pool: Pool, direct: tuple[UUID, UUID, UUID], connect_json: ConnectJson
) -> None:
    maria, noah, conversation = direct
    hers, his = await connect_json(maria), await connect_json(noah)
    await his.watch(conversation)
    client = client_id()

    sent = await hers.send(conversation, "Hello *there* <b>Noah</b>", client)
    await his.expect("message:received")

    (message,) = (await ask(url, pool, noah, f"/conversations/{conversation}/messages"))["items"]
    assert hers.payloads("message:sent") == [
        {
            "client_message_id": str(client),
            "message_id": message["id"],
            "conversation_id": str(conversation),
            "seq": 1,
            "revision": 1,
            "created_at": message["created_at"],
            "status": "sent",
            "duplicate": False,
        }
    ]
    assert his.payloads("message:received") == [{"message": message}]
    assert message["content"] == "Hello *there* <b>Noah</b>"
    assert sent["type"] == "message:sent"


async def test_changes_are_told_as_the_api_shows_them(
    url: str, pool: Pool, direct: tuple[UUID, UUID, UUID], connect_json: ConnectJson
) -> None:
    maria, noah, conversation = direct
    hers, his = await connect_json(maria), await connect_json(noah)
    await his.watch(conversation)
    message_id = (await hers.send(conversation, "helo"))["message_id"]
    reply = client_id()

    for number, (type_, fields) in enumerate(
        [
            ("message:edit", {"content": "hello"}),
            ("reaction:add", {"emoji": "👍"}),
            ("reaction:remove", {"emoji": "👍"}),
            ("message:delete", {}),
        ],
        start=2,
    ):
        await hers.say(type_, message_id=message_id, **fields)
        told = "message:deleted" if type_ == "message:delete" else "message:updated"
        await his.expect(told, revision=number)
        # She hasn't subscribed: this is the answer to what she asked for, and comes once.
        await hers.expect(told, revision=number)
        (shown,) = (await ask(url, pool, noah, f"/conversations/{conversation}/messages"))["items"]
        assert his.payloads(told)[-1] == {"message": shown}, type_
        assert hers.payloads(told)[-1] == {"message": shown}, type_
    assert len(hers.payloads("message:updated")) == len(his.payloads("message:updated")) == 3

    await his.say(
        "message:send",
        conversation_id=conversation,
        client_message_id=reply,
        content="what was that?",
        reply_to=message_id,
    )
    await his.expect("message:sent", client_message_id=reply)
    synced = await sync(his, conversation, after_revision=0)
    shown = (await ask(url, pool, maria, f"/conversations/{conversation}/messages"))["items"]
    # How far a message of one's own has come is told by the API alone.
    neutral = [{name: value for name, value in message.items() if name != "status"} for message in shown]
    assert synced == sorted(neutral, key=lambda message: message["revision"])


async def sync(device: JsonDevice, conversation: UUID, after_revision: int) -> list[Any]:
    seen = len(device.frames)
    await device.say("conversation:sync", conversation_id=conversation, after_revision=after_revision)
    synced = await device.expect("conversation:synced", since=seen)
    assert set(device.payloads("conversation:synced")[-1]) == {
        "conversation_id",
        "after_revision",
        "items",
        "revision",
        "has_more",
    }
    items: list[Any] = synced["items"]
    return items


async def test_messages_come_for_what_was_subscribed_to_and_the_conversation_itself_for_all(
    url: str, pool: Pool, direct: tuple[UUID, UUID, UUID], connect_json: ConnectJson
) -> None:
    maria, noah, conversation = direct
    hers, subscribed, other = await connect_json(maria), await connect_json(noah), await connect_json(noah)
    await subscribed.watch(conversation)

    await hers.send(conversation, "one")
    views = [await settled(device, conversation, 1) for device in (hers, subscribed, other)]

    shown = {person: (await ask(url, pool, person, f"/conversations/{conversation}")) for person in (maria, noah)}
    assert views == [shown[maria], shown[noah], shown[noah]]
    assert [(view["unread"], view["name"], view["last_message"]["content"]) for view in views] == [
        (0, "Noah", "one"),
        (1, "Maria", "one"),
        (1, "Maria", "one"),
    ]
    assert len(subscribed.payloads("message:received")) == 1
    assert hers.payloads("message:received") == other.payloads("message:received") == []

    await subscribed.say("unsubscribe", conversation_id=conversation)
    await subscribed.expect("unsubscribed", conversation_id=conversation)
    await hers.send(conversation, "two")
    await settled(subscribed, conversation, 2)
    assert len(subscribed.payloads("message:received")) == 1


async def test_a_conversation_that_changes_all_the_time_is_told_once_a_second_and_in_the_end_as_it_is(
    direct: tuple[UUID, UUID, UUID], connect_json: ConnectJson
) -> None:
    maria, noah, conversation = direct
    hers, his = await connect_json(maria), await connect_json(noah)
    loop = asyncio.get_running_loop()

    started = loop.time()
    for number in range(40):
        await hers.send(conversation, str(number))
    view = await settled(his, conversation, 40)
    took = loop.time() - started

    assert view["unread"] == 40
    assert len(his.payloads("conversation:updated")) <= took + 2


async def test_reading_is_told_to_the_persons_own_programs(
    direct: tuple[UUID, UUID, UUID], connect_json: ConnectJson, connect: Connect
) -> None:
    maria, noah, conversation = direct
    hers, page, program = await connect_json(maria), await connect(noah), await connect_json(noah)
    await hers.send(conversation, "one")
    assert (await settled(program, conversation, 1))["unread"] == 1

    await page.say("receipt:read", conversation_id=conversation, up_to_seq=1)
    moved = await program.expect("receipt:updated")

    assert (moved["user_id"], moved["read_up_to"]) == (str(noah), 1)
    assert set(program.payloads("receipt:updated")[0]) == {
        "conversation_id",
        "user_id",
        "joined_seq",
        "delivered_up_to",
        "read_up_to",
        "at",
        "unread_from",
    }
    await program.wait_until(lambda: program.payloads("conversation:updated")[-1]["conversation"]["unread"] == 0)
    assert hers.payloads("receipt:updated") == []


async def test_pages_and_programs_hear_of_each_other(
    direct: tuple[UUID, UUID, UUID], connect_json: ConnectJson, connect: Connect
) -> None:
    maria, noah, conversation = direct
    page, program, second = await connect(maria), await connect_json(noah), await connect_json(maria)
    devices: list[Device] = [page, program, second]
    for device in devices:
        await device.watch(conversation)

    await page.send(conversation, "from a page")
    await program.send(conversation, "from a program")

    assert "from a program" in (await page.expect("message:received", seq=2))["content"]
    assert [payload["message"]["seq"] for payload in program.payloads("message:received")] == [1]
    await second.expect("message:received", seq=2)
    assert [payload["message"]["content"] for payload in second.payloads("message:received")] == [
        "from a page",
        "from a program",
    ]


async def test_a_new_conversation_appears_and_a_lost_one_goes(
    url: str, pool: Pool, factory: Factory, connect_json: ConnectJson
) -> None:
    maria, noah = await factory.user("maria"), await factory.user("noah")
    his = await connect_json(noah)
    program = Program(url, await make_token(pool, maria))

    made = await program.post("/conversations", kind="group", user_ids=[str(noah), str(await factory.user())])
    view = await settled(his, UUID(made.json["id"]), 1)
    assert view == await ask(url, pool, noah, f"/conversations/{view['id']}")

    await his.watch(UUID(view["id"]))
    removed = await program.delete(f"/conversations/{view['id']}/members/{noah}")
    assert removed.status in (200, 204)
    gone = await his.expect("conversation:removed")
    assert his.payloads("conversation:removed") == [{"conversation_id": view["id"], "reason": "removed"}]
    seen = len(his.frames)
    await program.post(
        f"/conversations/{view['id']}/messages", content="without him", client_message_id=str(client_id())
    )
    await his.say("conversation:sync", conversation_id=view["id"], after_revision=0)
    refused = await his.expect("error", since=seen)
    assert refused["code"] == "NOT_FOUND"
    assert {frame["type"] for frame in his.frames[seen:]} == {"error"}
    assert gone["conversation_id"] == view["id"]
    await program.http.close()
    await asyncio.sleep(0)


async def test_a_program_may_subscribe_to_more_than_a_page(
    factory: Factory, connect: Connect, connect_json: ConnectJson
) -> None:
    maria = await factory.user()
    conversations = [await factory.group(maria, await factory.user()) for _ in range(21)]
    page, program = await connect(maria), await connect_json(maria)

    for conversation in conversations[:20]:
        await page.watch(conversation)
    await page.say("subscribe", conversation_id=conversations[20])
    assert (await page.expect("error"))["code"] == "VALIDATION_ERROR"
    for conversation in conversations:
        await program.watch(conversation)
