"""What the page knows of receipts when it opens: the same as its device is told."""

import json
import re
from datetime import datetime
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from chat.db import Pool
from tests.device import Connect, Device, Frame
from tests.factory import Factory
from tests.servers import Serve


async def receipts_on_page(device: Device, conversation: UUID) -> Any:
    async with device.http.get(f"{device.url}/c/{conversation}") as answer:
        page = await answer.text()
    found = re.search(r'<section class="conversation"[^>]* data-receipts="([^"]*)"', page)
    assert found is not None
    return json.loads(unescape(found[1]))


def without(frame: Frame, *names: str) -> Frame:
    return {name: value for name, value in frame.items() if name not in names}


def utc(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


async def test_a_small_conversation_says_how_far_each_of_the_others_has_come(
    pool: Pool, factory: Factory, connect: Connect
) -> None:
    ada, bo, cy = await factory.three()
    dee = await factory.user("dee")
    group = await factory.group(ada, bo, cy, dee)
    await factory.say(group, [(ada, "One", factory.later()), (ada, "Two", factory.later())])
    await factory.read(group, bo, 2)
    await factory.read(group, cy, 1)
    await factory.read(group, dee, 1)
    earlier, lately = factory.later(), factory.later()
    await pool.executemany(
        "insert into read_events (conversation_id, user_id, up_to_seq, read_at) values ($1, $2, $3, $4)",
        [(group, bo, 1, earlier), (group, bo, 2, lately), (group, cy, 1, lately)],
    )
    await pool.execute("update users set read_receipts_enabled = false where id = $1", cy)
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", dee, ada)
    hers = await connect(ada)

    receipts = await receipts_on_page(hers, group)

    assert sorted(receipts, key=lambda one: one["delivered_up_to"], reverse=True) == [
        {"user_id": str(bo), "joined_seq": 0, "delivered_up_to": 2, "read_up_to": 2, "at": utc(lately)},
        {"user_id": str(cy), "joined_seq": 0, "delivered_up_to": 1, "read_up_to": None, "at": None},
    ]
    await hers.watch(group)
    for one in receipts:
        told = await hers.expect("receipt:updated", user_id=one["user_id"])
        assert without(told, "type", "conversation_id") == one


@pytest.mark.parametrize("shares", [True, False])
async def test_a_larger_one_says_how_many_have_read(
    pool: Pool, factory: Factory, connect: Connect, serve: Serve, *, shares: bool
) -> None:
    url = await serve(receipts_direct_max=2)
    ada, bo, cy = await factory.three()
    group = await factory.group(ada, bo, cy)
    await factory.say(group, [(ada, "One", factory.later()), (ada, "Two", factory.later())])
    await factory.read(group, bo, 1)
    await pool.execute("update members set read_receipts_enabled = $2 where user_id = $1", ada, shares)
    hers, his = await connect(ada, url), await connect(bo, url)

    receipts = await receipts_on_page(hers, group)

    read: dict[str, Any] = {"earlier": [[1, 1]], "read_up_to": 1} if shares else {"earlier": [], "read_up_to": 0}
    assert receipts == {"seq": 2, "count": 0, "delivered_up_to": 1, **read}
    await hers.watch(group)
    assert without(await hers.expect("receipt:count"), "type", "conversation_id") == receipts
    # Who has written nothing has nothing to be told of.
    assert await receipts_on_page(his, group) is None


async def test_alone_there_is_nobody_to_be_told_of(factory: Factory, connect: Connect) -> None:
    ada = await factory.user("ada")
    room = await factory.room(ada)

    assert await receipts_on_page(await connect(ada), room) == []
