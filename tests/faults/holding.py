"""Locks that a test holds in PostgreSQL, so that a worker stands still at a point of its work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chat.db import Pool

# Whoever has written a step waits, within the commit, for whoever holds this lock.
SLOW_COMMIT = """
create function wait() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(7);
    return null;
end $$;
create constraint trigger wait after insert on read_events
    deferrable initially deferred for each row execute function wait();
"""


async def is_waiting(pool: Pool, statement: str) -> bool:
    """Whether a worker waits for a lock in such a statement."""
    found: bool = await pool.fetchval(
        "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' "
        "and query ilike '%' || $1 || '%' and pid <> pg_backend_pid())",
        statement,
    )
    return found


@asynccontextmanager
async def members_held(pool: Pool) -> AsyncIterator[None]:
    """Within the block nobody can write how far a member has come."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from members for update")
        yield


@asynccontextmanager
async def commits_held(pool: Pool) -> AsyncIterator[None]:
    """Within the block no commit of what was read is finished."""
    await pool.execute(SLOW_COMMIT)
    async with pool.acquire() as connection:
        await connection.execute("select pg_advisory_lock(7)")
        try:
            yield
        finally:
            await connection.execute("select pg_advisory_unlock(7)")
