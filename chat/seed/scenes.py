"""The scenes in the talk files, and how one is told: who says what, with every gap and choice filled in.

A file holds scenes between lines of `---`. A line `tomas> text` begins a message of that part, the lines after it
belong to it. `@ 6 7 8` at the top keeps a scene to those months. `{a|b}` is a choice, `{quay}` a gap.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from random import Random

_OPENING = re.compile(r"^(tomas|marta)> ", re.MULTILINE)
_GAP = re.compile(r"\{([a-z]+\d?)\}")
_CHOICE = re.compile(r"\{([^{}]*\|[^{}]*)\}")
# A scene that belongs to a season isn't told twice in the same one.
_SEASON = timedelta(days=200)


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a scene: the part that says it, and its text with gaps and choices."""

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A few messages that belong together; in every month where `months` is empty."""

    lines: tuple[Line, ...]
    months: frozenset[int]


@cache
def read_scenes(topic: str) -> tuple[Scene, ...]:
    """The scenes of a talk file, in its order."""
    return tuple(_scene(text) for text in re.split(r"^---$", _read(topic), flags=re.MULTILINE))


@cache
def read_asides() -> tuple[str, ...]:
    """What anybody may say after anything, with gaps and choices."""
    return tuple(_read("asides").splitlines())


def _read(topic: str) -> str:
    return (files("chat.seed") / "talk" / f"{topic}.txt").read_text(encoding="utf-8").strip()


def _scene(text: str) -> Scene:
    heading, *pieces = _OPENING.split(text.strip())
    months = frozenset(int(month) for month in heading.strip("@ \n").split())
    lines = zip(pieces[::2], pieces[1::2], strict=True)
    return Scene(tuple(Line(part, text.strip()) for part, text in lines), months)


def fill(text: str, gaps: Mapping[str, str], random: Random) -> str:
    """The text as it is said. Raises `KeyError` for a gap that is not in `gaps`."""
    filled = _GAP.sub(lambda match: gaps[match[1]], text)
    return _CHOICE.sub(lambda match: random.choice(match[1].split("|")), filled)


class Repertoire:
    """The scenes of one conversation: each is told once before any is told again."""

    def __init__(self, scenes: Sequence[Scene], random: Random) -> None:
        self._all = [scene for scene in scenes if not scene.months]
        self._seasonal = {scene: date.min for scene in scenes if scene.months}
        self._left: list[Scene] = []
        self._random = random

    def next(self, day: date) -> Scene:
        """A scene that suits the day; one of the season soon after the season begins."""
        in_season = [
            scene
            for scene, last_told in self._seasonal.items()
            if day.month in scene.months and day - last_told > _SEASON
        ]
        if in_season and self._random.random() < 0.3:
            scene = self._random.choice(in_season)
            self._seasonal[scene] = day
            return scene
        if not self._left:
            self._left = self._random.sample(self._all, k=len(self._all))
        return self._left.pop()
