"""The page of one's contacts, and the card of any person with what the two are to each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from chat.accounts import actions, block_actions, contact_actions
from chat.accounts.contact_model import PersonPlace, Relation
from chat.accounts.sessions import require_viewer
from chat.errors import ChatError, Conflict, Forbidden, NotFound, RateLimited, ValidationFailed
from chat.names import SEARCH_MAX
from chat.services import Services
from chat.web.cursors import Part, decode_cursor, encode_cursor
from chat.web.forms import read_form
from chat.web.keys import SERVICES
from chat.web.notices import redirect_with_notice, take_notice
from chat.web.pages import is_htmx, render_page, render_partial, wants_pane, wants_part
from chat.web.paths import path_id
from chat.web.throttle import read_search

# What a button may be answered with that the person should read where it stands.
REFUSALS = (ValidationFailed, Forbidden, NotFound, Conflict, RateLimited)


@dataclass(frozen=True, slots=True)
class People:
    """A list on the page, and the address where it goes on; empty at the end."""

    items: list[Relation]
    more: str = ""


async def contacts(request: web.Request) -> web.Response:
    """GET /contacts?q=: one's contacts, who has asked whom, and whom one has blocked; or whom `q` has found. With
    `contacts` or `blocked`, each a cursor, that list goes on."""
    viewer = await require_viewer(request)
    services = request.app[SERVICES]
    for name, read in (("contacts", _contacts), ("blocked", _blocked)):
        cursor = request.query.get(name)
        if cursor and is_htmx(request) and not wants_pane(request):
            people = await read(services, viewer.id, cursor)
            return render_partial(request, "accounts/_contact_rows.html", {"people": people})
    return await _page(request, viewer.id, query=await read_search(request, viewer.id))


async def add(request: web.Request) -> web.Response:
    """POST /contacts/{user_id}/add: ask somebody, or accept what this person has asked."""
    viewer_id, user_id = await _both(request)
    try:
        relation = await contact_actions.add(request.app[SERVICES], viewer_id=viewer_id, user_id=user_id)
    except REFUSALS as error:
        return await _answer(request, viewer_id, user_id, error=error)
    name = relation.person.display_name
    notice = f"{name} is in your contacts." if relation.status == "contact" else f"You have asked {name}."
    return await _answer(request, viewer_id, user_id, notice=notice)


async def remove(request: web.Request) -> web.Response:
    """POST /contacts/{user_id}/remove: be contacts no more, decline, or withdraw what one has asked."""
    viewer_id, user_id = await _both(request)
    try:
        await contact_actions.remove(request.app[SERVICES], viewer_id=viewer_id, user_id=user_id)
    except REFUSALS as error:
        return await _answer(request, viewer_id, user_id, error=error)
    return await _answer(request, viewer_id, user_id)


async def card(request: web.Request) -> web.Response:
    """GET /people/{user_id}: who somebody is, and what the viewer may do about it."""
    return await _card(request, *await _both(request))


async def block_dialog(request: web.Request) -> web.Response:
    """GET /people/{user_id}/block: what follows from it, or from taking it back."""
    return await _card(request, *await _both(request), template="accounts/block.html")


async def block(request: web.Request) -> web.Response:
    """POST /people/{user_id}/block, with `blocked`: yes or no."""
    viewer_id, user_id = await _both(request)
    wanted = (await read_form(request)).get("blocked") != "no"
    change = block_actions.block if wanted else block_actions.unblock
    try:
        await change(request.app[SERVICES], viewer_id=viewer_id, user_id=user_id)
    except REFUSALS as error:
        return await _answer(request, viewer_id, user_id, error=error)
    return await _answer(request, viewer_id, user_id)


async def _both(request: web.Request) -> tuple[UUID, UUID]:
    """Who asks, and the person in the address."""
    return (await require_viewer(request)).id, path_id(request, "user_id")


async def _answer(
    request: web.Request, viewer_id: UUID, user_id: UUID, *, notice: str = "", error: ChatError | None = None
) -> web.Response:
    """What has become of it, where the button stood: on the page, on a card, or on the page without scripts."""
    if wants_part(request, "relation"):
        return await _relation(request, viewer_id, user_id, error=error)
    if wants_part(request, "dialog"):
        return await _card(request, viewer_id, user_id, error=error)
    if is_htmx(request) or error is not None:
        query = (await read_form(request)).get("q", "").strip()[:SEARCH_MAX]
        return await _page(request, viewer_id, query=query, error=error)
    return await redirect_with_notice(request, "/contacts", notice)


async def _relation(request: web.Request, viewer_id: UUID, user_id: UUID, *, error: ChatError | None) -> web.Response:
    relation = await contact_actions.relation(request.app[SERVICES], viewer_id=viewer_id, user_id=user_id)
    return render_partial(request, "accounts/_relation.html", {"relation": relation, "error": error}, error=error)


async def _card(
    request: web.Request,
    viewer_id: UUID,
    user_id: UUID,
    *,
    template: str = "accounts/person.html",
    error: ChatError | None = None,
) -> web.Response:
    relation = await contact_actions.relation(request.app[SERVICES], viewer_id=viewer_id, user_id=user_id)
    context = {"relation": relation, "error": error}
    if is_htmx(request):
        return render_partial(request, template, context, error=error)
    page = {**context, "view": "contacts", "dialog": template}
    return await render_page(
        request, "accounts/person_page.html", page, title=relation.person.display_name, error=error
    )


async def _page(request: web.Request, viewer_id: UUID, *, query: str, error: ChatError | None = None) -> web.Response:
    services = request.app[SERVICES]
    lists = await _found(services, viewer_id, query) if query else await _lists(request, viewer_id)
    context = {"view": "contacts", "query": query, "error": error, **lists}
    if wants_part(request, "contacts"):
        return render_partial(request, "accounts/_contacts.html", context, error=error)
    page = {**context, "notice": await take_notice(request)}
    return await render_page(request, "accounts/contacts.html", page, title="Contacts", error=error)


async def _found(services: Services, viewer_id: UUID, query: str) -> Mapping[str, Any]:
    people = await actions.find_people(services, viewer_id=viewer_id, prefix=query)
    ids = [person.id for person in people]
    return {"found": People(await contact_actions.relations(services, viewer_id=viewer_id, user_ids=ids))}


async def _lists(request: web.Request, viewer_id: UUID) -> Mapping[str, Any]:
    services = request.app[SERVICES]
    most = contact_actions.REQUESTS_MAX
    incoming = await contact_actions.listed(services, viewer_id=viewer_id, status="incoming", limit=most)
    outgoing = await contact_actions.listed(services, viewer_id=viewer_id, status="outgoing", limit=most)
    return {
        "incoming": People(incoming.items),
        "contacts": await _contacts(services, viewer_id, request.query.get("contacts", "")),
        "outgoing": People(outgoing.items),
        "blocked": await _blocked(services, viewer_id, request.query.get("blocked", "")),
    }


async def _contacts(services: Services, viewer_id: UUID, cursor: str) -> People:
    part = await contact_actions.listed(services, viewer_id=viewer_id, status="contact", after=_place(cursor))
    return _shown(part, "contacts")


async def _blocked(services: Services, viewer_id: UUID, cursor: str) -> People:
    return _shown(await block_actions.blocked(services, viewer_id=viewer_id, after=_place(cursor)), "blocked")


def _place(cursor: str) -> PersonPlace | None:
    """Raises `ValidationFailed` for what the list hasn't given."""
    return decode_cursor(cursor, PersonPlace) if cursor else None


def _shown(part: Part[Relation, PersonPlace], name: str) -> People:
    more = f"/contacts?{urlencode({name: encode_cursor(part.after)})}" if part.after else ""
    return People(part.items, more)
