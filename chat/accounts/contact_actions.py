"""Contacts: one asks, the other accepts. Of blocks nobody is told here: whoever is blocked and whoever has blocked are
refused in the same words."""

from collections.abc import Sequence
from uuid import UUID

from chat.accounts import contact_queries
from chat.accounts.contact_model import ContactStatus, PersonPlace, Relation, part_of
from chat.db import Connection
from chat.errors import Conflict, Forbidden, NotFound, ValidationFailed
from chat.events import ContactsChanged, PersonChanged
from chat.services import Services
from chat.web.cursors import Part

CONTACTS_MAX = 1000
# That somebody has sent; and so many may wait for somebody.
REQUESTS_MAX = 200
CONTACTS_PAGE = 50


async def add(services: Services, *, viewer_id: UUID, user_id: UUID) -> Relation:
    """Ask somebody to be in one's contacts; whoever has been asked by that person accepts. Any number of calls do what
    one does, and two people who ask each other at once are contacts.

    Raises `ValidationFailed` for oneself, `NotFound` where there is no such active person, `Forbidden` where one of the
    two has blocked the other, `Conflict` where either has too many contacts or requests, and `RateLimited`.
    """
    if viewer_id == user_id:
        raise ValidationFailed("You can't add yourself to your contacts.")
    await services.count_change(viewer_id)
    async with services.pool.acquire() as connection, connection.transaction():
        await contact_queries.lock(connection, one=viewer_id, other=user_id)
        found = await contact_queries.between(connection, viewer_id=viewer_id, user_id=user_id)
        if found is None or not found.active:
            raise NotFound("This person can't be found.")
        if found.blocked:
            raise Forbidden("You can't add this person to your contacts.")
        if found.status is None:
            await _require_room_to_ask(connection, viewer_id=viewer_id, user_id=user_id)
            await contact_queries.ask(connection, viewer_id=viewer_id, user_id=user_id)
        elif found.status == "incoming":
            await _require_room_to_accept(connection, viewer_id=viewer_id, user_id=user_id)
            await contact_queries.accept(connection, viewer_id=viewer_id, user_id=user_id)
        now = await _relation(connection, viewer_id=viewer_id, user_id=user_id)
    if now.status != found.status:
        tell(services, viewer_id, user_id)
    return now


async def _require_room_to_ask(connection: Connection, *, viewer_id: UUID, user_id: UUID) -> None:
    own = await contact_queries.counts(connection, user_id=viewer_id)
    _require_room(own.contacts)
    if own.outgoing >= REQUESTS_MAX:
        raise Conflict(f"{REQUESTS_MAX} of your requests are still open. Withdraw one of them first.")
    if (await contact_queries.counts(connection, user_id=user_id)).incoming >= REQUESTS_MAX:
        raise Conflict("This person has too many open requests. Try again another day.")


async def _require_room_to_accept(connection: Connection, *, viewer_id: UUID, user_id: UUID) -> None:
    _require_room((await contact_queries.counts(connection, user_id=viewer_id)).contacts)
    if (await contact_queries.counts(connection, user_id=user_id)).contacts >= CONTACTS_MAX:
        raise Conflict("This person has as many contacts as there can be.")


def _require_room(contacts: int) -> None:
    if contacts >= CONTACTS_MAX:
        raise Conflict(f"You have {CONTACTS_MAX:,} contacts, and there can't be more. Remove one of them first.")


async def remove(services: Services, *, viewer_id: UUID, user_id: UUID) -> None:
    """Be contacts no more; decline what somebody has asked, or withdraw what one has asked oneself. Nothing happens
    where there is nothing to take back. Raises `RateLimited`."""
    await services.count_change(viewer_id)
    async with services.pool.acquire() as connection, connection.transaction():
        await contact_queries.lock(connection, one=viewer_id, other=user_id)
        removed = await contact_queries.remove(connection, viewer_id=viewer_id, user_id=user_id)
    if removed:
        tell(services, viewer_id, user_id)


def tell(services: Services, one: UUID, other: UUID) -> None:
    """Their contacts are others now, and so may be what each shares with the other. To be called after the commit."""
    for user_id in (one, other):
        services.emit(PersonChanged(user_id))
        services.emit(ContactsChanged(user_id))


async def relation(services: Services, *, viewer_id: UUID, user_id: UUID) -> Relation:
    """What somebody is to the viewer. Raises `NotFound` where there is no such active person."""
    return await _relation(services.pool, viewer_id=viewer_id, user_id=user_id)


async def _relation(connection: Connection, *, viewer_id: UUID, user_id: UUID) -> Relation:
    found = await contact_queries.relations(connection, viewer_id=viewer_id, user_ids=[user_id])
    if not found:
        raise NotFound("This person can't be found.")
    return found[0]


async def relations(services: Services, *, viewer_id: UUID, user_ids: Sequence[UUID]) -> list[Relation]:
    """What those of these people who have active accounts are to the viewer, in their order."""
    return await contact_queries.relations(services.pool, viewer_id=viewer_id, user_ids=user_ids)


async def listed(
    services: Services,
    *,
    viewer_id: UUID,
    status: ContactStatus | None = None,
    after: PersonPlace | None = None,
    limit: int = CONTACTS_PAGE,
) -> Part[Relation, PersonPlace]:
    """The viewer's contacts and requests, those of one status or all of them, by name, after a place."""
    found = await contact_queries.listed(
        services.pool, viewer_id=viewer_id, status=status, after=after, limit=limit + 1
    )
    return part_of(found, limit=limit)


async def requests_of(services: Services, *, viewer_id: UUID) -> int:
    """How many people wait for the viewer to accept or decline."""
    return await contact_queries.count_incoming(services.pool, user_id=viewer_id)
