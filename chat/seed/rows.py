"""The demo data as rows, in the state in which real sending and reading would have left the tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

from chat.accounts.model import check_registration
from chat.conversations.model import pair
from chat.ids import version_7
from chat.messages.model import check_content
from chat.seed.history import History, tell
from chat.seed.people import ACQUAINTANCES, PASSWORD, TEAM

Row: TypeAlias = tuple[Any, ...]

_SEED = 1
_MESSAGE_MAX = 4000
_CONTINUES = timedelta(minutes=5)
# Who sees nothing new for so long has read all that there is.
_ATTENTION = timedelta(minutes=3)
_NEWEST = timedelta(days=12)


@dataclass(frozen=True, slots=True)
class Rows:
    """What to store in each table, with the columns and in the order of `queries.COLUMNS`."""

    users: list[Row] = field(default_factory=list)
    conversations: list[Row] = field(default_factory=list)
    members: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    read_events: list[Row] = field(default_factory=list)


def make_rows(now: datetime, password_hash: str) -> Rows:
    """All of the demo data. The same `now` gives the same rows; its time zone is that of the working hours."""
    random = Random(_SEED)  # noqa: S311 - a story, not a secret
    histories = [tell(acquaintance, now, random) for acquaintance in ACQUAINTANCES]
    rows = Rows()
    ids = _add_people(rows, histories, now, password_hash, random)
    for history in histories:
        _add_conversation(rows, history, ids, random)
    return rows


def _add_people(
    rows: Rows, histories: Sequence[History], now: datetime, password_hash: str, random: Random
) -> dict[str, UUID]:
    """The team, the owner first, each the day before the first message; their ids by username."""
    ids: dict[str, UUID] = {}
    for number, person in enumerate(TEAM):
        theirs = [history.said for history in histories if person.username in history.people]
        first = min((said[0].at for said in theirs), default=now - _NEWEST)
        joined = first - timedelta(days=1) + timedelta(minutes=number)
        seen = max((one.at for said in theirs for one in said if one.by == person.username), default=joined)
        account = check_registration(
            username=person.username, display_name=person.name, email=person.email, password=PASSWORD
        )
        ids[person.username] = _id(joined, random)
        role = "member" if number else "owner"
        names = (account.email, account.username, account.display_name)
        rows.users.append((ids[person.username], *names, role, password_hash, joined, joined, seen))
    return ids


def _add_conversation(rows: Rows, history: History, ids: Mapping[str, UUID], random: Random) -> None:
    said = history.said
    opened = said[0].at - timedelta(seconds=20)
    conversation_id = _id(opened, random)
    for seq, (one, before) in enumerate(zip(said, (None, *said), strict=False), start=1):
        continues = before is not None and before.by == one.by and one.at - before.at < _CONTINUES
        content = check_content(one.text, max_length=_MESSAGE_MAX)
        client_message_id = UUID(int=random.getrandbits(128), version=4)
        rows.messages.append(
            (
                _id(one.at, random), conversation_id, seq, seq, ids[one.by], client_message_id,
                content, continues, one.at,
            )
        )  # fmt: skip
    read_up_to = {one.by: seq for seq, one in enumerate(said, start=1)}
    for by, up_to, at in _reading(history):
        read_up_to[by] = max(up_to, read_up_to.get(by, 0))
        rows.read_events.append((conversation_id, ids[by], up_to, at))
    for username in history.people:
        up_to = read_up_to[username]
        rows.members.append((conversation_id, ids[username], up_to, up_to, opened))
    last = said[-1]
    low, high = pair(*(ids[username] for username in history.people))
    rows.conversations.append(
        (
            conversation_id, "direct", low, high, ids[said[0].by], len(said), len(said),
            ids[last.by], last.at, opened, opened,
        )
    )  # fmt: skip


def _reading(history: History) -> Iterator[tuple[str, int, datetime]]:
    """Each step that somebody's read-up-to took because of looking: who, up to which number, and when.

    One's own message moves it without a step, because what came before it has been read by then.
    """
    said = history.said
    for seq, (one, following) in enumerate(zip(said, (*said[1:], None), strict=True), start=1):
        if seq > len(said) - history.unread:
            return
        reader = next(username for username in history.people if username != one.by)
        if following is None or following.by == reader or following.at - one.at > _ATTENTION:
            pause = _ATTENTION if following is None else min(_ATTENTION, following.at - one.at)
            yield reader, seq, one.at + pause / 2


def _id(at: datetime, random: Random) -> UUID:
    return version_7(int(at.timestamp() * 1000), random.getrandbits(80))
