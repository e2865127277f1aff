"""What a process keeps of those who are typing."""

from uuid import UUID

import pytest

from chat.events import TypingStarted, TypingStopped
from chat.ids import new_id
from chat.realtime import typists as module
from chat.realtime.typists import Typists


def types(conversation_id: UUID) -> TypingStarted:
    """Somebody does."""
    return TypingStarted(conversation_id, new_id(), "Somebody")


async def test_there_is_a_most_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    ended: list[TypingStopped] = []
    typists, here, there = Typists(300, ended.append), new_id(), new_id()
    one, other, third = types(here), types(there), types(here)

    assert [typists.start(event) for event in (one, other, third)] == [True, True, False]
    assert typists.in_conversation(here) == [one]

    # Who goes on is no news, and takes no place more; whoever stops makes one free.
    assert not typists.start(one)
    assert typists.stop(there, other.user_id)
    assert typists.start(third)
    assert typists.in_conversation(here) == [one, third]
    assert ended == []


async def test_a_conversation_that_is_no_more_is_forgotten() -> None:
    typists, here = Typists(300, lambda _event: None), new_id()
    events = [types(here) for _ in range(3)]
    assert all(typists.start(event) for event in events)

    typists.forget(here)

    assert typists.in_conversation(here) == []
    assert not typists.stop(here, events[0].user_id)
