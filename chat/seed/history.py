"""What two people wrote to each other over months and years, and when."""

from datetime import datetime, timedelta
from itertools import takewhile
from random import Random

from chat.seed.days import days_of_talk, morning, silence
from chat.seed.happenings import History, Said
from chat.seed.people import Acquaintance
from chat.seed.scenes import read_scenes
from chat.seed.teller import Cast, Teller


def tell(pair: Acquaintance, now: datetime, random: Random) -> History:
    """The conversation of two people up to `now`, whose time zone is that of their working hours."""
    cast = {"tomas": pair.tomas, "marta": pair.marta}
    teller = Teller(pair.topics, now, random)
    end = now - pair.last
    days = days_of_talk((now - pair.began).date(), end.date() - timedelta(days=1), pair.messages, random)
    scenes: list[list[Said]] = []
    told, due = 0, 0.0
    for day, share in days.items():
        # Some more than wanted: those at the beginning are cut off.
        due += share * (pair.messages + 20)
        at = morning(day, now.tzinfo, random)
        while told < due:
            scenes.append(teller.next(at, cast))
            told += len(scenes[-1])
            at = scenes[-1][-1].at + silence(scenes[-1][-1].at, random)
    scenes.append(_closing(teller, pair.ending, end, cast))
    _cut(scenes, pair.messages, teller, cast)
    said = [said for scene in scenes for said in scene]
    last_words = list(takewhile(lambda one: one.by == said[-1].by, reversed(said)))
    reader = next(username for username in cast.values() if username != said[-1].by)
    return History(
        kind="direct",
        people=(pair.tomas, pair.marta),
        happenings=said,
        unread={reader: len(last_words)} if pair.unread else {},
    )


def _closing(teller: Teller, ending: str, end: datetime, cast: Cast) -> list[Said]:
    """The scene that ends at `end`."""
    told = teller.tell(read_scenes(ending)[0], end, cast) if ending else teller.next(end, cast)
    too_late = told[-1].at - end
    return [Said(said.at - too_late, said.by, said.text) for said in told]


def _cut(scenes: list[list[Said]], messages: int, teller: Teller, cast: Cast) -> None:
    """Drop scenes from the beginning until there are no more than so many messages, and make up for too few."""
    total = sum(len(scene) for scene in scenes)
    while total > messages and len(scenes) > 1:
        total -= len(scenes.pop(0))
    for scene in scenes[: max(0, min(messages - total, len(scenes) - 1))]:
        scene.append(teller.aside(scene[-1], cast))
