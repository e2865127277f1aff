"""What a web process keeps for accounts on its application, besides what everything shares."""

from collections.abc import AsyncIterator

from aiohttp import web

from chat.accounts.last_use import LastUse
from chat.web.keys import SERVICES
from chat.web.limits import LIMITER, Limiter

LAST_USE = web.AppKey("last_use", LastUse)


async def account_services(app: web.Application) -> AsyncIterator[None]:
    """A cleanup context, to be added after the one that provides `SERVICES`."""
    redis = app[SERVICES].redis
    app[LIMITER] = Limiter(redis)
    app[LAST_USE] = LastUse(redis)
    yield
    await app[LAST_USE].close()
