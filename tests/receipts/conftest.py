"""Web processes without the process, the worker's flush, and devices of both kinds."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chat.db import Pool, Record
from chat.receipts import queries
from chat.receipts.model import Receipt
from chat.redis import Redis
from tests.api.conftest import program as program
from tests.realtime.conftest import connect_either as connect_either
from tests.realtime.conftest import connect_json as connect_json
from tests.receipts.recording import Process
from tests.workers.conftest import flush_now as flush_now
from tests.workers.conftest import redis as redis

Run = Callable[..., Process]


@pytest.fixture
def run(pool: Pool, redis: Redis) -> Run:
    """A process; `direct_max=2`: groups of more people than that are large."""

    def run_(*, direct_max: int = 10, redis: Redis = redis) -> Process:
        return Process(pool, redis, direct_max=direct_max)

    return run_


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many receipts each statement was for."""
    sizes: list[int] = []
    record = queries.record

    async def counted(connection: Any, *, receipts: Sequence[Receipt], **options: Any) -> list[Record]:
        sizes.append(len(receipts))
        return await record(connection, receipts=receipts, **options)

    monkeypatch.setattr(queries, "record", counted)
    return sizes
