"""Who is in the demo data, and who talks with whom: the product team of a ferry line that nobody runs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

PASSWORD = "allaboard"  # noqa: S105 - of accounts that are there to be tried, and printed at start


@dataclass(frozen=True, slots=True)
class Colleague:
    """One account of the demo data; `since` for somebody who hasn't been there from the beginning."""

    username: str
    name: str
    since: timedelta | None = None

    @property
    def email(self) -> str:
        """The address to sign in with."""
        return f"{self.username}@example.org"

    @property
    def first_name(self) -> str:
        """What the others call this person."""
        return self.name.split()[0]


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """Two people who talk: one as `tomas` does in the talk files, a developer's part, and one as `marta`."""

    tomas: str
    marta: str
    topics: tuple[str, ...]
    messages: int
    began: timedelta
    last: timedelta
    # The scene at the end; a talk file.
    ending: str = ""
    # The last words are still to be read.
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody has asked another to be contacts, so long ago; `accepted` where they are."""

    by: str
    of: str
    ago: timedelta
    accepted: bool = True


def _ago(*, days: float = 0, hours: float = 0, minutes: float = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes)


# The first is the owner; the first two are shown to whoever tries the demo.
TEAM = (
    Colleague("marta", "Marta Ekholm"),
    Colleague("tomas", "Tomas Vrba"),
    Colleague("ines", "Ines Caldeira"),
    Colleague("runa", "Runa Solheim"),
    Colleague("yusuf", "Yusuf Aydemir"),
    Colleague("leila", "Leila Navrátil"),
    Colleague("johan", "Johan Strandell"),
    Colleague("pavel", "Pavel Orlik"),
    Colleague("sigrid", "Sigrid Holm", since=_ago(days=210)),
    Colleague("oskar", "Oskar Wiik"),
    Colleague("nadja", "Nadja Brandl", since=_ago(days=13)),
    Colleague("emil", "Emil Fagerlund"),
)

# Who talks as `tomas` does in the talk files.
DEVELOPERS = ("tomas", "yusuf", "johan", "emil", "nadja")

# A topic that is named twice comes up twice as often.
_EVERYDAY = ("daily", "seasons")
_PRODUCT = ("daily", "planning", "quick", "work")
_DESK = ("customers", "daily", "quick", "seasons")
_CODE = ("code", "daily", "incidents", "quick", "work")
_EVERYTHING = ("code", "customers", "daily", "incidents", "planning", *(3 * ["quick"]), "seasons", "work")


ACQUAINTANCES = (
    Acquaintance(
        "tomas", "marta", _EVERYTHING, 10_000, _ago(days=730), _ago(minutes=4), ending="ending-board", unread=True
    ),
    # Marta's others
    Acquaintance("ines", "marta", _PRODUCT, 420, _ago(days=600), _ago(minutes=23), ending="ending-text", unread=True),
    Acquaintance("pavel", "marta", _EVERYDAY, 160, _ago(days=510), _ago(hours=3)),
    Acquaintance("runa", "marta", _EVERYDAY, 210, _ago(days=650), _ago(hours=6), unread=True),
    Acquaintance("oskar", "marta", _EVERYDAY, 64, _ago(days=420), _ago(days=1, hours=2)),
    Acquaintance("yusuf", "marta", _PRODUCT, 140, _ago(days=300), _ago(days=3)),
    Acquaintance("johan", "marta", _PRODUCT, 90, _ago(days=380), _ago(days=8)),
    Acquaintance("sigrid", "marta", _EVERYDAY, 38, _ago(days=210), _ago(days=41)),
    Acquaintance("emil", "marta", _PRODUCT, 24, _ago(days=330), _ago(days=152)),
    # Tomas's others
    Acquaintance("tomas", "runa", _DESK, 260, _ago(days=640), _ago(minutes=51), ending="ending-county", unread=True),
    Acquaintance("tomas", "yusuf", _CODE, 480, _ago(days=310), _ago(hours=2), unread=True),
    Acquaintance("tomas", "ines", _PRODUCT, 350, _ago(days=590), _ago(hours=5)),
    Acquaintance("tomas", "leila", _EVERYDAY, 120, _ago(days=450), _ago(days=1, hours=3)),
    Acquaintance("tomas", "johan", _CODE, 110, _ago(days=370), _ago(days=4)),
    Acquaintance("tomas", "pavel", _EVERYDAY, 40, _ago(days=260), _ago(days=9)),
    Acquaintance("tomas", "oskar", _DESK, 25, _ago(days=240), _ago(days=63)),
    Acquaintance("tomas", "emil", _CODE, 30, _ago(days=400), _ago(days=214)),
    # And some that neither of the two sees
    Acquaintance("johan", "ines", _PRODUCT, 60, _ago(days=200), _ago(hours=8)),
    Acquaintance("leila", "runa", _DESK, 80, _ago(days=280), _ago(days=2)),
)

REQUESTS = (
    Request("marta", "tomas", _ago(days=120)),
    Request("ines", "marta", _ago(days=95)),
    Request("runa", "marta", _ago(days=34)),
    Request("pavel", "marta", _ago(hours=5), accepted=False),
    Request("marta", "sigrid", _ago(days=2), accepted=False),
    Request("tomas", "yusuf", _ago(days=80)),
    Request("tomas", "ines", _ago(days=41)),
    Request("nadja", "tomas", _ago(days=3), accepted=False),
)


def spoken_of(speakers: Collection[str], *, ago: timedelta) -> list[Colleague]:
    """Who may be talked about by these, so long ago: none of them, and nobody who wasn't there yet."""
    return [
        person for person in TEAM if person.username not in speakers and (person.since is None or ago < person.since)
    ]
