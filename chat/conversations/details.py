"""What the panel beside a conversation shows: what there is to know of it, and what this person may do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic
from urllib.parse import urlencode
from uuid import UUID

from chat.accounts.model import Invite
from chat.conversations import actions, link_actions, member_actions
from chat.conversations.access import Deed, Standing, standing
from chat.conversations.model import Member, MemberPlace, RoomPlace, Row
from chat.errors import ChatError
from chat.services import Services
from chat.web.cursors import Item, Part, decode_cursor, encode_cursor

# Muted until then is muted until the person takes it back.
FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shown(Generic[Item]):
    """A part of a list on a page, and the address of the next one; empty at the end."""

    items: list[Item]
    more: str


@dataclass(frozen=True, slots=True)
class Details:
    """The panel. `errors` and `values` are of a form that has to be corrected, `new_link` is shown this once."""

    conversation: Row
    standing: Standing
    members: Shown[Member]
    links: list[Invite]
    new_link: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] | None = None

    def may(self, deed: Deed) -> bool:
        """Whether the viewer may do it now."""
        return self.standing.may(deed)

    @property
    def muted_for_good(self) -> bool:
        """Whether it is muted until the viewer takes that back."""
        return self.conversation.muted_until is not None and self.conversation.muted_until >= FOR_GOOD


async def read_details(
    services: Services,
    *,
    viewer_id: UUID,
    conversation_id: UUID,
    new_link: str = "",
    error: ChatError | None = None,
    values: Mapping[str, str] | None = None,
) -> Details:
    """The panel as it is now, perhaps with what was wrong. Raises what `access.standing` does."""
    stands = await standing(services.pool, viewer_id=viewer_id, conversation_id=conversation_id)
    conversation = await actions.get(services, viewer_id=viewer_id, conversation_id=conversation_id)
    links = (
        await link_actions.links(services, viewer_id=viewer_id, conversation_id=conversation_id)
        if stands.may(Deed.MAKE_LINKS)
        else []
    )
    return Details(
        conversation=conversation,
        standing=stands,
        members=await shown_members(services, viewer_id=viewer_id, conversation_id=conversation_id),
        links=links,
        new_link=new_link,
        errors={} if error is None else error.fields or {"form": error.message},
        values=values,
    )


async def shown_members(
    services: Services, *, viewer_id: UUID, conversation_id: UUID, query: str = "", cursor: str = ""
) -> Shown[Member]:
    """Some of the people in it. Raises what `access.standing` does, and `ValidationFailed` for a wrong cursor."""
    after = decode_cursor(cursor, MemberPlace) if cursor else None
    part = await member_actions.members(
        services, viewer_id=viewer_id, conversation_id=conversation_id, prefix=query, after=after
    )
    return shown(part, address=f"/c/{conversation_id}/members", query=query)


def shown(part: Part[Item, MemberPlace] | Part[Item, RoomPlace], *, address: str, query: str) -> Shown[Item]:
    """A part of a list whose next one is at this address, for the same query."""
    if part.after is None:
        return Shown(part.items, "")
    return Shown(part.items, f"{address}?{urlencode({'q': query, 'after': encode_cursor(part.after)})}")
