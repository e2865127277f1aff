"""Events between processes: over Redis, and over PostgreSQL's LISTEN/NOTIFY while Redis is away."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Literal, cast
from uuid import UUID

import asyncpg
import msgspec

from chat import db, redis
from chat.background import end
from chat.events import Event, Message, MessageCreated, MessageDeleted, MessageEvent, MessageUpdated, TypingEvent
from chat.ids import new_id
from chat.realtime import queries
from chat.web import metrics
from chat.web.logs import get_logger

log = get_logger()

# Every channel of the product begins so; each process listens to all of them with one pattern, so that there is no
# moment in which a device is connected and its channel not yet subscribed.
PREFIX = "chat:"
# What is published in one round trip.
BATCH = 256
# One command and one answer for all of them: with a command each, reading the answers took longer than storing the
# messages did.
PUBLISH_ALL = """
for i = 1, #ARGV, 2 do
    redis.call('PUBLISH', ARGV[i], ARGV[i + 1])
end
"""
RECONNECT_SECONDS = (0.1, 0.5, 1.0, 2.0)
# How long a silent subscription is believed before it is asked for a sign of life.
SILENCE_SECONDS = 10.0
# More than this waiting means that neither server takes anything; devices sync what they missed when they return.
MAX_WAITING = 20_000
# How long a process waits at its start until it hears the others.
START_SECONDS = 1.0


class MessageReference(msgspec.Struct, frozen=True, tag="message:reference", tag_field="type"):
    """Stands for the event of a message in a NOTIFY, which holds at most 8,000 bytes: the receiver reads the row."""

    event: Literal["message:received", "message:updated", "message:deleted"]
    conversation_id: UUID
    revision: int


_MESSAGE_EVENTS: dict[str, type[MessageEvent]] = {
    str(event.__struct_config__.tag): event for event in (MessageCreated, MessageUpdated, MessageDeleted)
}

_decode_event = msgspec.json.Decoder(Event).decode
_decode_notice = msgspec.json.Decoder(Event | MessageReference).decode
_encode = msgspec.json.Encoder().encode


class Bus:
    """Publishes this process's events to the others, and hands theirs to `receive`.

    `missed` is called whenever listening has begun, at first and again: what was told before that may be lost, so
    every device then asks for what changed. `degraded` is called with True when Redis is lost and with False when
    it is back. `read_message` finds the message that a `MessageReference` stands for.
    """

    def __init__(
        self,
        redis_client: redis.Redis,
        pool: db.Pool,
        database_url: str,
        *,
        receive: Callable[[Event], None],
        missed: Callable[[], Awaitable[None]],
        degraded: Callable[[bool], Awaitable[None]],
        read_message: Callable[[UUID, int], Awaitable[Message | None]],
    ) -> None:
        self._redis = redis_client
        self._publish_all = redis_client.register_script(PUBLISH_ALL)
        self._pool = pool
        self._database_url = database_url
        self._receive = receive
        self._missed = missed
        self._degraded = degraded
        self._read_message = read_message
        self._origin = new_id().hex.encode()
        self._waiting: deque[tuple[str, Event]] = deque(maxlen=MAX_WAITING)
        self._wake = asyncio.Event()
        self._publisher: asyncio.Task[None]
        self._listeners: list[asyncio.Task[None]]
        # Set when listening has begun for the first time, or has failed to.
        self._tried = {"redis": asyncio.Event(), "postgres": asyncio.Event()}
        self.redis_up = True

    def publish(self, channel: str, event: Event) -> None:
        """Tell the other processes, soon. Never waits and never fails."""
        self._waiting.append((channel, event))
        self._wake.set()

    async def start(self) -> None:
        """Begin to listen and to publish; what can't be reached yet is tried again for ever.

        Whoever connects after this misses nothing that another process tells.
        """
        self._publisher = asyncio.create_task(self._publish_for_ever())
        self._listeners = [
            asyncio.create_task(self._listen_for_ever("redis", self._listen_to_redis)),
            asyncio.create_task(self._listen_for_ever("postgres", self._listen_to_postgres)),
        ]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                await asyncio.gather(*(tried.wait() for tried in self._tried.values()))

    async def stop(self) -> None:
        """Publish what waits, then stop."""
        await end(self._publisher)
        with contextlib.suppress(*redis.UNAVAILABLE, *db.UNAVAILABLE):
            async with asyncio.timeout(1):
                await self._publish_waiting()
        await end(*self._listeners)

    async def _publish_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._publish_waiting()
            except db.UNAVAILABLE as error:
                metrics.bus_errors.inc()
                log.warning("bus.publish_failed", error=type(error).__name__)
                await asyncio.sleep(RECONNECT_SECONDS[1])
                self._wake.set()
            except Exception:
                metrics.bus_errors.inc()
                log.exception("bus.publish_failed")

    async def _publish_waiting(self) -> None:
        """Publish all that waits. What neither server takes goes on waiting: the last message before a silence would
        else be missed by devices that have no reason to ask for it."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            try:
                await self._publish_batch(batch)
            except (*db.UNAVAILABLE, asyncio.CancelledError):
                self._waiting.extendleft(reversed(batch))
                raise

    async def _publish_batch(self, batch: list[tuple[str, Event]]) -> None:
        if self.redis_up:
            try:
                await self._publish_to_redis(batch)
            except redis.UNAVAILABLE:
                metrics.bus_errors.inc()
                await self._set_redis_up(False)
            else:
                return
        await self._notify(batch)

    async def _publish_to_redis(self, batch: list[tuple[str, Event]]) -> None:
        await self._publish_all(
            args=[part for channel, event in batch for part in (channel, self._origin + _encode(event))]
        )

    async def _notify(self, batch: list[tuple[str, Event]]) -> None:
        """All but who is typing: that isn't worth a transaction."""
        events = [event for _channel, event in batch if not isinstance(event, TypingEvent)]
        if not events:
            return
        payloads = [(self._origin + _encode(_as_notice(event))).decode() for event in events]
        async with self._pool.acquire() as connection:
            await queries.notify(connection, payloads=payloads)

    async def _set_redis_up(self, up: bool) -> None:
        if up != self.redis_up:
            self.redis_up = up
            log.warning("bus.redis_back" if up else "bus.redis_lost")
            await self._degraded(not up)

    async def _listen_for_ever(self, name: str, listen: Callable[[], Awaitable[None]]) -> None:
        """Run `listen` again and again."""
        attempt = 0
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await listen()
            except (*redis.UNAVAILABLE, *db.UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("bus.listener_lost", server=name, error=type(error).__name__)
            except Exception:
                log.exception("bus.listener_failed", server=name)
            self._tried[name].set()
            if asyncio.get_running_loop().time() - started > RECONNECT_SECONDS[-1]:
                attempt = 0
            await asyncio.sleep(RECONNECT_SECONDS[min(attempt, len(RECONNECT_SECONDS) - 1)])
            attempt += 1

    async def _begun(self, name: str) -> None:
        self._tried[name].set()
        await self._missed()

    async def _listen_to_redis(self) -> None:
        try:
            await self._hear_redis()
        except Exception:
            # Being told to stop is no such loss.
            await self._set_redis_up(False)
            raise

    async def _hear_redis(self) -> None:
        async with self._redis.pubsub() as subscriber:
            await subscriber.psubscribe(PREFIX + "*")
            silent = False
            while True:
                message = await subscriber.get_message(timeout=SILENCE_SECONDS)
                if message is None:
                    if silent:
                        raise TimeoutError("the subscription gives no sign of life")
                    silent = True
                    await subscriber.ping()
                    continue
                silent = False
                await self._set_redis_up(True)
                if message["type"] == "pmessage":
                    self._received(message["data"])
                elif message["type"] == "psubscribe":
                    # Also where nobody asked: after a lost connection the client subscribes anew by itself.
                    await self._begun("redis")

    async def _listen_to_postgres(self) -> None:
        """A connection of its own: one that is lent out by the pool can't listen."""
        connection = await asyncpg.connect(self._database_url, timeout=5)
        # None says that the connection has ended.
        notices: asyncio.Queue[bytes | None] = asyncio.Queue()

        def noticed(_connection: object, _process: int, _channel: str, payload: object) -> None:
            if notices.qsize() < MAX_WAITING:
                notices.put_nowait(str(payload).encode())
            else:
                notices.put_nowait(None)

        try:
            connection.add_termination_listener(lambda _connection: notices.put_nowait(None))
            await connection.add_listener(queries.NOTIFY_CHANNEL, noticed)
            await self._begun("postgres")
            while True:
                try:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        notice = await notices.get()
                except TimeoutError:
                    await queries.give_sign_of_life(connection, timeout=SILENCE_SECONDS)
                    continue
                if notice is None:
                    return
                await self._noticed(notice)
        finally:
            await connection.close(timeout=1)

    def _received(self, data: bytes) -> None:
        if data.startswith(self._origin):
            return
        try:
            self._receive(_decode_event(data[len(self._origin) :]))
        except msgspec.DecodeError:
            # From a process of another version, in the middle of a deploy.
            log.warning("bus.unknown_event")

    async def _noticed(self, data: bytes) -> None:
        if data.startswith(self._origin):
            return
        try:
            notice = _decode_notice(data[len(self._origin) :])
        except msgspec.DecodeError:
            log.warning("bus.unknown_event")
            return
        if isinstance(notice, MessageReference):
            message = await self._read_message(notice.conversation_id, notice.revision)
            if message is not None:
                self._receive(_MESSAGE_EVENTS[notice.event](message))
        else:
            self._receive(notice)


def _as_notice(event: Event) -> Event | MessageReference:
    if isinstance(event, MessageEvent):
        message, tag = event.message, cast("Any", event.__struct_config__.tag)
        return MessageReference(tag, message.conversation_id, message.revision)
    return event
