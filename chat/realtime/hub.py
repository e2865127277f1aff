"""Who is connected to this process, and which of them an event is for."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from uuid import UUID

from chat.events import ConversationListed, Event, Message, MessageCreated, ReadMoved, SessionsRevoked
from chat.realtime.connection import NO_HEARTBEAT, REVOKED, Connection
from chat.realtime.render import Renderer, frame
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

    def __init__(self, renderer: Renderer, *, heartbeat_interval: float, heartbeat_timeout: float) -> None:
        self._renderer = renderer
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
            case MessageCreated(message):
                await self._deliver_message(message)
            case ReadMoved():
                await self._send(self._by_user.get(event.user_id, ()), self._renderer.read_moved(event))
            case ConversationListed():
                connections = tuple(self._by_user.get(event.user_id, ()))
                for connection in connections:
                    self.join(connection, [event.conversation_id])
                await self._send(connections, self._renderer.conversation_listed(event))
            case SessionsRevoked():
                for connection in tuple(self._by_user.get(event.user_id, ())):
                    if event.session_ids is None or connection.session_id in event.session_ids:
                        connection.close_later(REVOKED)

    async def _deliver_message(self, message: Message) -> None:
        """On screen the message itself, elsewhere only the row in the list; each is rendered once."""
        connections = self._by_conversation.get(message.conversation_id)
        if not connections:
            return
        on_screen, elsewhere = [], []
        for connection in connections:
            # Nearly all sockets wait for nothing, and a look at that is cheap.
            if (
                connection.sending
                and message.client_message_id in connection.sending
                and connection.user_id == message.sender.id
            ):
                connection.sending.discard(message.client_message_id)
            elif message.conversation_id in connection.open:
                on_screen.append(connection)
            else:
                elsewhere.append(connection)
        if on_screen:
            await self._send(on_screen, self._renderer.message_on_screen(message))
        if elsewhere:
            await self._send(elsewhere, self._renderer.message_elsewhere(message))

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
        await self.broadcast(frame("system:degraded", redis=is_degraded))

    async def broadcast(self, frame: bytes) -> None:
        """The same frame to everyone who is connected here."""
        await self._send(self._conversations, frame)

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
