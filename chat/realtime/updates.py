"""Tells programs how their conversations look now, each at most once a second."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import TypeAlias
from uuid import UUID

import msgspec

from chat.db import UNAVAILABLE
from chat.realtime.connection import Connection
from chat.realtime.frames import ConversationUpdated, json_form
from chat.realtime.roster import Membership
from chat.web import metrics
from chat.web.logs import get_logger

log = get_logger()

INTERVAL_SECONDS = 1.0
# So many are looked up in one query.
BATCH = 500
# What is found: each with the conversation as the person sees it, those left out that are theirs no longer.
Fetch: TypeAlias = Callable[[Sequence[Membership]], Awaitable[Sequence[tuple[Membership, msgspec.Struct]]]]


class ConversationUpdates:
    """Gathers which conversations have changed for which connections, and sends them `conversation:updated`.

    What is personal in it (unread, the role) has to come from the database. All that has changed for anybody in a
    second is fetched together, so the number of queries doesn't grow with the members of a conversation.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._changed: defaultdict[Membership, set[Connection]] = defaultdict(set)
        self._wake = asyncio.Event()

    def note(self, connection: Connection, conversation_id: UUID) -> None:
        """The conversation is another for this connection than it was."""
        self._changed[connection.user_id, conversation_id].add(connection)
        self._wake.set()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            changed, self._changed = self._changed, defaultdict(set)
            try:
                await self._send(changed)
            except UNAVAILABLE:
                log.warning("updates.database_lost")
                for membership, connections in changed.items():
                    self._changed[membership] |= connections
                self._wake.set()
            except Exception:
                log.exception("updates.failed")
            await asyncio.sleep(INTERVAL_SECONDS)

    async def _send(self, changed: dict[Membership, set[Connection]]) -> None:
        """Empties `changed` batch after batch, and leaves in it what couldn't be looked up."""
        while changed:
            batch = list(islice(changed, BATCH))
            for membership, conversation in await self._fetch(batch):
                frame = json_form(ConversationUpdated(conversation))
                metrics.deliveries.inc(sum([await connection.send(frame) for connection in changed[membership]]))
            for membership in batch:
                del changed[membership]
