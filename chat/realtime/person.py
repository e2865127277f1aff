"""What the sockets of one person share in this process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from chat.realtime.pace import Pace


@dataclass(frozen=True, slots=True)
class Privacy:
    """What decides which news of others a person is told, and which of the person's own others are told.

    `blocked` are those with whom there is a block, whoever made it. Reads are shared or not, in all conversations but
    those in `overrides`: who doesn't share them isn't told of anybody else's.
    """

    blocked: frozenset[UUID] = frozenset()
    shares_reads: bool = False
    overrides: Mapping[UUID, bool] = field(default_factory=dict)
    invisible: bool = True


class Person:
    """Somebody who is connected. Until `privacy` is known it is the narrowest; `asked_at` says as of when it is, by
    `time.monotonic`."""

    __slots__ = ("asked_at", "pace", "privacy", "user_id")

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id
        self.pace = Pace()
        self.privacy = Privacy()
        self.asked_at = float("-inf")

    def notices(self, user_id: UUID) -> bool:
        """Whether this is somebody else, without a block between the two."""
        return user_id != self.user_id and user_id not in self.privacy.blocked

    def shares_reads(self, conversation_id: UUID) -> bool:
        """Whether what this person reads there is told to others, and so what others read to this person."""
        return self.privacy.overrides.get(conversation_id, self.privacy.shares_reads)
