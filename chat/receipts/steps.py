"""What a batch of receipts comes to, member by member. Pure: no database."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chat.receipts.consumer import Entry
from chat.receipts.model import MemberKey, Receipt


class Step(NamedTuple):
    """A member had read everything up to here at this time."""

    conversation_id: UUID
    user_id: UUID
    up_to: int
    at: datetime


def furthest(entries: Iterable[Entry]) -> list[Receipt]:
    """How far each member has come, in the order in which rows are locked."""
    found: dict[MemberKey, Receipt] = {}
    for _, receipt, _ in entries:
        found[receipt.key] = receipt.merged_with(found.get(receipt.key, receipt))
    return [found[key] for key in sorted(found)]


def steps(entries: Iterable[Entry]) -> list[Step]:
    """When each member has read what: without the steps that say nothing, because a further one is as old."""
    found: dict[MemberKey, list[tuple[int, datetime]]] = {}
    for _, receipt, at in entries:
        if receipt.read > 0:
            found.setdefault(receipt.key, []).append((receipt.read, at))
    return [Step(*key, up_to, at) for key, made in found.items() for up_to, at in _telling(made)]


def _telling(made: list[tuple[int, datetime]]) -> list[tuple[int, datetime]]:
    """Each step is older than all that are further."""
    telling: list[tuple[int, datetime]] = []
    for up_to, at in sorted(made, key=lambda step: (-step[0], step[1])):
        if not telling or at < telling[-1][1]:
            telling.append((up_to, at))
    return telling
