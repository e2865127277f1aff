"""Who is there, for those who may know it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from redis.exceptions import RedisError

from chat.presence import queries, registry
from chat.presence.registry import OFFLINE
from chat.realtime.presence import PresenceUpdate
from chat.realtime.watchers import Pair
from chat.services import Services
from chat.web.shapes import Presence


async def seen_by(services: Services, pairs: Sequence[Pair]) -> Mapping[Pair, PresenceUpdate]:
    """What viewers may see of people, for those of the pairs where they may.

    Raises `UNAVAILABLE` of the database, and of Redis, without which nobody knows it.
    """
    found = await _presence(services, pairs)
    return {pair: PresenceUpdate(pair[1], seen.status, seen.device, seen.last_seen_at) for pair, seen in found.items()}


async def of_people(services: Services, viewer_id: UUID, user_ids: Sequence[UUID]) -> Mapping[UUID, Presence]:
    """The same for a page of people: those are left out of whom the viewer may not know, and all while Redis is away.

    Raises `UNAVAILABLE` of the database.
    """
    try:
        found = await _presence(services, [(viewer_id, user_id) for user_id in user_ids])
    except RedisError:
        return {}
    return {user_id: seen for (_, user_id), seen in found.items()}


async def _presence(services: Services, pairs: Sequence[Pair]) -> dict[Pair, Presence]:
    visible = await queries.visible(services.pool, pairs=pairs)
    user_ids = list({user_id for _, user_id in visible})
    states = dict(zip(user_ids, await registry.states(services.redis, user_ids), strict=True))
    found = {}
    for pair, (invisible, last_seen_at) in visible.items():
        status, device = OFFLINE if invisible else states[pair[1]]
        found[pair] = Presence(status, device, last_seen_at if status == "offline" else None)
    return found
