"""Demo data: a small team whose members have talked with each other for two years."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chat.accounts.passwords import hash_password
from chat.db import Pool
from chat.seed import queries
from chat.seed.people import PASSWORD, TEAM
from chat.seed.rows import make_rows


@dataclass(frozen=True, slots=True)
class Login:
    """With which somebody signs in who wants to look around."""

    email: str
    password: str


async def seed(pool: Pool, *, password: str = PASSWORD) -> Sequence[Login]:
    """Add the demo data, all or nothing, to a database without users; everyone's login, the owner's first.

    Without a `password`, everyone's is the one that anybody can read here: for a chat that strangers can't reach.

    The first two share the longest conversation. Raises `asyncpg.UniqueViolationError` where it was added before.
    """
    rows = make_rows(datetime.now().astimezone(), await hash_password(password))
    async with pool.acquire() as connection:
        async with connection.transaction():
            for table in queries.COLUMNS:
                await queries.copy_rows(connection, table=table, rows=getattr(rows, table))
        await queries.analyze(connection)
    return [Login(person.email, password) for person in TEAM]
