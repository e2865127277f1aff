"""What one person makes the server do doesn't hold up the others."""

import asyncio
import time
from datetime import UTC, datetime

import msgspec
from jinja2 import Environment

from chat.events import Message, Sender
from chat.ids import new_id
from chat.realtime.render import Renderer
from tests.device import Connect, Frame, messages_in
from tests.factory import Factory, client_id
from tests.servers import Serve


async def test_others_have_their_turn_between_the_costly_messages_of_a_page() -> None:
    message = Message(
        id=new_id(),
        conversation_id=new_id(),
        seq=1,
        revision=1,
        sender=Sender(new_id(), "maria", "Maria", "member"),
        client_message_id=client_id(),
        content="",
        continues=False,
        created_at=datetime.now(UTC),
    )
    turns = 0

    async def somebody_else() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(somebody_else())
    page = [msgspec.structs.replace(message, content=f"{number} " + "[" * 3000) for number in range(5)]
    await Renderer(Environment(autoescape=True)).prepare(page)
    other.cancel()

    assert turns >= 5


async def test_long_messages_come_in_more_and_smaller_pages(factory: Factory, connect: Connect) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, his = await connect(maria), await connect(noah)
    for _ in range(30):
        await hers.send(conversation, (">" * 20 + "a\n\n") * 170)

    seqs: list[int] = []
    page: Frame = {"revision": 0, "has_more": True}
    while page["has_more"]:
        seen = len(his.frames)
        await his.say("conversation:sync", conversation_id=conversation, after_revision=page["revision"])
        page = await his.expect("conversation:synced", since=seen)
        assert len(page["content"]) < 2_000_000
        seqs += messages_in(page)

    assert seqs == list(range(1, 31))


async def test_who_syncs_too_often_is_answered_later(serve: Serve, connect_either: Connect, factory: Factory) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    url = await serve(history_limit_per_minute=1)
    hers = await connect_either(maria, url)

    async def sync() -> float:
        seen = len(hers.frames)
        started = time.monotonic()
        await hers.say("conversation:sync", conversation_id=conversation, after_revision=0)
        await hers.expect("conversation:synced", since=seen)
        return time.monotonic() - started

    await sync()
    assert await sync() > 0.9
