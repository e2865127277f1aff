"""The files about groups and rooms: what was said and done there, in the words of the people who did.

At the top, `kind: public room`, `private room` or `group`, then `name`, `topic`, `unread: marta 2`, `muted: marta`, and
`away: emil`, whose devices don't even have what is unread. Then scenes. `@ 9 08:50` begins one nine working days ago,
`@ 24m` and `@ 3h` one that ended so long ago. `~ 90 everyone` stands for ninety messages of everyday, made of the
scenes of those talk files.

In a scene, `ines #cake ^door> text` is a message, labelled `cake`, that replies to the one labelled `door`; to the one
before it with a mere `^`. The lines after it belong to it. `+ 🎉 marta tomas` are reactions to it, `~~ text` is what it
said before it was edited, and `x` means that it was deleted. `marta* add tomas` is something of which a system line
tells. `… 25m` lets time pass.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.resources import files
from typing import TypeAlias, cast

from chat.conversations.model import Kind, Visibility
from chat.seed.happenings import Deed

STORIES = ("harbour", "incidents", "board", "lunch", "budget", "tickets", "sightings", "trip", "trio")

_SCENE = re.compile(r"@ (?:(?P<days>\d+) (?P<hour>\d\d):(?P<minute>\d\d)|(?P<ago>\d+)(?P<unit>[mh]))")
_EVERYDAY = re.compile(r"~ (\d+) (.+)")
_DEED = re.compile(r"(\w+)\* (\w+) ?(.*)")
_LINE = re.compile(r"(?P<by>\w+)(?: #(?P<label>\w+))?(?P<reply> \^(?P<to>\w*))?> (?P<text>.*)")
_PAUSE = re.compile(r"… (\d+)m")
_REACTIONS = re.compile(r"\+ (\S+) (.+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A message of a story. `reply_to` is a label, empty for the message before it; `was` its text before an edit."""

    by: str
    text: str
    label: str = ""
    reply_to: str | None = None
    was: str = ""
    deleted: bool = False
    reactions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    # How long nothing had happened before it, besides the time that people take to read and to type.
    after: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Act:
    """A deed of a story: who, what, and the people or the name that it is about."""

    by: str
    deed: Deed
    words: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What was said and done in one go: on a working day at a time of the day, or until some time ago."""

    days: int
    time: timedelta
    ago: timedelta | None
    turns: tuple[Line | Act, ...]


@dataclass(frozen=True, slots=True)
class Everyday:
    """So many messages between two scenes, of these talk files."""

    messages: int
    topics: tuple[str, ...]


Part: TypeAlias = Scene | Everyday


@dataclass(frozen=True, slots=True)
class Story:
    """One file."""

    kind: Kind
    visibility: Visibility
    name: str | None
    topic: str | None
    unread: Mapping[str, int]
    muted: tuple[str, ...]
    away: tuple[str, ...]
    parts: tuple[Part, ...]


def read_story(name: str) -> Story:
    """The story of a file. Raises `ValueError` for a line that isn't as described above."""
    text = (files("chat.seed") / "stories" / f"{name}.txt").read_text(encoding="utf-8")
    head, _, body = text.partition("\n\n")
    heading = dict(line.split(": ", 1) for line in head.splitlines())
    *visibility, kind = heading["kind"].split()
    return Story(
        kind=cast(Kind, kind),
        visibility=cast(Visibility, visibility[0]) if visibility else "private",
        name=heading.get("name"),
        topic=heading.get("topic"),
        unread={who: int(count) for who, count in (pair.split() for pair in _listed(heading.get("unread", "")))},
        muted=tuple(_listed(heading.get("muted", ""))),
        away=tuple(_listed(heading.get("away", ""))),
        parts=tuple(_part(piece) for piece in re.split(r"^(?=[@~] )", body, flags=re.MULTILINE) if piece),
    )


def _listed(text: str) -> list[str]:
    return text.split(", ") if text else []


def _part(piece: str) -> Part:
    first, _, rest = piece.partition("\n")
    if everyday := _EVERYDAY.fullmatch(first):
        return Everyday(int(everyday[1]), tuple(everyday[2].split()))
    found = _SCENE.fullmatch(first)
    if found is None:
        raise ValueError(f"this begins no scene: {first}")
    if found["ago"]:
        unit = timedelta(minutes=1) if found["unit"] == "m" else timedelta(hours=1)
        return Scene(0, timedelta(), int(found["ago"]) * unit, _turns(rest))
    time = timedelta(hours=int(found["hour"]), minutes=int(found["minute"]))
    return Scene(int(found["days"]), time, None, _turns(rest))


def _turns(text: str) -> tuple[Line | Act, ...]:
    turns: list[Line | Act] = []
    after = timedelta()
    for line in text.splitlines():
        if pause := _PAUSE.fullmatch(line):
            after = timedelta(minutes=int(pause[1]))
        elif deed := _DEED.fullmatch(line):
            turns.append(Act(deed[1], cast(Deed, deed[2]), deed[3]))
        elif said := _LINE.fullmatch(line):
            reply_to = said["to"] if said["reply"] else None
            turns.append(Line(said["by"], said["text"], said["label"] or "", reply_to, after=after))
            after = timedelta()
        else:
            turns[-1] = _continued(turns[-1], line)
    return tuple(replace(turn, text=turn.text.strip()) if isinstance(turn, Line) else turn for turn in turns)


def _continued(last: Line | Act, line: str) -> Line:
    """What a line adds to the message before it."""
    if isinstance(last, Act):
        raise ValueError(f"there is no message before this: {line}")  # noqa: TRY004 - of the file
    if reactions := _REACTIONS.fullmatch(line):
        return replace(last, reactions=(*last.reactions, (reactions[1], tuple(reactions[2].split()))))
    if line.startswith("~~ "):
        return replace(last, was=line.removeprefix("~~ "))
    if line == "x":
        return replace(last, deleted=True)
    return replace(last, text=f"{last.text}\n{line}")
