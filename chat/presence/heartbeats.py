"""What the devices of this process say of their people, gathered for Redis."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from chat.presence import registry
from chat.presence.model import Activity, Beat, Device, Kind, new_device
from chat.realtime.connection import Connection
from chat.redis import UNAVAILABLE, Redis
from chat.web.logs import get_logger

log = get_logger()

# At most for so long what devices say is gathered, and so often it is looked whose time is over.
GATHER_SECONDS = 1.0
# A device that goes on as before is told of again after this part of its time: however often it beats.
REFRESH = 1 / 3
# More devices than this that have ended while Redis was away are left to run out by themselves.
MAX_ENDED = 10_000


class _Ended(NamedTuple):
    device: Device
    at: float
    life: float


class Heartbeats:
    """Tells Redis of each device once in a third of its time, and at once when it comes or is signed out.

    A device is a connection that has said how it is; from then on every sign of life counts. Whatever a device says and
    however often, at most one beat of it goes out with each gathering, and none where nothing is new. The devices of
    somebody who is invisible are to others as if they weren't there. `lost` is called with True when Redis doesn't
    answer, and with False when it does again.
    """

    def __init__(
        self, redis: Redis, *, presence_seconds: float, grace_seconds: float, lost: Callable[[bool], None]
    ) -> None:
        self._redis = redis
        self._grace = grace_seconds
        self._life = presence_seconds + grace_seconds
        self._refresh = presence_seconds * REFRESH
        self._devices: dict[Connection, Device] = {}
        self._ended: deque[_Ended] = deque(maxlen=MAX_ENDED)
        self._wake = asyncio.Event()
        # A process that ends tells what is left, perhaps while it is telling something.
        self._telling = asyncio.Lock()
        self._lost = lost
        self._is_lost = False

    def hear(self, connection: Connection, *, status: Activity, kind: Kind, idle: float | None) -> None:
        """A device says how it is. `idle`: seconds since its person did something on it, where it knows."""
        now = time.monotonic()
        device = self._devices.get(connection)
        if device is None:
            device = self._devices[connection] = new_device(connection.user_id, now=now)
            self._wake.set()
        device.hear(status=status, kind=kind, idle=idle, now=now)

    def end(self, connection: Connection) -> None:
        """The connection is no more. Who has said goodbye, or reloads a page, has the grace to come back; who was
        signed out is gone at once; whoever was lost may come back until the time of the last heartbeat is over."""
        device = self._devices.pop(connection, None)
        if device is None or not device.is_known:
            return
        if connection.was_revoked or _is_hidden(connection):
            self._ended.append(_Ended(device, connection.heard_at, 0.0))
            self._wake.set()
        elif connection.has_left:
            self._ended.append(_Ended(device, time.monotonic(), self._grace))

    def repeat(self) -> None:
        """Nobody knows what Redis knows: tell it of all devices, at once, also of those that are not to be known."""
        for device in self._devices.values():
            device.sent, device.is_known = None, True
        self._wake.set()

    def contradict(self, connections: Iterable[Connection]) -> None:
        """Others were told that nobody is there: where that isn't so, because the clock of Redis was set forward
        perhaps, tell it of these at once."""
        for connection in connections:
            if connection in self._devices:
                self._devices[connection].sent = None
                self._wake.set()

    async def run(self) -> None:
        """Tell Redis for ever; while it is away, what is to be told is gathered."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(GATHER_SECONDS, self._refresh)):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self._tell()
                self._set_lost(False)
            except UNAVAILABLE as error:
                if not self._is_lost:
                    log.warning("presence.redis_lost", error=type(error).__name__)
                self._set_lost(True)
                await asyncio.sleep(GATHER_SECONDS)
                self.repeat()
            except Exception:
                log.exception("presence.failed")
                self.repeat()

    def _set_lost(self, is_lost: bool) -> None:
        if is_lost != self._is_lost:
            self._is_lost = is_lost
            self._lost(is_lost)

    async def close(self) -> None:
        """Tell what is left, once."""
        with contextlib.suppress(*UNAVAILABLE):
            await self._tell()

    async def _tell(self) -> None:
        """One call tells of many, and each lets go of those whose time is over."""
        async with self._telling:
            await self._tell_of_the_ended()
            now = time.monotonic()
            due = [connection for connection in self._devices if self._is_due(connection, now)]
            is_done = False
            while due or not is_done:
                batch, due = due[: registry.BATCH], due[registry.BATCH :]
                # Some may have ended while Redis was told of others.
                beats = [self._beat(connection, now) for connection in batch if connection in self._devices]
                is_done = await self._update(beats) < registry.BATCH

    async def _tell_of_the_ended(self) -> None:
        while self._ended:
            now = time.monotonic()
            ended = [self._ended[place] for place in range(min(len(self._ended), registry.BATCH))]
            await self._update([device.beat(now=now, heard_at=at, life=life) for device, at, life in ended])
            for _ in ended:
                self._ended.popleft()

    async def _update(self, beats: list[Beat]) -> int:
        return await registry.update(self._redis, beats, longest=self._life)

    def _is_due(self, connection: Connection, now: float) -> bool:
        device = self._devices.get(connection)
        if device is None:
            return False
        if _is_hidden(connection):
            return device.is_known
        if device.sent != (device.status(now), device.kind):
            return True
        return connection.heard_at > device.sent_heard_at and now - device.sent_at >= self._refresh

    def _beat(self, connection: Connection, now: float) -> Beat:
        """What is told of a device; it counts as told now, until a failure has everything told again."""
        device = self._devices[connection]
        heard_at = connection.heard_at
        device.is_known = not _is_hidden(connection)
        device.sent = (device.status(now), device.kind) if device.is_known else None
        device.sent_at, device.sent_heard_at = now, heard_at
        beat = device.beat(now=now, heard_at=heard_at, life=self._life)
        # Also those that were lost a moment ago.
        return beat if device.is_known else beat._replace(device=registry.ALL, life=0.0)


def _is_hidden(connection: Connection) -> bool:
    return connection.person.privacy.invisible
