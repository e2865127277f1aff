"""What the demo data says of groups and rooms is what the product would have made of the same deeds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest

from chat.app import create_app
from chat.db import Pool
from chat.ids import new_id
from chat.seed.happenings import Did, History, Reacted
from chat.seed.people import TEAM
from chat.seed.replay import Replay
from chat.seed.rooms import tell
from chat.seed.stories import STORIES, Scene, read_story
from chat.settings import Settings
from tests.conftest import NO_LIMITS
from tests.factory import Factory
from tests.seed.doing import Doing
from tests.servers import serving

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=timezone(timedelta(hours=1)))
MOMENTS = [
    NOW,
    datetime(2027, 1, 1, 0, 0, tzinfo=timezone(timedelta(hours=-8))),
    datetime(2028, 2, 28, 0, 5, tzinfo=timezone(timedelta(hours=13))),
]
NAMES = {person.username: person.name for person in TEAM}


def told(name: str, now: datetime = NOW) -> History:
    return tell(read_story(name), now, Random(1))


def scenes_only(name: str) -> History:
    """The story without the everyday between its scenes, of which there is much, and all alike."""
    story = read_story(name)
    return tell(replace(story, parts=tuple(part for part in story.parts if isinstance(part, Scene))), NOW, Random(1))


@pytest.mark.parametrize("name", STORIES)
async def test_a_story_leaves_what_doing_all_of_it_leaves(name: str, settings: Settings, pool: Pool) -> None:
    factory = Factory(pool)
    people = {person.username: await factory.user(person.username, display_name=person.name) for person in TEAM}
    history = scenes_only(name)

    app = create_app(msgspec.structs.replace(settings, **NO_LIMITS))
    async with serving(app):
        conversation_id = await Doing(app, history, people).do_all()

    replayed = state_of(Replay(history, people, NOW, Random(1)))
    stored = await stored_state(pool, conversation_id)
    assert replayed["conversation"] == stored["conversation"]
    assert replayed == stored


def state_of(replay: Replay) -> dict[str, Any]:
    """All but ids, times, and what was read."""
    seqs = {row["id"]: row["seq"] for row in replay.messages}
    conversation = replay.conversation
    return {
        "conversation": {name: conversation[name] for name in CONVERSATION}
        | {"archived": conversation["archived_at"] is not None},
        "members": sorted((str(row["user_id"]), row["role"]) for row in replay.members),
        "messages": [
            (
                *(row[name] for name in MESSAGE),
                seqs.get(row["reply_to"]),
                row["edited_at"] is not None,
                row["deleted_at"] is not None,
            )
            for row in replay.messages
        ],
        "reactions": sorted((seqs[row["message_id"]], row["emoji"], str(row["user_id"])) for row in replay.reactions),
        "edits": sorted((seqs[row["message_id"]], row["revision"], row["content"]) for row in replay.message_edits),
    }


CONVERSATION = (
    *("kind", "visibility", "name", "name_key", "topic", "created_by"),
    *("members_count", "last_seq", "revision", "last_sender_id"),
)
MESSAGE = ("seq", "revision", "sender_id", "content", "content_type", "reacted")


async def stored_state(pool: Pool, conversation_id: UUID) -> dict[str, Any]:
    """The same of what is in the database."""
    conversation = await pool.fetchrow(
        f"select {', '.join(CONVERSATION)}, archived_at is not null as archived from conversations where id = $1",
        conversation_id,
    )
    assert conversation is not None

    async def rows(query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await pool.fetch(query, conversation_id)]

    return {
        "conversation": dict(conversation),
        "members": sorted(await rows("select user_id::text, role from members where conversation_id = $1")),
        "messages": await rows(
            f"""
            select {", ".join(f"m.{name}" for name in MESSAGE)}, q.seq,
                m.edited_at is not null, m.deleted_at is not null
            from messages m left join messages q on q.id = m.reply_to
            where m.conversation_id = $1 order by m.seq
            """
        ),
        "reactions": sorted(
            await rows(
                "select m.seq, r.emoji, r.user_id::text from reactions r join messages m on m.id = r.message_id"
                " where m.conversation_id = $1"
            )
        ),
        "edits": sorted(
            await rows(
                "select m.seq, e.revision, e.content from message_edits e join messages m on m.id = e.message_id"
                " where m.conversation_id = $1"
            )
        ),
    }


@pytest.mark.parametrize("now", MOMENTS, ids=str)
@pytest.mark.parametrize("name", STORIES)
def test_whenever_a_story_is_told_its_time_only_goes_forward_and_ends_before_now(name: str, now: datetime) -> None:
    happenings = told(name, now).happenings
    assert [(one, other) for one, other in pairwise(happenings) if other.at < one.at] == []
    assert happenings[-1].at < now


@pytest.mark.parametrize("name", STORIES)
def test_only_who_is_in_it_says_does_or_chooses_something(name: str) -> None:
    present: set[str] = set()
    for one in told(name).happenings:
        if isinstance(one, Did) and one.deed in ("create", "join"):
            present.add(one.by)
        assert one.by in present, one
        if isinstance(one, Did) and one.deed in ("create", "add"):
            present |= set(one.people)


@pytest.mark.parametrize("name", STORIES)
def test_who_has_not_read_the_end_has_not_answered_it(name: str) -> None:
    history = told(name)
    people = ids()
    replay = Replay(history, people, NOW, Random(1))
    last_seq = len(replay.messages)
    for username, unread in history.unread.items():
        member = next(row for row in replay.members if row["user_id"] == people[username])
        assert last_seq - member["read_up_to_seq"] == unread
        late = [one for one in history.happenings if isinstance(one, Reacted) and one.seq > last_seq - unread]
        assert username not in {one.by for one in late}


def ids() -> Mapping[str, UUID]:
    return {username: new_id() for username in NAMES}
