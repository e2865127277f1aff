"""Choosing people: whom one may choose, and who is chosen already."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chat.accounts import actions as accounts
from chat.accounts.model import Person
from chat.conversations import member_actions
from chat.errors import ValidationFailed
from chat.services import Services


@dataclass(frozen=True, slots=True)
class Picker:
    """Who is chosen, and whom the query has found besides."""

    query: str
    chosen: list[Person]
    found: list[Person]


def ids_of(chosen: Sequence[str]) -> list[UUID]:
    """The ids that a form has sent. Raises `ValidationFailed` for what is none."""
    try:
        return [UUID(text) for text in dict.fromkeys(chosen)]
    except ValueError:
        raise ValidationFailed("Somebody among these people can't be found.") from None


async def read_picker(
    services: Services,
    *,
    viewer_id: UUID,
    query: str,
    chosen: Sequence[str],
    conversation_id: UUID | None = None,
) -> Picker:
    """The picker for these ids and this query, without those who are in the conversation already."""
    people = await accounts.people(services, user_ids=ids_of(chosen))
    found = await accounts.find_people(
        services, viewer_id=viewer_id, prefix=query, limit=accounts.PEOPLE_LIMIT + len(people)
    )
    found = [person for person in found if person not in people]
    if conversation_id is not None:
        found = await member_actions.strangers(
            services, viewer_id=viewer_id, conversation_id=conversation_id, people=found
        )
    return Picker(query, people, found)
