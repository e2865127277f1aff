"""A device that knows one conversation up to a revision, and asks for whatever it is missing."""

import asyncio
import itertools
from collections.abc import Sequence
from uuid import UUID

import aiohttp

from chat.db import Pool
from tests.device import Device, Frame

LOST = (aiohttp.ClientError, OSError, TimeoutError)
CHANGES = {"message:sent", "message:received", "message:updated", "message:deleted"}


class Following(Device):
    """To come back it only connects again, to any of `urls`, and syncs: there is no reload.

    `close_codes`: how the sockets before the present one ended.
    """

    def __init__(self, urls: Sequence[str], token: str, user_id: UUID, conversation_id: UUID) -> None:
        super().__init__(urls[0], token)
        self.urls = urls
        self.user_id = user_id
        self.conversation_id = conversation_id
        self.close_codes: list[int | None] = []
        self.revision = 0
        self._ahead: set[int] = set()
        self._asking: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the socket is up, as far as the device knows."""
        return self._reader is not None and not self._reader.done()

    async def come_back(self, *urls: str, within: float = 60) -> None:
        """Connect to one of the processes, and ask for all that changed since the screen was right; tried until it
        succeeds."""
        async with asyncio.timeout(within):
            for url in itertools.cycle(urls or self.urls):
                await self.hang_up()
                self.url = url
                try:
                    await self.open()
                    await self.watch(self.conversation_id, after_revision=self.revision)
                except (*LOST, AssertionError):
                    await asyncio.sleep(0.1)
                else:
                    return

    async def hang_up(self) -> None:
        """Cut the socket without a word, as a lost network does."""
        self._ahead.clear()
        if self._reader is not None:
            connection = self.socket._conn
            if connection is not None and connection.transport is not None:
                connection.transport.abort()
            await self._reader
            self._reader = None
            self.close_codes.append(self.close_code)
        if self._asking is not None:
            await self._asking
            self._asking = None

    def take(self, frame: Frame) -> None:
        """What every device does with a frame: see static/js/sync.js."""
        super().take(frame)
        kind = frame["type"]
        if frame.get("conversation_id") == str(self.conversation_id):
            if kind in CHANGES and self.shows(frame):
                self._ahead.add(frame["revision"])
            elif kind == "conversation:synced" and frame["after_revision"] <= self.revision:
                self.revision = max(self.revision, frame["revision"])
        self._move_on()
        if self._ahead or kind == "system:resync" or frame.get("has_more"):
            self._ask()

    def shows(self, _frame: Frame) -> bool:
        """Whether the frame holds all of the message that it tells of."""
        return True

    def _move_on(self) -> None:
        while self.revision + 1 in self._ahead:
            self.revision += 1
        self._ahead = {revision for revision in self._ahead if revision > self.revision}

    def _ask(self) -> None:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self.sync())

    async def sync(self) -> None:
        """Ask for all that changed since the screen was right."""
        try:
            await self.say("conversation:sync", conversation_id=self.conversation_id, after_revision=self.revision)
        except LOST:
            return  # The next connection asks for the same.

    async def settle(self, pool: Pool, *, within: float = 30) -> None:
        """Wait until the screen is as far as the database is; fails where it stays behind."""
        wanted = await pool.fetchval("select revision from conversations where id = $1", self.conversation_id)
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: self.revision >= wanted)
        except TimeoutError:
            kinds = [frame["type"] for frame in self.frames[-10:]]
            raise AssertionError(f"at revision {self.revision} of {wanted}; open: {self.is_open}; {kinds}") from None

    async def close(self) -> None:
        """Go off line."""
        if self._asking is not None:
            await self._asking
        await super().close()
