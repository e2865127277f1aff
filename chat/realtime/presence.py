"""What devices are told of who is there."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from chat.events import PresenceChanged
from chat.realtime.frames import Frame


class PresenceUpdate(Frame, frozen=True, tag="presence:update"):
    """Whether somebody is there, and on which device, to whom may see it; of who isn't, since when. `unknown`: this is
    no longer shown."""

    user_id: UUID
    status: Literal["online", "away", "offline", "unknown"]
    device: Literal["desktop", "mobile"] | None
    last_seen_at: datetime | None

    def looks_like(self, other: "PresenceUpdate") -> bool:
        """Whether it says the same but for the time."""
        return self.status == other.status and self.device == other.device


def presence_update(event: PresenceChanged) -> PresenceUpdate:
    """The news of somebody who came, went away or came back."""
    last_seen_at = None if event.last_seen is None else datetime.fromtimestamp(event.last_seen, UTC)
    return PresenceUpdate(event.user_id, event.status, event.device, last_seen_at)


def presence_unknown(user_id: UUID) -> PresenceUpdate:
    """Somebody is not shown any more."""
    return PresenceUpdate(user_id, "unknown", None, None)
