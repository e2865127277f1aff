"""How fast the frames of one person are read, over all of this person's sockets to this process."""

import time


class Pace:
    """A bucket of one second's frames that fills up again steadily.

    Nobody is refused: a frame that comes too early waits, and with it those behind it on the same socket.
    """

    __slots__ = ("_due",)

    def __init__(self) -> None:
        self._due = 0.0

    def take(self, per_second: int, *, frames: float = 1) -> float:
        """Count a frame, or what costs as much as so many; the seconds for which it has to wait."""
        now = time.monotonic()
        self._due = max(self._due, now) + frames / per_second
        return max(0.0, self._due - now - 1.0)
