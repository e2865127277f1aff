"""When people talk: working hours, busy and quiet days, holidays."""

from datetime import date, datetime, time, timedelta, tzinfo
from random import Random

_A_DAY = timedelta(days=1)
_MESSAGES_A_DAY = 6


def days_of_talk(first: date, last: date, messages: int, random: Random) -> dict[date, float]:
    """The days on which people talk who write so many messages from `first` to `last`, with each day's share."""
    all_days = (first + _A_DAY * number for number in range((last - first).days + 1))
    possible = [day for day in all_days if random.random() < _likelihood(day)]
    wanted = min(len(possible), messages // _MESSAGES_A_DAY + 1)
    weights = {day: random.lognormvariate(0, 0.6) for day in sorted(random.sample(possible, k=wanted))}
    whole = sum(weights.values())
    return {day: weight / whole for day, weight in weights.items()}


def _likelihood(day: date) -> float:
    """How likely it is that somebody works on this day."""
    christmas = (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 1)
    summer = day.month == 7 and 8 <= day.day <= 28
    if christmas or summer:
        return 0.04
    return 0.9 if day.weekday() < 5 else 0.02


def morning(day: date, zone: tzinfo | None, random: Random) -> datetime:
    """When the talk of a day begins."""
    return datetime.combine(day, time(8), zone) + timedelta(minutes=random.uniform(0, 100))


def silence(after: datetime, random: Random) -> timedelta:
    """How long nobody says anything after a scene that ended at `after`. The later it is, the shorter."""
    if after.hour >= 16 or random.random() < 0.6:
        return timedelta(minutes=random.uniform(1.5, 8))
    return timedelta(minutes=random.uniform(15, 110))


def working_day(today: date, days: int) -> date:
    """The day so many working days before `today`."""
    day = today
    while days:
        day -= _A_DAY
        days -= day.weekday() < 5
    return day
