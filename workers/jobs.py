"""The jobs: each looks up what it needs and calls one function of the product."""

from datetime import timedelta
from typing import Any, TypeAlias

from chat.accounts.last_use import flush
from chat.accounts.session_queries import delete_expired_sessions
from chat.accounts.token_queries import delete_used_refresh_tokens
from chat.conversations.change_queries import forget_departures as delete_departures

Context: TypeAlias = dict[Any, Any]


async def flush_last_use(context: Context) -> None:
    """Bring the last uses of sessions, which web processes gather in Redis, to PostgreSQL."""
    await flush(context["pool"], context["redis"])


async def forget_expired_sessions(context: Context) -> None:
    """Remove sessions whose time is over, and used refresh tokens that would be; nobody can use them any more."""
    await delete_expired_sessions(context["pool"])
    lifetime = timedelta(days=context["settings"].refresh_token_days)
    await delete_used_refresh_tokens(context["pool"], older_than=lifetime)


async def forget_departures(context: Context) -> None:
    """Remove who left which conversation, which is kept for sockets that may have missed it."""
    await delete_departures(context["pool"])
