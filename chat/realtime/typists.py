"""Who is typing, and where, as far as this process has heard."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from chat.events import TypingStarted, TypingStopped

# More than this at a time isn't kept: whoever begins then is seen when others have stopped.
MOST = 10_000


class Typists:
    """People who are typing. Each ends `seconds` after the last start that was heard, also where nobody says so: then
    `ended` is called."""

    def __init__(self, seconds: float, ended: Callable[[TypingStopped], None]) -> None:
        self._seconds = seconds
        self._ended = ended
        self._typing: dict[UUID, dict[UUID, tuple[TypingStarted, asyncio.TimerHandle]]] = {}
        self._count = 0

    def start(self, event: TypingStarted) -> bool:
        """Somebody types, or goes on. False where that is no news."""
        known = self.stop(event.conversation_id, event.user_id)
        if self._count >= MOST:
            return False
        timer = asyncio.get_running_loop().call_later(
            self._seconds, self._ended, TypingStopped(event.conversation_id, event.user_id)
        )
        self._typing.setdefault(event.conversation_id, {})[event.user_id] = (event, timer)
        self._count += 1
        return not known

    def stop(self, conversation_id: UUID, user_id: UUID) -> bool:
        """They no longer do. False where they didn't."""
        here = self._typing.get(conversation_id, {})
        if user_id not in here:
            return False
        here.pop(user_id)[1].cancel()
        if not here:
            del self._typing[conversation_id]
        self._count -= 1
        return True

    def forget(self, conversation_id: UUID) -> None:
        """The conversation is no more."""
        for event in self.in_conversation(conversation_id):
            self.stop(conversation_id, event.user_id)

    def of(self, conversation_id: UUID, user_id: UUID) -> TypingStarted | None:
        """What was told of this person, who is typing there; None where that isn't so."""
        found = self._typing.get(conversation_id, {}).get(user_id)
        return found and found[0]

    def in_conversation(self, conversation_id: UUID) -> list[TypingStarted]:
        """Who is typing there."""
        return [event for event, _timer in self._typing.get(conversation_id, {}).values()]
