"""What happened in a group or room, and when: a story's scenes, and the everyday between them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from operator import attrgetter
from random import Random

from chat.seed.days import days_of_talk, morning, silence, working_day
from chat.seed.gaps import gaps_for
from chat.seed.happenings import Deleted, Did, Edited, Happening, History, Reacted, Said
from chat.seed.people import DEVELOPERS, spoken_of
from chat.seed.scenes import fill
from chat.seed.stories import Act, Everyday, Line, Scene, Story
from chat.seed.teller import Cast, Teller, pause

_A_DAY = timedelta(days=1)
# What people choose for a message of everyday, whatever it says.
_REACTIONS = ("👍", "👍", "❤️", "🙏", "💯", "👌")


def tell(story: Story, now: datetime, random: Random) -> History:
    """The story up to `now`, whose time zone is that of working hours."""
    teller = _RoomTeller(now, random)
    for part, following in zip(story.parts, (*story.parts[1:], None), strict=True):
        if isinstance(part, Scene):
            teller.tell(part)
        elif isinstance(following, Scene):
            teller.pass_time(part, until=working_day(now.date(), following.days))
    return History(
        kind=story.kind,
        visibility=story.visibility,
        name=story.name,
        topic=story.topic,
        happenings=teller.told,
        unread=story.unread,
        muted=story.muted,
        away=story.away,
    )


class _RoomTeller:
    """Knows who is in it, and what was said."""

    def __init__(self, now: datetime, random: Random) -> None:
        self.told: list[Happening] = []
        self._now = now
        self._random = random
        self._present: list[str] = []
        self._seq = 0
        self._labels: dict[str, int] = {}
        self._tellers: dict[tuple[str, ...], Teller] = {}

    def tell(self, scene: Scene) -> None:
        """A scene, as it stands in the file."""
        midnight = datetime.combine(working_day(self._now.date(), scene.days), datetime.min.time(), self._now.tzinfo)
        at = self._now if scene.ago is not None else midnight + scene.time
        gaps = gaps_for(at, spoken_of((), ago=self._now - at), self._random)
        told: list[Happening] = []
        for number, turn in enumerate(scene.turns):
            before = scene.turns[number - 1] if number else None
            if isinstance(turn, Act):
                at += timedelta(seconds=self._random.uniform(5, 20))
                told.append(self._act(turn, at))
            else:
                line = replace(turn, text=fill(turn.text, gaps, self._random), was=fill(turn.was, gaps, self._random))
                if before is not None:
                    at += line.after + pause(line.text, self._random, answers=before.by != line.by)
                told += self._line(line, at)
        told.sort(key=attrgetter("at"))
        if scene.ago is not None:
            too_late = told[-1].at - (self._now - scene.ago)
            told = [replace(one, at=one.at - too_late) for one in told]
        self.told += told

    def _act(self, act: Act, at: datetime) -> Did:
        self._seq += 1
        if act.deed == "rename":
            return Did(at, act.by, act.deed, name=act.words)
        people = tuple(act.words.split())
        if act.deed in ("create", "join"):
            self._present.append(act.by)
        if act.deed in ("create", "add"):
            self._present += people
        return Did(at, act.by, act.deed, people)

    def _line(self, line: Line, at: datetime) -> list[Happening]:
        """A message, and what became of it."""
        reply_to = None if line.reply_to is None else self._labels[line.reply_to] if line.reply_to else self._seq
        self._seq += 1
        if line.label:
            self._labels[line.label] = self._seq
        told: list[Happening] = [Said(at, line.by, line.was or line.text, reply_to)]
        after = at + timedelta(seconds=self._random.uniform(15, 45))
        if line.was:
            told.append(Edited(after, line.by, self._seq, line.text))
        if line.deleted:
            told.append(Deleted(after, line.by, self._seq))
        for emoji, usernames in line.reactions:
            for username in usernames:
                after += timedelta(seconds=self._random.uniform(2, 25))
                told.append(Reacted(after, username, self._seq, emoji))
        return told

    def pass_time(self, everyday: Everyday, *, until: date) -> None:
        """What was said on the days up to that one."""
        teller = self._tellers.setdefault(everyday.topics, Teller(everyday.topics, self._now, self._random))
        days = days_of_talk(self.told[-1].at.date() + _A_DAY, until - _A_DAY, everyday.messages, self._random)
        told, due = 0, 0.0
        for day, share in days.items():
            due += share * everyday.messages
            at = morning(day, self._now.tzinfo, self._random)
            while told < due:
                scene = teller.next(at, self._cast())
                self._add(scene)
                told += len(scene)
                at = self.told[-1].at + silence(self.told[-1].at, self._random)

    def _cast(self) -> Cast:
        """Two of those who are in it, one of them a developer."""
        developer = self._random.choice([username for username in self._present if username in DEVELOPERS])
        other = self._random.choice([username for username in self._present if username != developer])
        return {"tomas": developer, "marta": other}

    def _add(self, scene: Sequence[Said]) -> None:
        told: list[Happening] = []
        for said in scene:
            self._seq += 1
            told.append(said)
            if self._random.random() < 0.15:
                told += self._reactions(said)
        self.told += sorted(told, key=attrgetter("at"))

    def _reactions(self, said: Said) -> list[Happening]:
        others = [username for username in self._present if username != said.by]
        emoji, at = self._random.choice(_REACTIONS), said.at
        told: list[Happening] = []
        for username in self._random.sample(others, k=min(len(others), self._random.randint(1, 4))):
            at += timedelta(seconds=self._random.uniform(5, 60))
            told.append(Reacted(at, username, self._seq, emoji))
        return told
