"""What people share, as the sockets of a process know it: the latest look counts, and whoever is here hears of it."""

from collections.abc import Mapping
from uuid import UUID

import pytest
from aiohttp import web

from chat.db import Pool
from chat.realtime import queries, recheck
from chat.realtime.person import Privacy
from chat.realtime.socket import HUB
from tests.conversations.conftest import app as app
from tests.conversations.conftest import url as url
from tests.device import Connect
from tests.factory import Factory


async def test_of_two_looks_that_overlap_the_later_one_counts(
    app: web.Application, pool: Pool, factory: Factory, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await factory.user("ada")
    device = await connect(ada)
    hub = app[HUB]

    def shares_reads() -> bool:
        return hub.roster.person_of(ada).privacy.shares_reads

    privacy = queries.privacy

    async def is_overtaken(pool: Pool, *, user_ids: list[UUID]) -> Mapping[UUID, Privacy]:
        found = await privacy(pool, user_ids=user_ids)
        monkeypatch.setattr(queries, "privacy", privacy)
        await pool.execute("update users set read_receipts_enabled = false where id = $1", ada)
        await recheck.look_up_people(hub, pool, user_ids=user_ids)
        return found

    assert shares_reads()
    monkeypatch.setattr(queries, "privacy", is_overtaken)
    await recheck.look_up_people(hub, pool, user_ids=[ada])

    assert not shares_reads()
    await device.expect("system:resync")


async def test_a_device_that_comes_later_does_not_swallow_the_news(
    pool: Pool, factory: Factory, connect: Connect
) -> None:
    """It reads what is new before the news of it comes."""
    ada = await factory.user("ada")
    first = await connect(ada)
    await pool.execute("update users set read_receipts_enabled = false where id = $1", ada)

    second = await connect(ada)

    await first.expect("system:resync")
    assert [frame["type"] for frame in second.frames] == ["auth:success"]
