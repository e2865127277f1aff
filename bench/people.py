"""Accounts, sessions and conversations by the thousand, in a few statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chat.conversations.model import pair
from chat.db import Pool
from chat.ids import new_id
from chat.web.tokens import hash_token, new_token


@dataclass(frozen=True, slots=True)
class Person:
    """An account with one live session; `token` is the cookie's value."""

    id: UUID
    username: str
    token: str


async def make_people(pool: Pool, count: int) -> list[Person]:
    """Accounts that are signed in on one device each."""
    people = [Person(new_id(), f"person{number}", new_token()) for number in range(count)]
    await pool.execute(
        """
        insert into users (id, email, username, display_name)
        select id, name || '@example.org', name, initcap(name) || ' Example'
        from unnest($1::uuid[], $2::text[]) as made (id, name)
        """,
        [person.id for person in people],
        [person.username for person in people],
    )
    await pool.execute(
        """
        insert into sessions (id, token_hash, user_id, expires_at)
        select id, token_hash, user_id, now() + interval '30 days'
        from unnest($1::uuid[], $2::bytea[], $3::uuid[]) as made (id, token_hash, user_id)
        """,
        [new_id() for _ in people],
        [hash_token(person.token) for person in people],
        [person.id for person in people],
    )
    return people


async def make_directs(pool: Pool, pairs: Sequence[tuple[Person, Person]]) -> list[UUID]:
    """A direct conversation for each pair; the answer is in the same order."""
    ids = [new_id() for _ in pairs]
    ends = [pair(one.id, other.id) for one, other in pairs]
    await pool.execute(
        """
        insert into conversations (id, kind, direct_low, direct_high, created_by)
        select id, 'direct', low, high, low from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as made (id, low, high)
        """,
        ids,
        [low for low, _ in ends],
        [high for _, high in ends],
    )
    await pool.execute(
        "insert into members (conversation_id, user_id) select id, direct_low from conversations where id = any ($1)"
        " union all select id, direct_high from conversations where id = any ($1)",
        ids,
    )
    return ids


async def make_group(pool: Pool, people: Sequence[Person]) -> UUID:
    """A group of all these people."""
    group_id = new_id()
    await pool.execute(
        "insert into conversations (id, kind, name, created_by) values ($1, 'group', 'Everybody', $2)",
        group_id,
        people[0].id,
    )
    await pool.execute(
        "insert into members (conversation_id, user_id) select $1, unnest($2::uuid[])",
        group_id,
        [person.id for person in people],
    )
    return group_id
