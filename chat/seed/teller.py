"""Who puts scenes into the words of people, at times at which people could have said them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeAlias

from chat.seed.gaps import gaps_for
from chat.seed.happenings import Said
from chat.seed.people import spoken_of
from chat.seed.scenes import Repertoire, Scene, fill, read_asides, read_scenes

# Who has which part: the usernames behind `tomas` and `marta`.
Cast: TypeAlias = Mapping[str, str]


class Teller:
    """Tells the scenes of some talk files, each once before any comes again."""

    def __init__(self, topics: Sequence[str], now: datetime, random: Random) -> None:
        self._repertoire = Repertoire([scene for topic in topics for scene in read_scenes(topic)], random)
        self._now = now
        self._random = random

    def next(self, start: datetime, cast: Cast) -> list[Said]:
        """Another scene, begun at `start`."""
        told = self.tell(self._repertoire.next(start.date()), start, cast)
        if self._random.random() < 0.2:
            told.append(self.aside(told[-1], cast))
        return told

    def tell(self, scene: Scene, start: datetime, cast: Cast) -> list[Said]:
        """This scene."""
        gaps = self._gaps(start, cast)
        told: list[Said] = []
        at = start
        for line in scene.lines:
            text, by = fill(line.text, gaps, self._random), cast[line.part]
            if told:
                at += pause(text, self._random, answers=by != told[-1].by)
            told.append(Said(at, by, text))
        return told

    def aside(self, last: Said, cast: Cast) -> Said:
        """Something short from the one who didn't have the last word."""
        by = next(username for username in cast.values() if username != last.by)
        at = last.at + timedelta(seconds=self._random.uniform(5, 40))
        return Said(at, by, fill(self._random.choice(read_asides()), self._gaps(at, cast), self._random))

    def _gaps(self, at: datetime, cast: Cast) -> Mapping[str, str]:
        return gaps_for(at, spoken_of(cast.values(), ago=self._now - at), self._random)


def pause(text: str, random: Random, *, answers: bool) -> timedelta:
    """The time to see the last message, to think and to type this one; what is long was pasted."""
    seconds = min(len(text), 250) / 6 * random.uniform(0.5, 1.3)
    seconds += random.uniform(2, 60 if answers else 15)
    if answers and random.random() < 0.08:
        seconds += random.uniform(240, 1500)
    return timedelta(seconds=seconds)
