"""The demo data as rows, in the state in which real sending and reading would have left the tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

from chat.accounts.model import check_registration
from chat.conversations.model import pair
from chat.ids import version_7
from chat.seed import history, rooms
from chat.seed.happenings import Did, History
from chat.seed.people import ACQUAINTANCES, PASSWORD, REQUESTS, TEAM, Request
from chat.seed.queries import COLUMNS
from chat.seed.replay import Replay
from chat.seed.stories import STORIES, read_story

Row: TypeAlias = tuple[Any, ...]

_SEED = 1


@dataclass(frozen=True, slots=True)
class Rows:
    """What to store in each table, with the columns and in the order of `queries.COLUMNS`."""

    users: list[Row] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)
    conversations: list[Row] = field(default_factory=list)
    members: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    message_edits: list[Row] = field(default_factory=list)
    reactions: list[Row] = field(default_factory=list)
    read_events: list[Row] = field(default_factory=list)


def make_rows(now: datetime, password_hash: str) -> Rows:
    """All of the demo data. The same `now` gives the same rows; its time zone is that of the working hours."""
    random = Random(_SEED)  # noqa: S311 - a story, not a secret
    histories = [history.tell(acquaintance, now, random) for acquaintance in ACQUAINTANCES]
    histories += [rooms.tell(read_story(name), now, random) for name in STORIES]
    rows = Rows()
    ids = _add_people(rows, histories, password_hash, random)
    _add(rows, "contacts", [_contact(request, ids, now) for request in REQUESTS])
    for told in histories:
        replay = Replay(told, ids, now, random)
        _add(rows, "conversations", [replay.conversation])
        for table in ("members", "messages", "message_edits", "reactions", "read_events"):
            _add(rows, table, getattr(replay, table))
    return rows


def _add(rows: Rows, table: str, made: Iterable[dict[str, Any]]) -> None:
    getattr(rows, table).extend(tuple(row[column] for column in COLUMNS[table]) for row in made)


def _add_people(rows: Rows, histories: Sequence[History], password_hash: str, random: Random) -> dict[str, UUID]:
    """The team, the owner first, each the day before anything was heard of them; their ids by username."""
    ids: dict[str, UUID] = {}
    first, last = _appearances(histories)
    for number, person in enumerate(TEAM):
        joined = first[person.username] - timedelta(days=1) + timedelta(minutes=number)
        account = check_registration(
            username=person.username, display_name=person.name, email=person.email, password=PASSWORD
        )
        user_id = ids[person.username] = version_7(int(joined.timestamp() * 1000), random.getrandbits(80))
        row = {
            "id": user_id,
            "email": account.email,
            "username": account.username,
            "display_name": account.display_name,
            "role": "member" if number else "owner",
            "password_hash": password_hash,
            "created_at": joined,
            "updated_at": joined,
            "last_seen_at": last.get(person.username, joined),
        }
        _add(rows, "users", [row])
    return ids


def _contact(request: Request, ids: dict[str, UUID], now: datetime) -> dict[str, Any]:
    low, high = pair(ids[request.by], ids[request.of])
    at = now - request.ago
    return {
        "low": low,
        "high": high,
        "requested_by": ids[request.by],
        "requested_at": at,
        "accepted_at": at + timedelta(minutes=20) if request.accepted else None,
    }


def _appearances(histories: Sequence[History]) -> tuple[dict[str, datetime], dict[str, datetime]]:
    """When each person was first heard of, and did something for the last time."""
    first: dict[str, datetime] = {}
    last: dict[str, datetime] = {}
    for told in histories:
        heard_of = [(username, told.happenings[0].at) for username in told.people]
        for one in told.happenings:
            last[one.by] = max(one.at, last.get(one.by, one.at))
            heard_of += ((username, one.at) for username in (one.by, *(one.people if isinstance(one, Did) else ())))
        for username, at in heard_of:
            first[username] = min(at, first.get(username, at))
    return first, last
