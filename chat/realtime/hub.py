"""Who is connected to this process, and which of them an event is for."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from uuid import UUID

import msgspec

from chat.events import (
    ConversationListed,
    Event,
    MessageCreated,
    MessageDeleted,
    MessageEvent,
    MessageUpdated,
    ReadMoved,
    SessionsRevoked,
)
from chat.realtime.connection import NO_HEARTBEAT, REVOKED, Connection
from chat.realtime.frames import ConversationListedAnew, Frame, SystemDegraded, html_form, json_form
from chat.realtime.render import Renderer
from chat.realtime.updates import ConversationUpdates
from chat.web import metrics
from chat.web.logs import get_logger

log = get_logger()

# After so many writes in a row the loop gets a turn, so that a large room does not delay everyone else's messages.
WRITES_PER_TURN = 250


class Hub:
    """Delivers events to the connections of this process.

    `emit` only puts an event into a queue: whoever emits never waits for a socket, and a broken delivery never fails
    the action that caused it. One task empties the queue, so events reach each socket in the order of their commits.
    The queue is bounded by what the writer can commit between two turns of the loop, as delivery waits for nobody.
    """

    def __init__(
        self,
        renderer: Renderer,
        updates: ConversationUpdates,
        *,
        heartbeat_interval: float,
        heartbeat_timeout: float,
    ) -> None:
        self._renderer = renderer
        self._updates = updates
        self._heartbeat_interval = heartbeat_interval
        self._heartbeat_timeout = heartbeat_timeout
        self._queue: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._by_user: defaultdict[UUID, set[Connection]] = defaultdict(set)
        self._by_conversation: defaultdict[UUID, set[Connection]] = defaultdict(set)
        self._conversations: dict[Connection, set[UUID]] = {}
        self.degraded = False

    def __len__(self) -> int:
        return len(self._conversations)

    @property
    def connections(self) -> list[Connection]:
        """Everyone who is connected now."""
        return list(self._conversations)

    def connections_of(self, user_id: UUID) -> int:
        """How many devices, or windows, of this person are connected to this process."""
        return len(self._by_user.get(user_id, ()))

    def add(self, connection: Connection) -> None:
        """From now on the connection gets what is for its user; `join` adds the conversations."""
        self._conversations[connection] = set()
        self._by_user[connection.user_id].add(connection)
        metrics.connections.set(len(self._conversations))

    def join(self, connection: Connection, conversation_ids: Iterable[UUID]) -> bool:
        """Tell the connection of these conversations too; does nothing for one that has gone. False where it was
        told of all of them before."""
        joined = self._conversations.get(connection)
        if joined is None:
            return False
        new = set(conversation_ids) - joined
        joined |= new
        for conversation_id in new:
            self._by_conversation[conversation_id].add(connection)
        return bool(new)

    def remove(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        for conversation_id in self._conversations.pop(connection, ()):
            _discard(self._by_conversation, conversation_id, connection)
        _discard(self._by_user, connection.user_id, connection)
        metrics.connections.set(len(self._conversations))

    def emit(self, event: Event) -> None:
        """Put an event into the queue."""
        self._queue.append(event)
        self._wake.set()

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                event = self._queue.popleft()
                try:
                    await self._deliver(event)
                except Exception:
                    log.exception("event.delivery_failed", type=type(event).__name__)

    async def _deliver(self, event: Event) -> None:
        match event:
            case MessageCreated() | MessageUpdated() | MessageDeleted():
                await self._deliver_message(event)
            case ReadMoved():
                devices = self._by_user.get(event.user_id, set())
                await self._tell(devices, event)
                self._note(devices, event.conversation_id)
            case ConversationListed(user_id, conversation_id):
                devices = self._by_user.get(user_id, set())
                for connection in devices:
                    self.join(connection, [conversation_id])
                pages = [connection for connection in devices if not connection.speaks_json]
                await self._tell(pages, ConversationListedAnew(conversation_id))
                self._note(devices, conversation_id)
            case SessionsRevoked():
                for connection in tuple(self._by_user.get(event.user_id, ())):
                    if event.session_ids is None or connection.session_id in event.session_ids:
                        connection.close_later(REVOKED)

    async def _deliver_message(self, event: MessageEvent) -> None:
        """On screen the message itself, elsewhere only the row in the list; for programs, to those that subscribed, the
        message, and to all of them soon what became of the conversation. Each form is made once."""
        message = event.message
        connections = self._by_conversation.get(message.conversation_id)
        if not connections:
            return
        is_new = isinstance(event, MessageCreated)
        on_screen, elsewhere, programs = [], [], []
        for connection in connections:
            # Nearly all sockets wait for nothing, and a look at that is cheap.
            if (
                connection.sending
                and is_new
                and message.client_message_id in connection.sending
                and connection.user_id == message.sender.id
            ):
                connection.sending.discard(message.client_message_id)
                self._note([connection], message.conversation_id)
            elif connection.speaks_json:
                programs.append(connection)
            elif message.conversation_id in connection.open:
                on_screen.append(connection)
            else:
                elsewhere.append(connection)
        if on_screen:
            await self._send(on_screen, self._renderer.message_on_screen(event))
        if elsewhere:
            await self._send(elsewhere, self._renderer.message_elsewhere(event))
        subscribed = [connection for connection in programs if message.conversation_id in connection.open]
        if subscribed:
            await self._send(subscribed, json_form(event))
        self._note(programs, message.conversation_id)

    def _note(self, connections: Iterable[Connection], conversation_id: UUID) -> None:
        for connection in connections:
            if connection.speaks_json:
                self._updates.note(connection, conversation_id)

    async def _tell(self, connections: Iterable[Connection], told: msgspec.Struct) -> None:
        """Something that is the same for pages and programs, in both forms."""
        for is_program, form in ((False, html_form), (True, json_form)):
            chosen = [connection for connection in connections if connection.speaks_json is is_program]
            if chosen:
                await self._send(chosen, form(told))

    async def _send(self, connections: Iterable[Connection], frame: bytes) -> None:
        written = 0
        for connection in tuple(connections):
            written += await connection.send(frame)
            if written % WRITES_PER_TURN == WRITES_PER_TURN - 1:
                await asyncio.sleep(0)
        metrics.deliveries.inc(written)

    async def set_degraded(self, is_degraded: bool) -> None:
        """Redis was lost, or is back: everyone is told now, whoever connects later when they do."""
        self.degraded = is_degraded
        await self.broadcast(SystemDegraded(is_degraded))

    async def broadcast(self, frame: Frame) -> None:
        """The same to everyone who is connected here."""
        await self._tell(self._conversations, frame)

    async def keep_alive(self) -> None:
        """Every heartbeat interval: ping who has been silent, close who has stayed so."""
        while True:
            await asyncio.sleep(self._heartbeat_interval)
            now = time.monotonic()
            for connection in self.connections:
                silent = now - connection.heard_at
                if silent > self._heartbeat_timeout:
                    connection.close_later(NO_HEARTBEAT)
                elif silent >= self._heartbeat_interval:
                    await connection.ping()

    async def close_all(self, code: int) -> None:
        """Close every socket, and wait until each has answered or been cut."""
        connections = self.connections
        for connection in connections:
            connection.close_later(code)
        await asyncio.gather(*(connection.closed() for connection in connections))


def _discard(index: defaultdict[UUID, set[Connection]], key: UUID, connection: Connection) -> None:
    connections = index.get(key)
    if connections is not None:
        connections.discard(connection)
        if not connections:
            del index[key]
