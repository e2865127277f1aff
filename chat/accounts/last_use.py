"""When a session or a personal token was last used: noted in memory, gathered in Redis, and brought to PostgreSQL by a
worker.

A page view so writes nothing to PostgreSQL and waits for nothing. What is in Redis or on its way there may be lost
with it: the list of devices is then some seconds behind, and nothing else hangs on it.
"""

import asyncio
import time
from datetime import UTC, datetime
from operator import itemgetter
from uuid import UUID

from chat.accounts import queries, session_queries, token_queries
from chat.db import Pool
from chat.redis import UNAVAILABLE, Redis

USED = "chat:sessions:used"

# For so long uses are gathered before they go to Redis, all in one command.
GATHER_SECONDS = 5.0
# About so many are brought at once.
_BATCH = 2000

# What was stored goes, unless a newer use has come meanwhile.
_LET_GO = """
for i = 1, #ARGV, 2 do
    if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
"""


class LastUse:
    """The web process's half: gathers uses and hands them to Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._used: dict[UUID, int] = {}
        self._sending: asyncio.Task[None] | None = None

    def note(self, session_id: UUID) -> None:
        """The session, or personal token, is in use now. Cheap enough for every request and every heartbeat."""
        self._used[session_id] = int(time.time())
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_while_used())

    async def _send_while_used(self) -> None:
        while self._used:
            await asyncio.sleep(GATHER_SECONDS)
            await self.send()

    async def send(self) -> None:
        """Hand over what was gathered; it is dropped while Redis is away."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._redis.hset(USED, mapping={session_id.bytes: at for session_id, at in used.items()})  # type: ignore[misc]
        except UNAVAILABLE:
            return

    async def close(self) -> None:
        """Hand over what is left."""
        if self._sending is not None:
            self._sending.cancel()
        await self.send()


async def flush(pool: Pool, redis: Redis) -> int:
    """The worker's half: bring what Redis has gathered to PostgreSQL; the number of sessions.

    A use is let go of when it is stored. A worker that dies in between leaves it for the next run, and two may be at
    work: to store it twice changes nothing.
    """
    touched = cursor = 0
    while True:
        cursor, gathered = await redis.hscan(USED, cursor, count=_BATCH)
        if gathered:
            touched += await _store(pool, gathered)
            arguments = [part for use in gathered.items() for part in use]
            await redis.register_script(_LET_GO)(keys=[USED], args=arguments)
        if not cursor:
            return touched


async def _store(pool: Pool, gathered: dict[bytes, bytes]) -> int:
    """Only a session tells that its person was there; a token may be used by a program at night."""
    used_at = {UUID(bytes=field): datetime.fromtimestamp(int(at), UTC) for field, at in gathered.items()}
    touched = await session_queries.touch_sessions(pool, used_at=used_at)
    await token_queries.touch_personal_tokens(pool, used_at=used_at)
    # In this order each person's latest session is the one that stays.
    by_time = sorted(touched, key=itemgetter("last_used_at"))
    await queries.move_last_seen(pool, seen_at={record["user_id"]: record["last_used_at"] for record in by_time})
    return len(touched)
