"""Accounts, sessions and conversations by the thousand, in a few statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chat.accounts.access_tokens import new_access_token
from chat.conversations.model import Kind, Visibility, pair
from chat.conversations.names import check_room_name
from chat.db import Pool
from chat.ids import new_id
from chat.settings import Settings
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


async def access_tokens(pool: Pool, settings: Settings, people: Sequence[Person]) -> list[str]:
    """A program of each person, signed in: their access tokens."""
    sessions = [new_id() for _ in people]
    await pool.execute(
        """
        insert into sessions (id, user_id, expires_at, kind)
        select id, user_id, now() + interval '7 days', 'api'
        from unnest($1::uuid[], $2::uuid[]) as made (id, user_id)
        """,
        sessions,
        [person.id for person in people],
    )
    return [
        new_access_token(settings, user_id=person.id, session_id=session_id)
        for person, session_id in zip(people, sessions, strict=True)
    ]


async def make_directs(pool: Pool, pairs: Sequence[tuple[Person, Person]]) -> list[UUID]:
    """A direct conversation for each pair; the answer is in the same order."""
    ids = [new_id() for _ in pairs]
    ends = [pair(one.id, other.id) for one, other in pairs]
    await pool.execute(
        """
        insert into conversations (id, kind, direct_low, direct_high, created_by, members_count)
        select id, 'direct', low, high, low, 2 from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as made (id, low, high)
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


async def make_group(pool: Pool, people: Sequence[Person], *, name: str | None = "Everybody") -> UUID:
    """A group of all these people, which belongs to the first."""
    return await _make(pool, people, kind="group", name=name, visibility="private")


async def make_room(pool: Pool, people: Sequence[Person], *, name: str, topic: str = "") -> UUID:
    """A public room with all these people in it, which belongs to the first."""
    return await _make(pool, people, kind="room", name=name, topic=topic, visibility="public")


async def _make(
    pool: Pool, people: Sequence[Person], *, kind: Kind, name: str | None, visibility: Visibility, topic: str = ""
) -> UUID:
    conversation_id = new_id()
    await pool.execute(
        """
        insert into conversations (id, kind, name, name_key, topic, visibility, created_by, members_count)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        conversation_id,
        kind,
        name,
        check_room_name(name or "")[1] if kind == "room" else None,
        topic or None,
        visibility,
        people[0].id,
        len(people),
    )
    await pool.execute(
        """
        insert into members (conversation_id, user_id, role)
        select $1, user_id, case when number = 1 then 'owner' else 'member' end
        from unnest($2::uuid[]) with ordinality as joined (user_id, number)
        """,
        conversation_id,
        [person.id for person in people],
    )
    return conversation_id
