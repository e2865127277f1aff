"""What two people are to each other. Pure: no database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from chat.accounts.model import Person
from chat.web.cursors import Part
from chat.web.shapes import Text

# "incoming": the other has asked the viewer, "outgoing": the viewer has asked the other.
ContactStatus: TypeAlias = Literal["contact", "incoming", "outgoing"]


class PersonPlace(msgspec.Struct, frozen=True):
    """A place in a list of people, which is by name."""

    display_name: Text
    username: Text


@dataclass(frozen=True, slots=True)
class Relation:
    """What somebody is to the viewer: `status` is None where neither has asked the other, `blocking` says that the
    viewer has blocked this person. Nobody learns here by whom they are blocked."""

    person: Person
    status: ContactStatus | None = None
    blocking: bool = False
    requested_at: datetime | None = None
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Between:
    """What decides whether the viewer may ask somebody: `blocked` where one of the two has blocked the other."""

    active: bool
    blocked: bool
    status: ContactStatus | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many contacts and open requests somebody has."""

    contacts: int
    incoming: int
    outgoing: int


def part_of(found: list[Relation], *, limit: int) -> Part[Relation, PersonPlace]:
    """A part of a list from what a query found that asked for one more than `limit`."""
    items = found[:limit]
    last = items[-1].person if len(found) > limit else None
    return Part(items, PersonPlace(last.display_name, last.username) if last else None)
