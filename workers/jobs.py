"""The jobs: each looks up what it needs and calls one function of the product."""

from datetime import timedelta
from typing import Any, TypeAlias

from chat import lifesign
from chat.accounts import last_use
from chat.accounts.session_queries import delete_expired_sessions
from chat.accounts.token_queries import delete_used_refresh_tokens
from chat.conversations.change_queries import forget_departures as delete_departures
from chat.receipts import flush as receipts

# arq's, with what the worker puts into it: `settings`, `pool`, and `ending`, an event that is set when it is to end.
Context: TypeAlias = dict[Any, Any]


async def flush_receipts(context: Context) -> None:
    """Bring the receipts of larger conversations, which wait in Redis, to PostgreSQL."""
    await receipts.flush(
        context["pool"], context["redis"], context["settings"], is_ending=lambda: bool(context["ending"].is_set())
    )


async def flush_last_use(context: Context) -> None:
    """Bring the last uses of sessions, which web processes gather in Redis, to PostgreSQL."""
    await last_use.flush(context["pool"], context["redis"])


async def forget_expired_sessions(context: Context) -> None:
    """Remove sessions whose time is over, and used refresh tokens that would be; nobody can use them any more."""
    await delete_expired_sessions(context["pool"])
    lifetime = timedelta(days=context["settings"].refresh_token_days)
    await delete_used_refresh_tokens(context["pool"], older_than=lifetime)


async def forget_departures(context: Context) -> None:
    """Remove who left which conversation, which is kept for sockets that may have missed it."""
    await delete_departures(context["pool"])


async def give_sign_of_life(context: Context) -> None:
    """After each job, whatever became of it."""
    await lifesign.give(context["redis"])
