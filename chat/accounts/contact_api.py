"""Contacts and blocks over the API."""

from typing import Any, cast

import msgspec
from aiohttp import web

from chat.accounts import block_actions, contact_actions
from chat.accounts.api import user_of
from chat.accounts.contact_model import ContactStatus, PersonPlace, Relation
from chat.events import Time
from chat.web.api import Call, PageQuery, answer, no_content, page_of_part
from chat.web.cursors import decode_cursor
from chat.web.shapes import User


class Contact(msgspec.Struct, frozen=True):
    """Somebody in one's contacts, or who is asked to be. `status` is `contact` where the request was accepted; until
    then it is `incoming` where this person has asked, and `outgoing` where one has asked oneself."""

    user: User
    status: ContactStatus
    requested_at: Time
    accepted_at: Time | None


class ContactsQuery(PageQuery, frozen=True):
    """Those of one `status`. Without it, all of them."""

    status: ContactStatus | msgspec.UnsetType = msgspec.UNSET


async def list_contacts(call: Call[None, ContactsQuery]) -> web.Response:
    """One's contacts, and the requests that are open, by name."""
    query = call.query
    part = await contact_actions.listed(
        call.services,
        viewer_id=call.viewer.id,
        status=None if query.status is msgspec.UNSET else query.status,
        after=decode_cursor(query.cursor, PersonPlace),
        limit=query.limit,
    )
    return answer(page_of_part(part, [_contact(relation) for relation in part.items]))


async def add_contact(call: Call[None, None]) -> web.Response:
    """Ask somebody to be in one's contacts. Somebody who has asked oneself is accepted by this."""
    return answer(_contact(await contact_actions.add(call.services, **_whom(call))))


async def remove_contact(call: Call[None, None]) -> web.Response:
    """Remove a contact, decline a request, or withdraw one's own. The other is not told which."""
    await contact_actions.remove(call.services, **_whom(call))
    return no_content()


async def list_blocks(call: Call[None, PageQuery]) -> web.Response:
    """Whom one has blocked, by name."""
    after = decode_cursor(call.query.cursor, PersonPlace)
    part = await block_actions.blocked(call.services, viewer_id=call.viewer.id, after=after, limit=call.query.limit)
    return answer(page_of_part(part, [user_of(relation.person) for relation in part.items]))


async def block_user(call: Call[None, None]) -> web.Response:
    """Block somebody: neither writes to the other, adds the other, or sees whether the other is there, and they are no
    contacts any more."""
    await block_actions.block(call.services, **_whom(call))
    return no_content()


async def unblock_user(call: Call[None, None]) -> web.Response:
    """Take it back. They are not contacts again by this."""
    await block_actions.unblock(call.services, **_whom(call))
    return no_content()


def _whom(call: Call[Any, Any]) -> dict[str, Any]:
    return {"viewer_id": call.viewer.id, "user_id": call.id("user_id")}


def _contact(relation: Relation) -> Contact:
    # Of a request there is always both.
    status, requested_at = cast("ContactStatus", relation.status), cast("Time", relation.requested_at)
    return Contact(user_of(relation.person), status, requested_at, relation.accepted_at)
