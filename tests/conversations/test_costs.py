"""What groups and rooms ask of PostgreSQL: rows that each statement looks at, in a chat with many people and rooms."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from chat.conversations import actions
from chat.conversations.access import standing
from chat.conversations.member_actions import add_people, leave, members, remove_person
from chat.conversations.model import RoomPlace
from chat.conversations.room_actions import join, public_rooms
from chat.db import Pool
from chat.services import Services
from chat.settings import Settings
from chat.web.keys import SERVICES
from tests.factory import Factory
from tests.messages.costs import Product, counted, explain, is_large, rows_of

PEOPLE, ROOMS, MINE = 2_000, 2_000, 110


@dataclass
class Town:
    """Everybody is in the square, and in few of the other rooms."""

    people: list[UUID]
    square: UUID


@pytest.fixture
async def product(settings: Settings) -> AsyncIterator[Product]:
    async with counted(settings) as product:
        yield product


@pytest.fixture
async def town(pool: Pool, factory: Factory) -> Town:
    await pool.execute(
        """
        insert into users (id, email, username, display_name)
        select gen_random_uuid(), 'p' || n || '@example.org', 'p' || n, 'Person ' || n from generate_series(1, $1) n
        """,
        PEOPLE,
    )
    people = [user_id for (user_id,) in await pool.fetch("select id from users order by length(username), username")]
    square = await factory.room(*people, name="Square")
    await pool.execute(
        """
        with made as (
            insert into conversations (id, kind, name, name_key, visibility, created_by, members_count)
            select gen_random_uuid(), 'room', 'Room ' || n, 'room ' || lpad(n::text, 5, '0'), 'public', $1, 1
            from generate_series(1, $2) n
            returning id, name_key
        )
        insert into members (conversation_id, user_id, role)
        select id, $1, 'owner' from made order by name_key limit $3
        """,
        people[0],
        ROOMS,
        MINE,
    )
    await pool.execute("analyze")
    return Town(people, square)


Doing = Callable[[Services, Town], Awaitable[object]]


def in_square(town: Town, number: int = 0) -> dict[str, UUID]:
    return {"viewer_id": town.people[number], "conversation_id": town.square}


# What somebody does, and how many rows one statement may look at for it.
DOINGS: dict[str, tuple[Doing, int]] = {
    "list one's conversations": (lambda services, town: actions.listed(services, viewer_id=town.people[0]), 5 * MINE),
    "see one of them": (lambda services, town: actions.get(services, **in_square(town)), 10),
    "ask what one may": (lambda services, town: standing(services.pool, **in_square(town)), 5),
    "list rooms": (lambda services, town: public_rooms(services, viewer_id=town.people[0]), 110),
    "list rooms further on": (
        lambda services, town: public_rooms(
            services, viewer_id=town.people[0], after=RoomPlace("room 01500", town.square)
        ),
        110,
    ),
    "find a room": (lambda services, town: public_rooms(services, viewer_id=town.people[1], prefix="1234"), 10),
    "find a member": (lambda services, town: find_member(services, town), 10),
    "add somebody again": (
        lambda services, town: add_people(services, **in_square(town), user_ids=town.people[1:51]),
        200,
    ),
    "leave and join": (lambda services, town: leave_and_join(services, town), 10),
    "remove": (lambda services, town: remove_person(services, **in_square(town), user_id=town.people[7]), 10),
}


async def find_member(services: Services, town: Town) -> None:
    await members(services, viewer_id=town.people[0], conversation_id=town.square, prefix="1234")


async def leave_and_join(services: Services, town: Town) -> None:
    await leave(services, **in_square(town, 5))
    await join(services, **in_square(town, 5))


def can_be_repeated(query: str) -> bool:
    """A member and a system line are written once."""
    once = ("insert into messages", "insert into members")
    return not query.startswith(("BEGIN", "COMMIT")) and not any(text in query for text in once)


async def test_nothing_costs_more_with_many_people_and_rooms(product: Product, pool: Pool, town: Town) -> None:
    """No statement goes through a table, and none looks at many more rows than it answers with or writes."""
    services = product.app[SERVICES]
    for name, (doing, most) in DOINGS.items():
        product.statements.clear()
        await doing(services, town)
        statements = [(query, arguments) for query, arguments in product.statements if can_be_repeated(query)]
        assert statements, name
        async with pool.acquire() as connection:
            for query, arguments in statements:
                nodes = await explain(connection, query, arguments)
                assert [node for node in nodes if node["Node Type"] == "Seq Scan" and is_large(node)] == [], query
                looked_at = sum(rows_of(node) for node in nodes if "Relation Name" in node)
                assert looked_at <= most, (name, looked_at, query)
