"""The PostgreSQL connection pool."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from chat.settings import Settings

Pool: TypeAlias = asyncpg.Pool
# What a query runs on: a connection inside a transaction, or the pool itself where one statement is all.
Connection: TypeAlias = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy | asyncpg.Pool
Record: TypeAlias = asyncpg.Record

# What a dead, restarting or overloaded server raises. The statement may or may not have been carried out,
# so only statements that are safe to repeat may be tried again after one of these.
UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # What asyncpg makes of a statement between the server's goodbye and the end of the connection.
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    OSError,
    TimeoutError,
)

# Every statement is written to go through an index, whatever its parameters. The planner may think otherwise of a table
# that is still small, and the plan stays with the connection while the table grows: until PostgreSQL next looked at
# its statistics, sends would read all messages again and again. And it may plan anew each time that a statement is
# run, which for a batch of few messages takes longer than storing them.
_PLANS = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
}


async def create_pool(settings: Settings) -> Pool:
    """Open the pool of this process, with the statement timeout set on every connection.

    `synchronous_commit` is set to `on` whatever the server's default is, because a confirmation to the
    sender says that the message is on disk. Raises one of `UNAVAILABLE` where the server can't be reached.
    """
    return await asyncpg.create_pool(
        settings.database_url,
        min_size=settings.database_pool_min,
        max_size=settings.database_pool_max,
        command_timeout=settings.statement_timeout + 2,
        server_settings={
            "application_name": "chat",
            "synchronous_commit": "on",
            "statement_timeout": str(int(settings.statement_timeout * 1000)),
            "timezone": "UTC",
            "jit": "off",
            **_PLANS,
        },
        reset=_keep_session,
    )


@asynccontextmanager
async def acquired(pool: Pool, *, timeout: float) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:  # noqa: ASYNC109
    """A connection for so many seconds at most. Raises one of `UNAVAILABLE`."""
    async with asyncio.timeout(timeout), pool.acquire() as connection:
        try:
            yield connection
        except (asyncio.CancelledError, asyncpg.InternalClientError):
            # Out of time: to take the statement back in order, asyncpg would ask a server that may be out of reach. Or
            # the server has said goodbye, and asyncpg has not seen the end of the connection yet.
            connection.terminate()
            raise


async def _keep_session(_connection: asyncpg.Connection) -> None:
    """Nothing: no code of ours leaves settings, locks or cursors behind in a session. asyncpg's own way would ask
    the server to forget them after every statement, which costs a second round trip."""
