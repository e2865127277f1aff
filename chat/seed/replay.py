"""A conversation's rows: what happened there is played back, and leaves what the product would have left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

from chat.conversations.model import MemberRole, in_words, pair
from chat.conversations.names import check_group_name, check_room_name, check_topic
from chat.ids import version_7
from chat.messages.model import check_content, check_emoji
from chat.seed.happenings import Deleted, Did, Edited, Happening, History, Reacted, Said
from chat.seed.people import TEAM
from chat.seed.reading import looks

Row: TypeAlias = dict[str, Any]

_MESSAGE_MAX = 4000
_CONTINUES = timedelta(minutes=5)
_MUTED_FOR = timedelta(days=365)
# How many of those who were added together are called by their names.
_NAMED = 2
_NAMES = {person.username: person.name for person in TEAM}


@dataclass(slots=True)
class _Member:
    role: MemberRole
    joined_at: datetime
    # What was said until then counts as read.
    joined_seq: int


class Replay:
    """Play a history: then `conversation` is its row, and the other tables have theirs."""

    def __init__(self, history: History, ids: Mapping[str, UUID], now: datetime, random: Random) -> None:
        self._history = history
        self._ids = ids
        self._now = now
        self._random = random
        self._members: dict[str, _Member] = {}
        self._said: list[Said | Did] = []
        self.members: list[Row] = []
        self.messages: list[Row] = []
        self.message_edits: list[Row] = []
        self.reactions: list[Row] = []
        self.read_events: list[Row] = []
        began = history.happenings[0].at - (timedelta(seconds=20) if history.people else timedelta())
        self.conversation = self._begin(history.happenings[0].by, began)
        for happening in history.happenings:
            self._play(happening)
        for number, (username, member) in enumerate(self._members.items(), start=1):
            self._watch(username, member, share=number / (len(self._members) + 1))

    def _begin(self, by: str, at: datetime) -> Row:
        history = self._history
        name, name_key = check_room_name(history.name or "") if history.kind == "room" else (None, None)
        low, high = pair(*(self._ids[username] for username in history.people)) if history.people else (None, None)
        for username in history.people:
            self._members[username] = _Member("member", at, joined_seq=0)
        return {
            "id": self._new_id(at),
            "kind": history.kind,
            "visibility": history.visibility,
            "name": name,
            "name_key": name_key,
            "topic": check_topic(history.topic or ""),
            "direct_low": low,
            "direct_high": high,
            "created_by": self._ids[by],
            "members_count": len(history.people),
            "last_seq": 0,
            "revision": 0,
            "last_sender_id": None,
            "last_message_at": None,
            "created_at": at,
            "updated_at": at,
            "archived_at": None,
        }

    def _play(self, happening: Happening) -> None:
        match happening:
            case Said():
                self._say(happening)
            case Did():
                self._do(happening)
            case Reacted(at, by, seq, emoji):
                message = self._change(seq)
                message["reacted"] = True
                self.reactions.append(
                    {
                        "message_id": message["id"],
                        "user_id": self._ids[by],
                        "emoji": check_emoji(emoji),
                        "created_at": at,
                    }
                )
            case Edited(at, _, seq, text):
                message = self._change(seq)
                self.message_edits.append(
                    {
                        "message_id": message["id"],
                        "revision": message["revision"],
                        "content": message["content"],
                        "edited_at": message["edited_at"] or message["created_at"],
                    }
                )
                message |= {"content": check_content(text, max_length=_MESSAGE_MAX), "edited_at": at}
            case Deleted(at, _, seq):
                self._change(seq).update(content="", reply_to=None, deleted_at=at)

    def _change(self, seq: int) -> Row:
        """The message of that number, at the conversation's next revision."""
        self.conversation["revision"] += 1
        message = self.messages[seq - 1]
        message["revision"] = self.conversation["revision"]
        return message

    def _say(self, said: Said) -> None:
        sender_id = self._ids[said.by]
        before = self.messages[-1] if self.messages else None
        continues = (
            before is not None
            and self.conversation["last_sender_id"] == sender_id
            and said.at - before["created_at"] < _CONTINUES
        )
        self._store(
            said,
            content=check_content(said.text, max_length=_MESSAGE_MAX),
            content_type="text",
            continues=continues,
            reply_to=self.messages[said.reply_to - 1]["id"] if said.reply_to else None,
            client_message_id=UUID(int=self._random.getrandbits(128), version=4),
        )
        self.conversation["last_sender_id"] = sender_id

    def _do(self, did: Did) -> None:
        """The deed, and then the line that tells of it: nothing continues that, and it has no sender to continue."""
        line = self._done(did)
        self._store(did, content=line, content_type="system", continues=False, reply_to=None)
        self.conversation |= {
            "last_sender_id": None,
            "updated_at": did.at,
            "members_count": len(self._members),
        }

    def _done(self, did: Did) -> str:
        """Do it; how the line says it."""
        kind = self._history.kind
        match did.deed:
            case "create":
                self._admit([did.by], did.at, role="owner")
                self._admit(did.people, did.at)
                return f"started the group with {_named(did.people)}" if kind == "group" else f"created the {kind}"
            case "add":
                self._admit(did.people, did.at)
                return f"added {_named(did.people)}"
            case "join":
                self._admit([did.by], did.at)
                return "joined"
            case "admin":
                (whom,) = did.people
                self._members[whom].role = "admin"
                return f"made {_NAMES[whom]} an admin"
            case "rename":
                self.conversation["name"] = check_group_name(did.name)
                return f"renamed the {kind} to “{did.name}”"
            case "archive":
                self.conversation["archived_at"] = did.at
                return f"archived the {kind}"

    def _admit(self, usernames: Iterable[str], at: datetime, role: MemberRole = "member") -> None:
        seq = len(self.messages)
        for username in usernames:
            self._members[username] = _Member(role, at, joined_seq=seq)

    def _store(self, happening: Said | Did, **columns: Any) -> None:
        self.conversation["last_seq"] += 1
        self.conversation["revision"] += 1
        self.conversation["last_message_at"] = happening.at
        message_id = self._new_id(happening.at)
        message = {
            "id": message_id,
            # The line of a deed is sent by nobody's device.
            "client_message_id": message_id,
            "conversation_id": self.conversation["id"],
            "seq": self.conversation["last_seq"],
            "revision": self.conversation["revision"],
            "sender_id": self._ids[happening.by],
            "created_at": happening.at,
            "edited_at": None,
            "deleted_at": None,
            "reacted": False,
        }
        self.messages.append(message | columns)
        self._said.append(happening)

    def _watch(self, username: str, member: _Member, share: float) -> None:
        """What this person has read, and when."""
        own = (seq for seq, one in enumerate(self._said, start=1) if one.by == username)
        read_up_to = max(own, default=member.joined_seq)
        for seq, at in looks(
            self._said,
            username,
            after=member.joined_seq,
            unread=self._history.unread.get(username, 0),
            share=share,
            people=len(self._members),
            now=self._now,
        ):
            read_up_to = max(read_up_to, seq)
            self.read_events.append(
                {
                    "conversation_id": self.conversation["id"],
                    "user_id": self._ids[username],
                    "up_to_seq": seq,
                    "read_at": at,
                }
            )
        is_away = username in self._history.away
        self.members.append(
            {
                "conversation_id": self.conversation["id"],
                "user_id": self._ids[username],
                "role": member.role,
                "muted_until": self._now + _MUTED_FOR if username in self._history.muted else None,
                "delivered_up_to_seq": read_up_to if is_away else len(self._said),
                "read_up_to_seq": read_up_to,
                "joined_seq": member.joined_seq,
                "joined_at": member.joined_at,
            }
        )

    def _new_id(self, at: datetime) -> UUID:
        return version_7(int(at.timestamp() * 1000), self._random.getrandbits(80))


def _named(usernames: Sequence[str]) -> str:
    names = [_NAMES[username] for username in usernames]
    return in_words(names if len(names) <= _NAMED + 1 else names[:_NAMED], total=len(names))
