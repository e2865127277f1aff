"""How many have read the newest messages of a larger conversation, for those who wrote them. Pure: no database."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID


class Written(NamedTuple):
    """Which messages somebody wrote, and between whom and that person there is a block: of those nothing is told."""

    sender_id: UUID
    seqs: Collection[int]
    blocked: frozenset[UUID] = frozenset()

    @property
    def left_out(self) -> frozenset[UUID]:
        """Who counts for nothing."""
        return self.blocked | {self.sender_id}


class Group(NamedTuple):
    """Members with the same watermarks: so many `people` who came after message `joined_seq` and have read up to
    `read_up_to`, which is 0 where they don't share that; the furthest of them has received `delivered_up_to`. Whoever
    is left out for a sender stands alone, with a `user_id`."""

    user_id: UUID | None
    joined_seq: int
    delivered_up_to: int
    read_up_to: int
    people: int


class Tally(NamedTuple):
    """What the sender of some messages is told of them: how many have read each, the newest first, how far anybody else
    has received, and how far has read who was there before the oldest of them: that is for those that are older."""

    counts: list[tuple[int, int]]
    delivered_up_to: int
    read_up_to: int


def tallies(groups: Sequence[Group], written: Iterable[Written]) -> dict[UUID, Tally]:
    """For each sender of what was `written`."""
    sharing = [group for group in groups if group.read_up_to]
    have_read = _at_or_beyond((group.read_up_to, group.people) for group in sharing)
    came_later = _at_or_beyond((group.joined_seq, group.people) for group in sharing)
    alone = {group.user_id: group for group in sharing if group.user_id is not None}
    # The furthest first: with many senders, each looks at few groups. Who has come in has received what was said
    # before, but nobody sent it.
    received = sorted(
        (group for group in groups if group.delivered_up_to > group.joined_seq),
        key=attrgetter("delivered_up_to"),
        reverse=True,
    )
    read = sorted(sharing, key=attrgetter("read_up_to"), reverse=True)
    found = {}
    for sender in written:
        left_out = sender.left_out
        uncounted = [alone[user_id] for user_id in left_out if user_id in alone]
        counts = [
            (
                seq,
                have_read(seq)
                - came_later(seq)
                - sum(group.joined_seq < seq <= group.read_up_to for group in uncounted),
            )
            for seq in sorted(sender.seqs, reverse=True)
        ]
        oldest = counts[-1][0]
        found[sender.sender_id] = Tally(
            counts,
            next((group.delivered_up_to for group in received if group.user_id not in left_out), 0),
            next(
                (group.read_up_to for group in read if group.joined_seq < oldest and group.user_id not in left_out), 0
            ),
        )
    return found


def _at_or_beyond(people_at: Iterable[tuple[int, int]]) -> Callable[[int], int]:
    """How many people there are at a number or beyond it."""
    people: defaultdict[int, int] = defaultdict(int)
    for number, so_many in people_at:
        people[number] += so_many
    numbers = sorted(people)
    sums = [*reversed(list(accumulate(people[number] for number in reversed(numbers)))), 0]
    return lambda number: sums[bisect_left(numbers, number)]
