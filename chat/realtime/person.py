"""What the sockets of one person share in this process."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from chat.realtime.pace import Pace


@dataclass(frozen=True, slots=True)
class Privacy:
    """What decides which news of others a person is told, and which of the person's own others are told.

    There is a block with those whom the person has blocked, and with those by whom the person is `blocked_by`. Reads
    are shared or not, in all conversations but those in `overrides`: who doesn't share them isn't told of anybody
    else's.
    """

    blocked: frozenset[UUID] = frozenset()
    blocked_by: frozenset[UUID] = frozenset()
    shares_reads: bool = False
    overrides: Mapping[UUID, bool] = field(default_factory=dict)
    invisible: bool = True

    def is_changed_by_oneself(self, before: "Privacy") -> bool:
        """Whether this differs from what was before by more than what others have done."""
        return replace(self, blocked_by=before.blocked_by) != before


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
        privacy = self.privacy
        return user_id != self.user_id and user_id not in privacy.blocked and user_id not in privacy.blocked_by

    def shares_reads(self, conversation_id: UUID) -> bool:
        """Whether what this person reads there is told to others, and so what others read to this person."""
        return self.privacy.overrides.get(conversation_id, self.privacy.shares_reads)
