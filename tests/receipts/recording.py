"""What a web process has of receipts, without the process."""

from uuid import UUID

from chat.db import Pool
from chat.events import Event, ReceiptMoved
from chat.receipts.model import ReadState, Receipt
from chat.receipts.recorder import Recorder
from chat.redis import Redis


class Process:
    """What a web process has of it."""

    def __init__(self, pool: Pool, redis: Redis, *, direct_max: int) -> None:
        self.events: list[Event] = []
        self.recorder = Recorder(pool, redis, direct_max=direct_max, timeout=5, emit=self.events.append)

    async def reads(self, conversation: UUID, user_id: UUID, up_to: int) -> ReadState | None:
        return await self.recorder.record(Receipt(conversation, user_id, read=up_to))

    async def receives(self, conversation: UUID, user_id: UUID, up_to: int) -> ReadState | None:
        return await self.recorder.record(Receipt(conversation, user_id, delivered=up_to))

    @property
    def moved(self) -> list[tuple[UUID, int, int]]:
        """Who has received and read how far, as it was told."""
        return [
            (event.user_id, event.delivered_up_to, event.read_up_to)
            for event in self.events
            if isinstance(event, ReceiptMoved)
        ]
