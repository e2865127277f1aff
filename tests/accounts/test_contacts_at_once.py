"""Contacts, when several ask, accept, withdraw and block at the same moment: each order is as good, and no mixture."""

import asyncio
from collections.abc import Coroutine
from itertools import permutations
from typing import Any

import pytest

from chat.accounts.block_actions import block
from chat.accounts.contact_actions import REQUESTS_MAX, add, relation, remove
from chat.db import Pool
from chat.errors import Conflict, Forbidden
from chat.services import Services
from tests.accounts.test_contacts import between, crowd
from tests.factory import Factory

ROUNDS = 12


@pytest.fixture(autouse=True)
async def connections(pool: Pool) -> None:
    """So many that nobody waits for the first one's end."""
    await asyncio.gather(*(pool.execute("select pg_sleep(0.05)") for _ in range(6)))


async def at_once(*deeds: Coroutine[Any, Any, object]) -> list[object]:
    """What each of them answered or raised; any other error than a refusal fails the test."""
    answers = await asyncio.gather(*deeds, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Conflict | Forbidden):
            raise answer
    return answers


async def test_two_who_ask_each_other_are_contacts(services: Services, factory: Factory) -> None:
    for _ in range(ROUNDS):
        ada, bo = await factory.user(), await factory.user()
        asked = [add(services, viewer_id=one, user_id=other) for one, other in ((ada, bo), (bo, ada)) * 2]
        await at_once(*asked)
        assert await between(services, ada, bo) == ("contact", "contact")


async def test_who_blocks_while_being_asked_is_no_contact(services: Services, factory: Factory) -> None:
    for _ in range(ROUNDS):
        ada, bo = await factory.user(), await factory.user()
        await at_once(add(services, viewer_id=bo, user_id=ada), block(services, viewer_id=ada, user_id=bo))
        assert await between(services, ada, bo) == (None, None)
        assert (await relation(services, viewer_id=ada, user_id=bo)).blocking


async def test_the_last_request_is_made_once(services: Services, factory: Factory) -> None:
    ada, others = await factory.user(), await crowd(factory, REQUESTS_MAX + 4)
    await factory.pool.execute(
        "insert into contacts (low, high, requested_by) select least($1, other), greatest($1, other), $1 "
        "from unnest($2::uuid[]) as other",
        ada,
        others[:-5],
    )
    answers = await at_once(*(add(services, viewer_id=ada, user_id=other) for other in others[-5:]))
    assert [isinstance(answer, Conflict) for answer in answers].count(False) == 1


async def test_many_who_ask_one_another_crosswise_all_get_through(services: Services, factory: Factory) -> None:
    people = [await factory.user() for _ in range(5)]
    pairs = list(permutations(people, 2))
    await at_once(*(add(services, viewer_id=one, user_id=other) for one, other in pairs))
    assert await factory.pool.fetchval("select count(*) from contacts where accepted_at is not null") == len(pairs) / 2
    await at_once(*(remove(services, viewer_id=one, user_id=other) for one, other in pairs))
    assert await factory.pool.fetchval("select count(*) from contacts") == 0
