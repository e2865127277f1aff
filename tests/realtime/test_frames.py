"""What a device may send that is no event of ours: each is answered, and the socket and everyone else go on."""

import asyncio
import contextlib
import json
from functools import partial
from uuid import uuid4

from aiohttp import WSMsgType

from chat.db import Pool
from tests.device import PATIENCE, Connect, Device, Frame, messages_in, sign_in
from tests.factory import Factory, client_id
from tests.servers import Serve

NONSENSE = [
    "",
    "{",
    "null",
    "17",
    '"subscribe"',
    "[]",
    "{}",
    '{"payload": {}}',
    '{"type": null, "payload": {}}',
    '{"type": 5, "payload": {}}',
    '{"type": ["subscribe"], "payload": {}}',
    '{"type": "subscribe"}',
    '{"type": "subscribe", "payload": null}',
    '{"type": "subscribe", "payload": []}',
    '{"type": "subscribe", "payload": "x"}',
    '{"type": "subscribe", "payload": {}}',
    '{"type": "subscribe", "payload": {"conversation_id": 7}}',
    '{"type": "subscribe", "payload": {"conversation_id": "no id"}}',
    '{"type": "presence:heartbeat", "payload": {"status": "asleep"}}',
    '{"type": "message:send", "payload": {"client_message_id": "no id", "content": "x"}}',
    '{"type": "message:send", "payload": {"client_message_id": {"a": 1}}}',
    '{"type": "subscribe", "payload": ' + '{"a":' * 10_000 + "1" + "}" * 10_000 + "}",
    "[" * 60_000,
    '{"type": "subscribe", "type": ["x"], "payload": {}}',
    '{"type": "subscribe", "payload": {"conversation_id": "\\ud800"}}',
    '{"type": "\\ud800", "payload": {}}',
    "\ufeff{}",
    "\0",
]


async def answer_to(device: Device, raw: str) -> Frame:
    """The next error after this text frame."""
    seen = len(device.frames)
    await device.socket.send_str(raw)

    def errors() -> list[Frame]:
        return [frame for frame in device.frames[seen:] if frame["type"] in {"error", "message:error"}]

    await device.wait_until(lambda: bool(errors()))
    return errors()[0]


async def test_frames_that_make_no_sense_are_answered_and_the_socket_goes_on(
    factory: Factory, connect_either: Connect
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    device = await connect_either(maria)

    for raw in NONSENSE:
        refusal = await answer_to(device, raw)
        assert (refusal["type"], refusal["code"]) == ("error", "VALIDATION_ERROR"), raw[:80]
        assert len(refusal["message"]) < 200, raw[:80]

    assert (await device.send(conversation, "still here"))["type"] == "message:sent"


async def test_an_unknown_event_is_answered_by_its_name(factory: Factory, connect_either: Connect) -> None:
    device = await connect_either(await factory.user())

    for name in ("message:steal", "auth:success", "message:received", "sessions:revoked", "", "x" * 999):
        refusal = await answer_to(device, json.dumps({"type": name, "payload": {}}))
        assert (refusal["type"], refusal["code"]) == ("error", "VALIDATION_ERROR")
        assert refusal["message"] == f"There is no event called {name[:40]!r}."


async def test_numbers_beyond_all_bounds_do_no_harm(factory: Factory, connect_either: Connect) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    device = await connect_either(noah)
    await (await connect_either(maria)).send(conversation, "one")

    for number in (2**63 - 1, 2**63, 2**64, 10**30, -1, -(2**63), -(10**30)):
        await device.say("conversation:sync", conversation_id=conversation, after_revision=number)
        await device.say("receipt:read", conversation_id=conversation, up_to_seq=number)
        subscribed = await device.watch(conversation, after_revision=number)
        assert (subscribed["last_seq"], subscribed["read_up_to"]) == (1, 1)

    assert [frame for frame in device.frames if frame.get("code") == "UNAVAILABLE"] == []
    told = [frame for frame in device.frames if frame["type"] == "receipt:updated"]
    moved = [frame["read_up_to"] for frame in told if frame["user_id"] == str(noah)]
    assert moved == [1]


async def test_what_is_no_whole_number_is_refused(factory: Factory, connect_either: Connect) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    device = await connect_either(maria)

    for event, field in (("conversation:sync", "after_revision"), ("receipt:read", "up_to_seq")):
        for number in ("1.0", "1.5", '"1"', "true", "null", "[1]", "1e2", "NaN", "Infinity"):
            payload = f'{{"conversation_id": "{conversation}", "{field}": {number}}}'
            refusal = await answer_to(device, f'{{"type": "{event}", "payload": {payload}}}')
            assert (refusal["type"], refusal["code"]) == ("error", "VALIDATION_ERROR"), (event, number)


async def test_a_binary_frame_is_answered_and_not_read(factory: Factory, connect_either: Connect) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    device = await connect_either(maria)
    event = {
        "type": "message:send",
        "payload": {"conversation_id": str(conversation), "client_message_id": str(uuid4()), "content": "in binary"},
    }

    await device.socket.send_bytes(json.dumps(event).encode())

    assert (await device.expect("error"))["message"] == "Only text frames are understood here."
    assert (await device.send(conversation, "in text"))["seq"] == 1


async def test_a_frame_above_64_kib_closes_the_socket_with_1009_and_one_below_does_not(
    factory: Factory, connect_either: Connect
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, his = await connect_either(maria), await connect_either(noah)

    assert (await hers.send(conversation, "x" * 65_000))["code"] == "VALIDATION_ERROR"
    await hers.say("message:send", conversation_id=conversation, client_message_id=client_id(), content="x" * 65_537)

    assert await hers.closed() == 1009
    assert (await his.send(conversation, "not me"))["seq"] == 1
    await hers.open()
    assert (await hers.send(conversation, "back again"))["seq"] == 2


async def test_text_that_is_not_utf_8_closes_the_socket_with_1007(factory: Factory, connect_either: Connect) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, his = await connect_either(maria), await connect_either(noah)

    await hers.socket.send_frame(b'{"type": "subscribe\xff"}', WSMsgType.TEXT)

    assert await hers.closed() == 1007
    assert (await his.send(conversation, "not me"))["seq"] == 1


async def test_a_message_that_cannot_be_read_is_refused_by_its_name(factory: Factory, connect_either: Connect) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    device = await connect_either(maria)

    for content in (r'"half \ud83d of it"', r'"\udc00"', "5", "null", '["a"]', '{"a": 1}', "true"):
        client = client_id()
        payload = f'{{"conversation_id": "{conversation}", "client_message_id": "{client}", "content": {content}}}'
        refusal = await answer_to(device, f'{{"type": "message:send", "payload": {payload}}}')
        assert (refusal["type"], refusal["client_message_id"]) == ("message:error", str(client)), content
        assert (refusal["code"], refusal["retryable"]) == ("VALIDATION_ERROR", False)
        assert refusal["message"].startswith("This message could not be read")

    assert await factory.history(conversation) == []


async def test_a_thousand_frames_at_once_are_read_slowly_and_delay_nobody_else(
    factory: Factory, connect: Connect
) -> None:
    maria, noah, eve = await factory.user(), await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    theirs = await factory.direct(eve, noah)
    hers, his, flood = await connect(maria), await connect(noah), await connect(eve)

    for number in range(1000):
        await flood.say("message:send", conversation_id=theirs, client_message_id=client_id(), content=str(number))
    await flood.expect("message:sent")
    loop = asyncio.get_running_loop()
    started = loop.time()
    for number in range(20):
        await hers.send(conversation, str(number))
        await his.expect("message:received", conversation_id=conversation, seq=number + 1)
    took = loop.time() - started
    answered = sum(frame["type"] == "message:sent" for frame in flood.frames)

    # Twenty of hers went both ways while the flood was held to some fifty a second.
    assert answered <= 60 * (took + 2)
    assert len(await factory.history(conversation)) == 20
    assert [seq for frame in his.frames for seq in messages_in(frame)] == []
    assert flood.close_code is None
    flood.cut()


async def test_a_thousand_pings_at_once_are_answered_slowly_too(
    url: str, factory: Factory, connect: Connect, pool: Pool
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers = await connect(maria)
    flood = Device(url, await sign_in(pool, noah))
    pings = await flood.http.ws_connect(f"{url}/ws", headers={"Origin": url}, autoping=False)
    for _ in range(1000):
        await pings.ping()

    loop = asyncio.get_running_loop()
    started = loop.time()
    for number in range(20):
        await hers.send(conversation, str(number))
    while (await pings.receive(timeout=PATIENCE)).type is not WSMsgType.PONG:
        pass
    pongs = 1
    with contextlib.suppress(TimeoutError):
        while message := await pings.receive(timeout=0.1):
            pongs += message.type is WSMsgType.PONG

    assert pongs <= 60 * (loop.time() - started + 2)
    assert pings._response.connection is not None
    assert pings._response.connection.transport is not None
    pings._response.connection.transport.abort()
    await flood.close()


def heard_all(device: Device) -> bool:
    """Whether each of its ten frames has been answered."""
    return sum(frame["type"] == "error" for frame in device.frames) == 10


async def test_more_sockets_are_not_read_any_faster(serve: Serve, factory: Factory, pool: Pool) -> None:
    url = await serve(frame_limit_per_second=10)
    person = await factory.user()
    devices = [Device(url, await sign_in(pool, person)) for _ in range(4)]
    for device in devices:
        await device.open()

    loop = asyncio.get_running_loop()
    started = loop.time()
    for device in devices:
        for _ in range(10):
            await device.say("presence:nonsense")
    for device in devices:
        await device.wait_until(partial(heard_all, device))

    # Forty frames, of which a second's worth came at once.
    assert loop.time() - started > 2.5
    await asyncio.gather(*(device.close() for device in devices))
