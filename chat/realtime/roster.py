"""Who is connected to this process, and which conversations each is told of."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeAlias
from uuid import UUID

from chat.realtime.connection import Connection
from chat.realtime.person import Person, Privacy
from chat.web import metrics

# A person and a conversation that this person is in, or was.
Membership: TypeAlias = tuple[UUID, UUID]


class Roster:
    """The connections, by person and by conversation.

    News of who is in a conversation come from several processes, may overtake one another, and may be older than what a
    connection read that has just arrived. So they are applied at once, and doubted: `Recheck` looks up each doubted
    membership after that, and the database has the last word.
    """

    def __init__(self) -> None:
        self._by_user: defaultdict[UUID, set[Connection]] = defaultdict(set)
        self._by_conversation: defaultdict[UUID, set[Connection]] = defaultdict(set)
        self._conversations: dict[Connection, set[UUID]] = {}
        # Those whose conversations are being looked up, with what there was news of meanwhile.
        self._arriving: dict[Connection, set[UUID]] = {}
        self._doubted: set[Membership] = set()
        self._doubted_people: set[UUID] = set()
        self._doubts = asyncio.Event()

    def __len__(self) -> int:
        return len(self._conversations)

    @property
    def connections(self) -> list[Connection]:
        """Everyone who is connected now."""
        return list(self._conversations)

    @property
    def user_ids(self) -> list[UUID]:
        """Whose connections they are."""
        return list(self._by_user)

    def of(self, user_id: UUID) -> tuple[Connection, ...]:
        """The devices and windows of this person that are connected to this process."""
        return tuple(self._by_user.get(user_id, ()))

    def person_of(self, user_id: UUID) -> Person:
        """What the sockets of this person share, or will."""
        return next((connection.person for connection in self._by_user.get(user_id, ())), None) or Person(user_id)

    def told_of(self, conversation_id: UUID) -> tuple[Connection, ...]:
        """Those that are told what happens in this conversation."""
        return tuple(self._by_conversation.get(conversation_id, ()))

    def add(self, connection: Connection) -> None:
        """From now on the connection gets what is for its user; `arrive` adds the conversations."""
        self._conversations[connection] = set()
        self._arriving[connection] = set()
        self._by_user[connection.user_id].add(connection)
        metrics.connections.set(len(self._conversations))

    def arrive(self, connection: Connection, conversation_ids: Iterable[UUID]) -> None:
        """Tell a connection of the conversations that its user is in, as the database said after `add`. What there was
        news of since is doubted."""
        self.join(connection, conversation_ids)
        self.doubt((connection.user_id, conversation_id) for conversation_id in self._arriving.pop(connection, ()))

    def join(self, connection: Connection, conversation_ids: Iterable[UUID]) -> bool:
        """Tell the connection of these conversations too; does nothing for one that has gone. False where it was
        told of all of them before."""
        joined = self._conversations.get(connection)
        if joined is None:
            return False
        new = set(conversation_ids) - joined
        joined |= new
        for conversation_id in new:
            self._by_conversation[conversation_id].add(connection)
        return bool(new)

    def part(self, connection: Connection, conversation_id: UUID) -> bool:
        """Tell the connection nothing more of this conversation. False where it was told nothing of it before."""
        connection.open.discard(conversation_id)
        joined = self._conversations.get(connection, set())
        if conversation_id not in joined:
            return False
        joined.discard(conversation_id)
        _discard(self._by_conversation, conversation_id, connection)
        return True

    def remove(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._arriving.pop(connection, None)
        for conversation_id in self._conversations.pop(connection, ()):
            _discard(self._by_conversation, conversation_id, connection)
        _discard(self._by_user, connection.user_id, connection)
        metrics.connections.set(len(self._conversations))

    def changed(self, user_id: UUID | None, conversation_id: UUID) -> None:
        """There were news that this person came or went, or everybody where it is None: to be called when they have
        been applied."""
        for connection, news in self._arriving.items():
            if user_id is None or connection.user_id == user_id:
                news.add(conversation_id)
        if user_id is not None:
            self.doubt([(user_id, conversation_id)])

    def doubt(self, memberships: Iterable[Membership]) -> None:
        """Have these looked up, of people who are here."""
        self._doubted |= {membership for membership in memberships if membership[0] in self._by_user}
        if self._doubted:
            self._doubts.set()

    def doubt_people(self, user_ids: Iterable[UUID]) -> None:
        """Have the privacy of these looked up, of people who are here."""
        self._doubted_people |= {user_id for user_id in user_ids if user_id in self._by_user}
        if self._doubted_people:
            self._doubts.set()

    async def doubted(self) -> tuple[set[Membership], set[UUID]]:
        """Wait until there is something to look up, memberships or people, and take it."""
        await self._doubts.wait()
        self._doubts.clear()
        memberships, self._doubted = self._doubted, set()
        people, self._doubted_people = self._doubted_people, set()
        return memberships, people

    def set_privacy(self, privacy: Mapping[UUID, Privacy], *, asked_at: float) -> list[Connection]:
        """What people share is this from now on, unless somebody has asked later; the devices of those who have changed
        it themselves: being blocked isn't announced. Whoever is arriving asks for everything anyway."""
        changed: list[Connection] = []
        for user_id, now in privacy.items():
            connections = self._by_user.get(user_id, set())
            person = next((connection.person for connection in connections), None)
            if person is None or person.asked_at > asked_at:
                continue
            if now.is_changed_by_oneself(person.privacy):
                changed += connections - self._arriving.keys()
            person.privacy, person.asked_at = now, asked_at
        return changed


def _discard(index: defaultdict[UUID, set[Connection]], key: UUID, connection: Connection) -> None:
    connections = index.get(key)
    if connections is not None:
        connections.discard(connection)
        if not connections:
            del index[key]
