"""One conversation on many screens: what each of them has received, and how to let people write in it."""

import asyncio
from collections.abc import Callable, Mapping
from uuid import UUID, uuid4

from bench.device import Device, send_frame, seq_of

PATIENCE = 120.0
CONTENT = "Lunch is here: falafel, salad, and the good bread. Come and get it while it is warm!"
_RECEIVED, _SENT = b'{"type":"message:received"', b'{"type":"message:sent"'


class Audience:
    """Everyone who has the conversation on screen: the sequence numbers that each has seen, and the last frame."""

    def __init__(self, count: int) -> None:
        self.received: list[list[int]] = [[] for _ in range(count)]
        self.confirmed: list[list[int]] = [[] for _ in range(count)]
        self.frame = b""
        self.on_confirmed: Callable[[int], None] = lambda _: None
        self._left = 0
        self._all_here = asyncio.Event()

    def __len__(self) -> int:
        return len(self.received)

    def listener(self, number: int) -> Callable[[bytes], None]:
        """What gets the frames of one socket."""

        def on_frame(frame: bytes) -> None:
            if frame.startswith(_RECEIVED):
                self.frame = frame
                self.received[number].append(seq_of(frame))
            elif frame.startswith(_SENT):
                self.confirmed[number].append(seq_of(frame))
                self.on_confirmed(number)
            self._left -= 1
            if not self._left:
                self._all_here.set()

        return on_frame

    def expect(self, messages: int) -> None:
        """From now on, so many messages for everyone."""
        self._left = messages * len(self)
        self._all_here.clear()

    async def all_here(self) -> None:
        """Wait for them."""
        async with asyncio.timeout(PATIENCE):
            await self._all_here.wait()

    def check(self, messages: int) -> None:
        """Everyone has every message once, and what others wrote in its order."""
        for received, confirmed in zip(self.received, self.confirmed, strict=True):
            assert received == sorted(received), "a message came out of order"
            assert sorted(received + confirmed) == list(range(1, messages + 1)), "a message is missing, or came twice"


async def converse(writers: Mapping[int, Device], conversation_id: UUID, audience: Audience, *, each: int) -> None:
    """Let each writer send so many messages, one after another, until everyone has them all.

    The writers go by the numbers of their listeners.
    """
    left = dict.fromkeys(writers, each)

    def send_next(number: int) -> None:
        if left[number]:
            left[number] -= 1
            writers[number].write(send_frame(conversation_id, str(uuid4()), CONTENT))

    audience.on_confirmed = send_next
    audience.expect(each * len(writers))
    for number in writers:
        send_next(number)
    await audience.all_here()
