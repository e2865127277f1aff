"""What a web process keeps for accounts on its application, besides what everything shares."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from aiohttp import web

from chat.accounts.last_use import LastUse
from chat.web.keys import SERVICES
from chat.web.limits import LIMITER, Limiter
from chat.web.shapes import Presence


class FindPresence(Protocol):
    """Finds who of these people is there, as far as the viewer may know it and anybody does."""

    async def __call__(self, viewer_id: UUID, user_ids: Sequence[UUID]) -> Mapping[UUID, Presence]:
        """By person. Raises one of `db.UNAVAILABLE`."""


FIND_PRESENCE = web.AppKey("find_presence", FindPresence)
LAST_USE = web.AppKey("last_use", LastUse)


async def account_services(app: web.Application) -> AsyncIterator[None]:
    """A cleanup context, to be added after the one that provides `SERVICES`."""
    redis = app[SERVICES].redis
    app[LIMITER] = Limiter(redis)
    app[LAST_USE] = LastUse(redis)
    yield
    await app[LAST_USE].close()
