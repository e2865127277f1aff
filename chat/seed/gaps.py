"""What stands in the gaps of a scene: boats, quays, times, numbers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from chat.seed.people import Colleague

VESSELS = ("Ejdern", "Silltruten", "Labben", "Strandskatan", "Tobisgrisslan")
# The quays, and the short names that their displays go by.
QUAYS = {
    "Almskär": "almskar",
    "Fyrnäs": "fyrnas",
    "Getskär": "getskar",
    "Lillsund": "lillsund",
    "Norra Bryggan": "norra",
    "Södra Bryggan": "sodra",
    "Tärnö": "tarno",
    "Vitudden": "vitudden",
}
SERVICES = ("board-api", "gate-sync", "importer", "mailer", "payments", "tickets")
FEATURES = (
    "the bike ticket",
    "the calendar export",
    "the connection planner",
    "the crew view",
    "the departure board",
    "the family ticket",
    "the fare table",
    "the group ticket form",
    "the lost and found page",
    "the night boat page",
    "the offline ticket check",
    "the quay map",
    "the rebooking page",
    "the refund button",
    "the season pass page",
    "the tide warning",
)
FILES = ("board/rows.py", "fares/rules.py", "gates/sync.py", "passes/renew.py", "tickets/sign.py", "tides/table.py")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNMISTAKABLE = "ACDEFGHJKLMNPQRTUVWXY34679"


def gaps_for(at: datetime, others: Sequence[Colleague], random: Random) -> dict[str, str]:
    """Something for each gap of a scene that begins at `at`; `others` are those who may be talked about."""
    quay, quay2 = random.sample(list(QUAYS), k=2)
    feature, feature2 = random.sample(FEATURES, k=2)
    person = random.choice(others)
    return {
        "vessel": random.choice(VESSELS),
        "quay": quay,
        "quay2": quay2,
        "stop": QUAYS[quay],
        "feature": feature,
        "feature2": feature2,
        "slug": feature.removeprefix("the ").replace(" ", "-"),
        "service": random.choice(SERVICES),
        "file": random.choice(FILES),
        "person": person.first_name,
        "username": person.username,
        "month": random.choice([name for name in MONTHS if name != MONTHS[at.month - 1]]),
        "weekday": random.choice([name for name in WEEKDAYS[:5] if name != WEEKDAYS[at.weekday()]]),
        "today": WEEKDAYS[at.weekday()],
        "clock": _clock(at + timedelta(minutes=random.randrange(60, 300))),
        "earlier": _clock(at - timedelta(minutes=random.randrange(15, 60))),
        "n": str(random.randrange(3, 10)),
        "n2": str(random.randrange(42, 69)),
        "big": str(random.randrange(1100, 4900)),
        "big2": str(random.randrange(4900, 9900)),
        "percent": str(random.randrange(61, 95)),
        "ms": str(random.randrange(18, 79) * 10),
        "price": f"{random.randrange(14, 99) * 10} kr",
        "issue": str(random.randrange(210, 1900)),
        "commit": f"{random.getrandbits(28):07x}",
        "booking": "".join(random.choices(_UNMISTAKABLE, k=6)),
    }


def _clock(at: datetime) -> str:
    """The time on a timetable: boats leave at full five minutes."""
    return f"{at:%H}:{at.minute // 5 * 5:02}"
