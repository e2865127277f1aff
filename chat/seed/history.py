"""What two people wrote to each other over months and years, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from random import Random

from chat.seed.days import days_of_talk, morning, silence
from chat.seed.gaps import gaps_for
from chat.seed.people import TEAM, Acquaintance
from chat.seed.scenes import Repertoire, Scene, fill, read_asides, read_scenes


@dataclass(frozen=True, slots=True)
class Said:
    """One message: when, by which username, and its text."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class History:
    """All that two people wrote, oldest first; the last `unread` are new to the one who didn't write them."""

    people: tuple[str, str]
    said: Sequence[Said]
    unread: int


def tell(pair: Acquaintance, now: datetime, random: Random) -> History:
    """The conversation of two people up to `now`, whose time zone is that of their working hours."""
    teller = _Teller(pair, random)
    end = now - pair.last
    days = days_of_talk((now - pair.began).date(), end.date() - timedelta(days=1), pair.messages, random)
    scenes: list[list[Said]] = []
    told, due = 0, 0.0
    for day, share in days.items():
        # Some more than wanted: those at the beginning are cut off.
        due += share * (pair.messages + 20)
        at = morning(day, now.tzinfo, random)
        while told < due:
            scenes.append(teller.next(at))
            told += len(scenes[-1])
            at = scenes[-1][-1].at + silence(scenes[-1][-1].at, random)
    closing, unread = teller.closing(pair.ending, end)
    scenes.append(closing)
    _cut(scenes, pair.messages, teller)
    return History((pair.tomas, pair.marta), [said for scene in scenes for said in scene], unread)


def _cut(scenes: list[list[Said]], messages: int, teller: "_Teller") -> None:
    """Drop scenes from the beginning until there are no more than so many messages, and make up for too few."""
    total = sum(len(scene) for scene in scenes)
    while total > messages and len(scenes) > 1:
        total -= len(scenes.pop(0))
    for scene in scenes[: max(0, min(messages - total, len(scenes) - 1))]:
        scene.append(teller.aside(scene[-1]))


class _Teller:
    """Puts the scenes of one conversation into the words of its two people."""

    def __init__(self, pair: Acquaintance, random: Random) -> None:
        scenes = [scene for topic in pair.topics for scene in read_scenes(topic)]
        self._repertoire = Repertoire(scenes, random)
        self._names = {"tomas": pair.tomas, "marta": pair.marta}
        self._others = [person for person in TEAM if person.username not in self._names.values()]
        self._random = random

    def next(self, start: datetime) -> list[Said]:
        """Another scene, begun at `start`."""
        told = self._tell(self._repertoire.next(start.date()), start)
        if self._random.random() < 0.2:
            told.append(self.aside(told[-1]))
        return told

    def closing(self, ending: str, end: datetime) -> tuple[list[Said], int]:
        """The scene that ends at `end`, and how many messages of it nobody has read yet."""
        scene = read_scenes(ending)[0] if ending else self._repertoire.next(end.date())
        told = self._tell(scene, end)
        too_late = told[-1].at - end
        told = [Said(said.at - too_late, said.by, said.text) for said in told]
        last_words = takewhile(lambda said: said.by == told[-1].by, reversed(told))
        return told, len(list(last_words)) if ending else 0

    def aside(self, last: Said) -> Said:
        """Something short from the one who didn't have the last word."""
        by = next(name for name in self._names.values() if name != last.by)
        at = last.at + timedelta(seconds=self._random.uniform(5, 40))
        gaps = gaps_for(at, self._others, self._random)
        return Said(at, by, fill(self._random.choice(read_asides()), gaps, self._random))

    def _tell(self, scene: Scene, start: datetime) -> list[Said]:
        gaps = gaps_for(start, self._others, self._random)
        told: list[Said] = []
        at = start
        for line in scene.lines:
            text, by = fill(line.text, gaps, self._random), self._names[line.part]
            if told:
                at += self._pause(text, answers=by != told[-1].by)
            told.append(Said(at, by, text))
        return told

    def _pause(self, text: str, *, answers: bool) -> timedelta:
        """The time to see the last message, to think and to type this one; what is long was pasted."""
        seconds = min(len(text), 250) / 6 * self._random.uniform(0.5, 1.3)
        seconds += self._random.uniform(2, 60 if answers else 15)
        if answers and self._random.random() < 0.08:
            seconds += self._random.uniform(240, 1500)
        return timedelta(seconds=seconds)
