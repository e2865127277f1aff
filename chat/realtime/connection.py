"""One open socket, as the rest of the program sees it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from aiohttp import ClientConnectionResetError, WSMsgType, web

from chat.events import TypingEvent
from chat.realtime.frames import Frame, html_form, json_form
from chat.realtime.person import Person
from chat.web import metrics

# Close codes of the protocol. After 1001, 1013, 4408 and 4429 the browser comes back; after 4401 and 4403 it goes to
# the sign-in page.
GOING_AWAY = 1001
TOO_SLOW = 1013
NOT_SIGNED_IN = 4401
REVOKED = 4403
NO_HEARTBEAT = 4408
TOO_MANY_CONNECTS = 4429

# How long a closing handshake may take before the connection is cut.
CLOSE_SECONDS = 4.0


# A page has one conversation on screen, or a few; a program may look after many.
MAX_OPEN = {False: 20, True: 1000}


class Connection:
    """A signed-in device: a page, which is told everything as HTML, or a program, which `speaks_json`.

    `open` holds the conversations that it subscribed to. `sending` holds the client message ids that it waits for,
    so that its own message reaches it once, as a confirmation, and not a second time as news. `typing` holds the
    conversations in which others have been told that its person types. `has_left`: it said goodbye before it ended. All
    sockets of a person share one `person`.
    """

    __slots__ = (
        "_buffer_bytes",
        "_closing",
        "_closing_code",
        "_socket",
        "_transport",
        "has_left",
        "heard_at",
        "may_write",
        "open",
        "person",
        "sending",
        "session_id",
        "speaks_json",
        "typing",
        "user_id",
    )

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport,
        *,
        person: Person,
        session_id: UUID,
        buffer_bytes: int,
        speaks_json: bool = False,
        may_write: bool = True,
    ) -> None:
        self._socket = socket
        self._transport = transport
        self._buffer_bytes = buffer_bytes
        self._closing: asyncio.Task[None] | None = None
        self._closing_code: int | None = None
        self.person = person
        self.user_id = person.user_id
        self.session_id = session_id
        self.speaks_json = speaks_json
        self.may_write = may_write
        self.open: set[UUID] = set()
        self.sending: set[UUID] = set()
        self.typing: set[UUID] = set()
        self.heard_at = time.monotonic()
        self.has_left = False

    async def send(self, frame: bytes, kind: WSMsgType = WSMsgType.TEXT) -> bool:
        """Write a frame without ever waiting for the reader; False where it was not written.

        The transport's write buffer is this socket's queue. One that has more than `buffer_bytes` unread is closed
        with 1013: its reader comes back and syncs, and holds up nobody meanwhile. (The socket was made with a
        `writer_limit` that is never reached, so `send_frame` does not wait for the buffer to drain either.)
        """
        if self._closing is not None:
            return False
        if self._transport.get_write_buffer_size() > self._buffer_bytes:
            self.close_later(TOO_SLOW)
            return False
        try:
            await self._socket.send_frame(frame, kind)
        except (ClientConnectionResetError, ConnectionError, RuntimeError):
            return False
        return True

    async def tell(self, frame: Frame | TypingEvent, html: Callable[[], Awaitable[bytes]] | None = None) -> bool:
        """Say something to this device alone, in its form; `html` makes the one for a page where there is more in it
        than the fields."""
        if self.speaks_json:
            return await self.send(json_form(frame))
        return await self.send(html_form(frame) if html is None else await html())

    async def pong(self, data: bytes) -> None:
        """Answer a ping, as little waiting for the reader as `send`."""
        await self.send(data, WSMsgType.PONG)

    async def ping(self) -> None:
        """Ask for a sign of life, which every browser gives by itself, even in a tab with throttled timers."""
        try:
            await self._socket.ping()
        except (ClientConnectionResetError, ConnectionError, RuntimeError):
            self._transport.abort()

    def close_later(self, code: int) -> None:
        """Close without being waited for; the connection is cut where the reader does not answer."""
        if self._closing is None:
            self._closing_code = code
            if code == TOO_SLOW:
                metrics.slow_sockets.inc()
            self._closing = asyncio.create_task(self._close(code))

    @property
    def was_revoked(self) -> bool:
        """Whether it was closed because its session ended."""
        return self._closing_code == REVOKED

    async def closed(self) -> None:
        """Wait for what `close_later` began."""
        if self._closing is not None:
            await self._closing

    async def _close(self, code: int) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._socket.close(code=code, drain=False)
        except (TimeoutError, ClientConnectionResetError, ConnectionError, RuntimeError):
            pass
        if self._transport.get_write_buffer_size():
            # The close frame stands behind all that the reader hasn't read yet: it gets a moment to get there.
            await asyncio.sleep(CLOSE_SECONDS)
            self._transport.abort()
