"""The jobs: each looks up what it needs and calls one function of the product."""

from typing import Any, TypeAlias

from chat.accounts.last_use import flush
from chat.accounts.session_queries import delete_expired_sessions

Context: TypeAlias = dict[Any, Any]


async def flush_last_use(context: Context) -> None:
    """Bring the last uses of sessions, which web processes gather in Redis, to PostgreSQL."""
    await flush(context["pool"], context["redis"])


async def forget_expired_sessions(context: Context) -> None:
    """Remove sessions whose time is over; nobody can use them any more."""
    await delete_expired_sessions(context["pool"])
