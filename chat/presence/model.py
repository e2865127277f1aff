"""A device of somebody, and what it says of its person. Nothing here asks for the time: it is given."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias
from uuid import UUID, uuid4

Activity: TypeAlias = Literal["online", "away"]
Kind: TypeAlias = Literal["desktop", "mobile"]

# Without activity for so long a device is away.
AWAY_SECONDS = 300.0
# What is older is as good as this.
IDLE_MAX = 86_400.0


class Beat(NamedTuple):
    """What Redis is told of a device: from `age` seconds ago it lives for `life` seconds; with a `life` of 0 it is no
    more. `idle`: seconds since its person did something on it."""

    user_id: UUID
    device: str
    status: Activity
    kind: Kind
    idle: float
    age: float
    life: float


@dataclass(slots=True)
class Device:
    """One open page or program of somebody, from its first heartbeat on. Times are of a clock that never goes back.

    `active_at` is when the person last did something on it, as far as it has told; `away_at` when it will be away, if
    nothing more is said. `sent`, `sent_at` and `sent_heard_at` are what Redis was told, when, and of what moment; None
    where it has to be told anew. `is_known`: whether it may know of the device.
    """

    user_id: UUID
    active_at: float
    away_at: float
    kind: Kind = "desktop"
    id: str = field(default_factory=lambda: uuid4().hex[:16])
    is_known: bool = False
    sent: tuple[Activity, Kind] | None = None
    sent_at: float = 0.0
    sent_heard_at: float = 0.0

    def hear(self, *, status: Activity, kind: Kind, idle: float | None, now: float) -> None:
        """It has said how it is. Who doesn't say since when nothing was done was active when it came on line, or
        back."""
        was_away = self.status(now) == "away"
        self.kind = kind
        if idle is not None:
            self.active_at = now - min(idle, IDLE_MAX)
        elif was_away and status == "online":
            self.active_at = now
        since = now if idle is None else self.active_at
        self.away_at = now if status == "away" else since + AWAY_SECONDS

    def status(self, now: float) -> Activity:
        """Whether the person does something on it."""
        return "online" if now < self.away_at else "away"

    def beat(self, *, now: float, heard_at: float, life: float) -> Beat:
        """What there is to tell of it now; it was last heard of at `heard_at`."""
        return Beat(self.user_id, self.id, self.status(now), self.kind, now - self.active_at, now - heard_at, life)


def new_device(user_id: UUID, *, now: float) -> Device:
    """A device that is about to say how it is."""
    return Device(user_id, active_at=now, away_at=now)
