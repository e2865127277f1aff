"""A person's device as cheap as can be: it shares the two cores with what it measures.

No library for WebSockets, no JSON: a protocol that finds the ends of frames, and two fields found by their names.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import cast
from uuid import UUID

from bench.people import Person

_TEXT, _CLOSE, _PING = 0x1, 0x8, 0x9
_GREETING, _SUBSCRIBED = b'{"type":"auth:success"', b'{"type":"subscribed"'
CONNECTS_AT_ONCE = 32
PATIENCE = 60.0


class Device(asyncio.Protocol):
    """One socket. `on_frame` gets each text frame; pings are answered, as every browser does."""

    def __init__(self, on_frame: Callable[[bytes], None]) -> None:
        self.on_frame = on_frame
        self.close_code: int | None = None
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio says: connected."""
        # uvloop's transports inherit from asyncio's base class only.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Asyncio says: some bytes came."""
        if self._rest:
            data = self._rest + data
        if not self.opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(ConnectionRefusedError(head.decode()))
                return
            self.opened.set_result(None)
        at, size = 0, len(data)
        while size - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                start = at + 4
                length = int.from_bytes(data[at + 2 : start], "big")
            elif length == 127:
                start = at + 10
                length = int.from_bytes(data[at + 2 : start], "big")
            end_of_frame = start + length
            if end_of_frame > size:
                break
            opcode = data[at] & 0xF
            if opcode == _TEXT:
                self.on_frame(data[start:end_of_frame])
            else:
                self._control(opcode, data[start:end_of_frame])
            at = end_of_frame
        self._rest = data[at:]

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio says: it has ended."""
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionResetError("closed before the handshake"))

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self.write(bytes([0x8A, 0x80 | len(payload), 0, 0, 0, 0]) + payload)
        elif opcode == _CLOSE:
            self.close_code = int.from_bytes(payload[:2], "big")

    def write(self, data: bytes) -> None:
        """Put bytes on the wire."""
        assert self._transport is not None
        self._transport.write(data)

    def close(self) -> None:
        """Go away without a word."""
        if self._transport is not None:
            self._transport.abort()


def text_frame(payload: bytes) -> bytes:
    """A client's text frame. Its mask is zero, which is one of the masks and leaves the payload as it is."""
    size = len(payload)
    head = bytes([0x81, 0x80 | size]) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


def send_frame(conversation_id: UUID, client_message_id: str, content: str) -> bytes:
    """A `message:send`."""
    return text_frame(
        b'{"type":"message:send","payload":{"conversation_id":"%b","client_message_id":"%b","content":"%b"}}'
        % (str(conversation_id).encode(), client_message_id.encode(), content.encode())
    )


def read_frame(conversation_id: UUID, up_to_seq: int) -> bytes:
    """A `receipt:read`."""
    return text_frame(
        b'{"type":"receipt:read","payload":{"conversation_id":"%b","up_to_seq":%d}}'
        % (str(conversation_id).encode(), up_to_seq)
    )


def seq_of(frame: bytes) -> int:
    """The sequence number in a frame."""
    start = frame.index(b'"seq":') + 6
    return int(frame[start : frame.index(b",", start)])


async def connect(
    url: str, person: Person, on_frame: Callable[[bytes], None], *, open_: Sequence[UUID] = (), greeted: bool = True
) -> Device:
    """A device that is on line, signed in, with the conversations `open_` on its screen.

    `greeted` is false for a server that says nothing of its own accord.
    """
    host, _, port = url.removeprefix("http://").partition(":")
    answers: asyncio.Queue[bytes] = asyncio.Queue()
    _, device = await asyncio.get_running_loop().create_connection(lambda: Device(answers.put_nowait), host, int(port))
    device.write(
        f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {url}\r\nCookie: chat_session={person.token}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    async with asyncio.timeout(PATIENCE):
        await device.opened
        if greeted:
            await _expect(answers, _GREETING)
        for conversation_id in open_:
            device.write(
                text_frame(b'{"type":"subscribe","payload":{"conversation_id":"%b"}}' % str(conversation_id).encode())
            )
            await _expect(answers, _SUBSCRIBED)
    device.on_frame = on_frame
    return device


async def _expect(answers: "asyncio.Queue[bytes]", beginning: bytes) -> None:
    """Wait for the frame that begins so; what comes before it is news that nobody asked for."""
    while not (await answers.get()).startswith(beginning):
        pass


async def connect_all(
    url: str,
    people: Sequence[Person],
    listener: Callable[[int], Callable[[bytes], None]],
    *,
    open_: Sequence[Sequence[UUID]],
    greeted: bool = True,
) -> list[Device]:
    """A device for each person; `listener(number)` makes what gets the frames of the person of that number."""
    gate = asyncio.Semaphore(CONNECTS_AT_ONCE)

    async def connect_one(number: int) -> Device:
        async with gate:
            return await connect(url, people[number], listener(number), open_=open_[number], greeted=greeted)

    return list(await asyncio.gather(*(connect_one(number) for number in range(len(people)))))
