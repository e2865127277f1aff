"""Which of the connections an event is for, and in which form."""

import asyncio
import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from chat.events import (
    ContactsChanged,
    ConversationChanged,
    ConversationListed,
    ConversationRemoved,
    Event,
    MessageCreated,
    MessageDeleted,
    MessageEvent,
    MessageUpdated,
    PersonChanged,
    ReceiptCountsChanged,
    ReceiptMoved,
    SessionsRevoked,
    TypingEvent,
    TypingStarted,
    TypingStopped,
)
from chat.realtime.connection import NO_HEARTBEAT, REVOKED, Connection
from chat.realtime.delivery import send_to_all, tell_all
from chat.realtime.frames import (
    ContactsUpdated,
    ConversationGone,
    ConversationListedAnew,
    Frame,
    SystemDegraded,
    SystemResync,
    json_form,
)
from chat.realtime.person import Privacy
from chat.realtime.receipt_counts import ReceiptCounts
from chat.realtime.receipts import receipt_updated
from chat.realtime.render import Renderer
from chat.realtime.roster import Roster
from chat.realtime.typists import Typists
from chat.realtime.updates import ConversationUpdates
from chat.realtime.watchers import Watchers
from chat.web.logs import get_logger

log = get_logger()


class Hub:
    """Delivers events to the connections of this process.

    `emit` only puts an event into a queue: whoever emits never waits for a socket, and a broken delivery never fails
    the action that caused it. One task empties the queue, so events reach each socket in the order of their commits.
    The queue is bounded by what the writer can commit between two turns of the loop, as delivery waits for nobody.
    """

    def __init__(
        self,
        renderer: Renderer,
        roster: Roster,
        updates: ConversationUpdates,
        receipt_counts: ReceiptCounts,
        watchers: Watchers,
        *,
        heartbeat_interval: float,
        heartbeat_timeout: float,
        typing_seconds: float,
    ) -> None:
        self._renderer = renderer
        self._updates = updates
        self.receipt_counts = receipt_counts
        self._watchers = watchers
        self._heartbeat_interval = heartbeat_interval
        self._heartbeat_timeout = heartbeat_timeout
        self._queue: deque[Event] = deque()
        self._wake = asyncio.Event()
        self.roster = roster
        self.typists = Typists(typing_seconds, self.emit)
        self.degraded = False

    async def settle(self, user_id: UUID, conversation_id: UUID, *, is_member: bool) -> None:
        """What the database says holds, whatever the news were; whoever it was news for is told."""
        devices = self.roster.of(user_id)
        if is_member:
            new = [connection for connection in devices if self.roster.join(connection, [conversation_id])]
            await self._tell_listed(new, conversation_id)
        else:
            gone = [connection for connection in devices if self.roster.part(connection, conversation_id)]
            await tell_all(gone, ConversationGone(conversation_id, "removed"))
            await self._stop_typing(conversation_id, user_id)

    async def settle_privacy(self, privacy: Mapping[UUID, Privacy], *, asked_at: float) -> None:
        """What people share, and with whom, is this: those for whom it is new ask anew for what they see."""
        before = {user_id: self.roster.person_of(user_id).privacy.blocked_by for user_id in privacy}
        await tell_all(self.roster.set_privacy(privacy, asked_at=asked_at), SystemResync())
        for user_id, blocked_by in before.items():
            for connection in self.roster.of(user_id):
                await self._stop_seeing(connection, connection.person.privacy.blocked_by - blocked_by)

    async def _stop_seeing(self, connection: Connection, people: Collection[UUID]) -> None:
        """Nothing more is told of these people, not even that they no longer type."""
        for conversation_id in connection.open:
            for user_id in people:
                if self.typists.of(conversation_id, user_id):
                    await connection.tell(TypingStopped(conversation_id, user_id))

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
                    await self._watchers.hear(event)
                except Exception:
                    log.exception("event.delivery_failed", type=type(event).__name__)

    async def _deliver(self, event: Event) -> None:
        match event:
            case MessageCreated() | MessageUpdated() | MessageDeleted():
                await self._deliver_message(event)
            case ReceiptCountsChanged(conversation_id):
                self.receipt_counts.note(conversation_id)
            case ReceiptMoved():
                await self._deliver_receipt(event)
            case TypingStarted():
                if self.typists.start(event):
                    await self._tell_typing(event)
            case TypingStopped(conversation_id, user_id):
                await self._stop_typing(conversation_id, user_id)
            case ConversationListed(user_id, conversation_id):
                devices = self.roster.of(user_id)
                for connection in devices:
                    self.roster.join(connection, [conversation_id])
                await self._tell_listed(devices, conversation_id)
                self.roster.changed(user_id, conversation_id)
            case ConversationChanged():
                await self._deliver_changed(event)
            case ConversationRemoved():
                await self._deliver_removed(event)
            case ContactsChanged(user_id):
                await tell_all(self.roster.of(user_id), ContactsUpdated())
            case PersonChanged():
                self.roster.doubt_people([event.user_id])
            case SessionsRevoked():
                for connection in self.roster.of(event.user_id):
                    if event.session_ids is None or connection.session_id in event.session_ids:
                        connection.close_later(REVOKED)

    async def _deliver_message(self, event: MessageEvent) -> None:
        """On screen the message itself, elsewhere only the row in the list; for programs, to those that subscribed, the
        message, and to all of them soon what became of the conversation. Each form is made once."""
        message = event.message
        is_new = isinstance(event, MessageCreated)
        if is_new:
            await self._stop_typing(message.conversation_id, message.sender.id)
        connections = self.roster.told_of(message.conversation_id)
        if not connections:
            return
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
            await send_to_all(on_screen, self._renderer.message_on_screen(event))
        if elsewhere:
            await send_to_all(elsewhere, self._renderer.message_elsewhere(event))
        subscribed = [connection for connection in programs if message.conversation_id in connection.open]
        if subscribed:
            await send_to_all(subscribed, json_form(event))
        self._note(programs, message.conversation_id)

    async def _deliver_receipt(self, event: ReceiptMoved) -> None:
        """The person's own devices clear the badge. Of others, those that have a small conversation on screen see what
        they may: that something was read is not even told to those who may not know it."""
        conversation_id = event.conversation_id
        if event.is_read or event.is_marked:
            own = self.roster.of(event.user_id)
            await tell_all(own, receipt_updated(event, own=True))
            self._note(own, conversation_id)
        if not event.small or not (event.is_read or event.is_delivered):
            return
        seeing: list[Connection] = []
        others: list[Connection] = []
        for connection in self.roster.told_of(conversation_id):
            person = connection.person
            if conversation_id in connection.open and person.notices(event.user_id):
                (seeing if event.shared and person.shares_reads(conversation_id) else others).append(connection)
        await tell_all(seeing, receipt_updated(event))
        if event.is_delivered:
            await tell_all(others, receipt_updated(event, read=False))

    async def _deliver_changed(self, event: ConversationChanged) -> None:
        """The same for every page; programs are told with what is personal."""
        connections = self.roster.told_of(event.conversation_id)
        pages = [connection for connection in connections if not connection.speaks_json]
        if pages:
            await send_to_all(pages, self._renderer.conversation_changed(event))
        self._note(connections, event.conversation_id)
        if event.archived_at is not None:
            for typist in self.typists.in_conversation(event.conversation_id):
                await self._stop_typing(event.conversation_id, typist.user_id)

    async def _deliver_removed(self, event: ConversationRemoved) -> None:
        """This is the last that those devices hear of the conversation."""
        conversation_id, user_id = event.conversation_id, event.user_id
        devices = self.roster.of(user_id) if user_id else self.roster.told_of(conversation_id)
        for connection in devices:
            self.roster.part(connection, conversation_id)
            # Those who were in it may see each other no more, and nobody else is concerned.
            self._watchers.doubt(connection.user_id)
        await tell_all(devices, ConversationGone(conversation_id, event.reason))
        self.roster.changed(user_id, conversation_id)
        if user_id is None:
            self.typists.forget(conversation_id)
        else:
            await self._stop_typing(conversation_id, user_id)

    async def _stop_typing(self, conversation_id: UUID, user_id: UUID) -> None:
        if self.typists.stop(conversation_id, user_id):
            await self._tell_typing(TypingStopped(conversation_id, user_id))

    async def _tell_typing(self, event: TypingEvent) -> None:
        """To others who have the conversation on screen."""
        conversation_id = event.conversation_id
        connections = self.roster.told_of(conversation_id)
        watching = [one for one in connections if conversation_id in one.open and one.person.notices(event.user_id)]
        await tell_all(watching, event)

    async def _tell_listed(self, connections: Collection[Connection], conversation_id: UUID) -> None:
        pages = [connection for connection in connections if not connection.speaks_json]
        await tell_all(pages, ConversationListedAnew(conversation_id))
        self._note(connections, conversation_id)

    def _note(self, connections: Iterable[Connection], conversation_id: UUID) -> None:
        for connection in connections:
            if connection.speaks_json:
                self._updates.note(connection, conversation_id)

    async def set_degraded(self, is_degraded: bool) -> None:
        """Redis was lost, or is back: everyone is told now, whoever connects later when they do."""
        self.degraded = is_degraded
        await self.broadcast(SystemDegraded(is_degraded))

    async def broadcast(self, frame: Frame) -> None:
        """The same to everyone who is connected here."""
        await tell_all(self.roster.connections, frame)

    async def keep_alive(self) -> None:
        """Ping who has been silent for a heartbeat interval, close who has stayed so."""
        while True:
            # Somebody whose page does nothing any more is then heard of in time to stay present.
            await asyncio.sleep(self._heartbeat_interval / 3)
            now = time.monotonic()
            for connection in self.roster.connections:
                silent = now - connection.heard_at
                if silent > self._heartbeat_timeout:
                    connection.close_later(NO_HEARTBEAT)
                elif silent >= self._heartbeat_interval:
                    await connection.ping()

    async def close_all(self, code: int) -> None:
        """Close every socket, and wait until each has answered or been cut."""
        connections = self.roster.connections
        for connection in connections:
            connection.close_later(code)
        await asyncio.gather(*(connection.closed() for connection in connections))
