"""Says the same to many connections: each form is made once, and nobody waits for a slow reader."""

import asyncio
from collections.abc import Collection, Iterable

from chat.events import TypingEvent
from chat.realtime.connection import Connection
from chat.realtime.frames import Frame, html_form, json_form
from chat.web import metrics

# After so many writes in a row the loop gets a turn, so that a large room does not delay everyone else's messages.
WRITES_PER_TURN = 250


async def tell_all(connections: Collection[Connection], told: Frame | TypingEvent) -> None:
    """Something that is the same for pages and programs, in both forms."""
    for is_program, form in ((False, html_form), (True, json_form)):
        chosen = [connection for connection in connections if connection.speaks_json is is_program]
        if chosen:
            await send_to_all(chosen, form(told))


async def send_to_all(connections: Iterable[Connection], frame: bytes) -> None:
    """One form, to those that it is for."""
    written = 0
    for connection in tuple(connections):
        written += await connection.send(frame)
        if written % WRITES_PER_TURN == WRITES_PER_TURN - 1:
            await asyncio.sleep(0)
    metrics.deliveries.inc(written)
