"""People as the API shows them: with whether they are there."""

from collections.abc import Sequence
from typing import Any

import msgspec

from chat.accounts.keys import FIND_PRESENCE
from chat.web.api import Call
from chat.web.shapes import Presence, User, UserWithPresence


async def with_presence(call: Call[Any, Any], people: Sequence[User]) -> list[UserWithPresence]:
    """A page of people, with whether they are there where the viewer may know it. Raises one of `db.UNAVAILABLE`."""
    found = await call.request.app[FIND_PRESENCE](call.viewer.id, [person.id for person in people])
    return [_shown(person, found.get(person.id, msgspec.UNSET)) for person in people]


def _shown(person: User, presence: Presence | msgspec.UnsetType) -> UserWithPresence:
    return UserWithPresence(
        person.id, person.username, person.display_name, person.role, person.avatar_url, presence=presence
    )
