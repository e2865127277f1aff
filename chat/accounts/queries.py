"""The SQL about people; that about sessions, tokens, invitations and blocks is in the files beside this one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chat.accounts.model import Account, NewAccount, Person, Role
from chat.db import Connection, Record
from chat.names import search_terms, search_words


async def find_people(
    connection: Connection, *, viewer_id: UUID, prefix: str, limit: int, after: tuple[str, str] | None = None
) -> list[Person]:
    """Active accounts other than the viewer's in whose names every word of `prefix` begins a word.

    Whoever's username is exactly that comes first, then by name. An empty prefix finds everyone. `after`, a display
    name and a username, is the place in this order from which on they are found.
    """
    words = search_words(prefix)
    display_name, username = after or (None, None)
    if not words:
        return await _everyone(
            connection, viewer_id=viewer_id, limit=limit, display_name=display_name, username=username
        )
    records = await connection.fetch(
        """
        select id, username, display_name, role from users
        where name_terms @@ lower($2)::tsquery and id <> $1 and deactivated_at is null
            and ($6::text is null
                or (username <> lower($3), lower(display_name), username) > ($6 <> lower($3), lower($5), $6))
        order by username <> lower($3), lower(display_name), username
        limit $4
        """,
        viewer_id,
        search_terms(words),
        " ".join(words),
        limit,
        display_name,
        username,
    )
    return [_person(record) for record in records]


async def people(connection: Connection, *, user_ids: Sequence[UUID]) -> list[Person]:
    """Active accounts of these ids, in their order."""
    records = await connection.fetch(
        """
        select u.id, username, display_name, role
        from unnest($1::uuid[]) with ordinality as wanted (id, position)
        join users u on u.id = wanted.id and deactivated_at is null
        order by position
        """,
        user_ids,
    )
    return [_person(record) for record in records]


async def _everyone(
    connection: Connection, *, viewer_id: UUID, limit: int, display_name: str | None, username: str | None
) -> list[Person]:
    records = await connection.fetch(
        """
        select id, username, display_name, role from users
        where id <> $1 and deactivated_at is null
            and ($4::text is null or (lower(display_name), username) > (lower($3), $4))
        order by lower(display_name), username
        limit $2
        """,
        viewer_id,
        limit,
        display_name,
        username,
    )
    return [_person(record) for record in records]


async def accounts(connection: Connection, *, prefix: str, limit: int) -> list[Account]:
    """Accounts, deactivated ones too, in whose names every word of `prefix` begins a word; all where it is empty."""
    records = await connection.fetch(
        """
        select id, username, display_name, role, deactivated_at is null as active, last_seen_at from users
        where $1 = '' or name_terms @@ lower($1)::tsquery
        order by lower(display_name), username
        limit $2
        """,
        search_terms(search_words(prefix)),
        limit,
    )
    return [Account(**record) for record in records]


async def account(connection: Connection, *, user_id: UUID) -> Account | None:
    """One account, active or not."""
    record = await connection.fetchrow(
        """
        select id, username, display_name, role, deactivated_at is null as active, last_seen_at from users
        where id = $1
        """,
        user_id,
    )
    return Account(**record) if record else None


async def set_active(connection: Connection, *, user_id: UUID, active: bool) -> None:
    """Let an account in or no more; the time of its first deactivation stays."""
    await connection.execute(
        """
        update users set deactivated_at = case when $2 then null else coalesce(deactivated_at, now()) end,
            updated_at = now()
        where id = $1
        """,
        user_id,
        active,
    )


def _person(record: Record) -> Person:
    return Person(
        id=record["id"],
        username=record["username"],
        display_name=record["display_name"],
        role=record["role"],
    )


async def any_user(connection: Connection) -> bool:
    """Whether there is an account at all."""
    return bool(await connection.fetchval("select exists (select from users)"))


async def lock_registration(connection: Connection) -> None:
    """Let one registration at a time go on, until the transaction ends: there must be one first account."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('chat:registration', 0))")


async def insert_user(
    connection: Connection, *, user_id: UUID, account: NewAccount, password_hash: str, role: Role
) -> None:
    """Raises `asyncpg.UniqueViolationError`, whose constraint says which name was taken."""
    await connection.execute(
        """
        insert into users (id, email, username, display_name, role, password_hash)
        values ($1, $2, $3, $4, $5, $6)
        """,
        user_id,
        account.email,
        account.username,
        account.display_name,
        role,
        password_hash,
    )


async def credentials(connection: Connection, *, email: str | None, username: str | None) -> Record | None:
    """`id` and `password_hash` (None for a bot) of the active account with this address or this name."""
    return await connection.fetchrow(
        """
        select id, password_hash from users
        where (lower(email) = lower($1) or username = $2) and deactivated_at is null
        """,
        email,
        username,
    )


async def password_hash_of(connection: Connection, *, user_id: UUID) -> str | None:
    """The hash of an active account; None where there is no such account, or it has no password."""
    value: str | None = await connection.fetchval(
        "select password_hash from users where id = $1 and deactivated_at is null", user_id
    )
    return value


async def update_password_hash(connection: Connection, *, user_id: UUID, old_hash: str, new_hash: str) -> bool:
    """False where the password was changed meanwhile."""
    done = await connection.fetchval(
        """
        update users set password_hash = $3, updated_at = now()
        where id = $1 and password_hash = $2 and deactivated_at is null
        returning true
        """,
        user_id,
        old_hash,
        new_hash,
    )
    return bool(done)


async def update_names(connection: Connection, *, user_id: UUID, username: str, display_name: str) -> None:
    """Raises `asyncpg.UniqueViolationError` where the username is taken."""
    await connection.execute(
        "update users set username = $2, display_name = $3, updated_at = now() where id = $1",
        user_id,
        username,
        display_name,
    )


async def move_last_seen(connection: Connection, *, seen_at: dict[UUID, datetime]) -> None:
    """Move the times at which people were last seen forward; never back, and not at all of those who are invisible."""
    # In one order, so that two workers can't deadlock.
    people = sorted(seen_at)
    await connection.execute(
        """
        update users set last_seen_at = seen.at
        from unnest($1::uuid[], $2::timestamptz[]) as seen (user_id, at)
        where users.id = seen.user_id and not users.invisible
            and (users.last_seen_at is null or users.last_seen_at < seen.at)
        """,
        people,
        [seen_at[user_id] for user_id in people],
    )
