"""The people of a conversation: the list, the card of each with what may be done about them, and adding others."""

from uuid import UUID

from aiohttp import web

from chat.accounts import contact_actions
from chat.conversations import actions, member_actions, picking
from chat.conversations.access import Deed, standing
from chat.conversations.details import shown_members
from chat.conversations.details_pages import (
    REFUSALS,
    Whose,
    answer_with_details,
    answer_with_dialog,
    require,
    whose_request,
)
from chat.conversations.model import MemberRole
from chat.errors import ChatError, ValidationFailed
from chat.web.forms import choice, read_form, read_values
from chat.web.keys import SERVICES
from chat.web.pages import is_htmx, render_page, render_partial, wants_part
from chat.web.paths import path_id
from chat.web.throttle import read_search


async def members(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}/members?q=&after=: some of the people in it, for the panel or as a page."""
    whose = await whose_request(request)
    query = await read_search(request, whose["viewer_id"])
    context = {
        "view": "details",
        "query": query,
        "conversation": await actions.get(request.app[SERVICES], **whose),
        "members": await shown_members(
            request.app[SERVICES], query=query, cursor=request.query.get("after", ""), **whose
        ),
    }
    if is_htmx(request):
        return render_partial(request, "conversations/details/_members.html", context)
    return await render_page(request, "conversations/members.html", context, title="People")


async def member(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}/members/{user_id}: who somebody is there, and what may be done about it."""
    return await _card(request, "member", *await _whom(request))


async def change_role(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/members/{user_id}/role, with `role`: owner, admin or member."""
    whose, user_id = await _whom(request)
    wanted = (await read_form(request)).get("role", "")
    role: MemberRole | None = choice(wanted, MemberRole)
    try:
        if role is None:
            raise ValidationFailed("Please choose a role.")
        await member_actions.change_role(request.app[SERVICES], user_id=user_id, role=role, **whose)
    except REFUSALS as error:
        return await _card(request, "member", whose, user_id, error=error)
    return await answer_with_details(request, whose)


async def hand_over_dialog(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}/members/{user_id}/hand-over: what follows from it."""
    whose, user_id = await _whom(request)
    await require(request, whose, Deed.CHANGE_ROLES)
    return await _card(request, "hand_over", whose, user_id)


async def hand_over(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/members/{user_id}/hand-over."""
    whose, user_id = await _whom(request)
    try:
        await member_actions.hand_over(request.app[SERVICES], user_id=user_id, **whose)
    except REFUSALS as error:
        return await _card(request, "hand_over", whose, user_id, error=error)
    return await answer_with_details(request, whose)


async def remove_dialog(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}/members/{user_id}/remove: what follows from it."""
    whose, user_id = await _whom(request)
    await require(request, whose, Deed.REMOVE_PEOPLE)
    return await _card(request, "remove", whose, user_id)


async def remove(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/members/{user_id}/remove."""
    whose, user_id = await _whom(request)
    try:
        await member_actions.remove_person(request.app[SERVICES], user_id=user_id, **whose)
    except REFUSALS as error:
        return await _card(request, "remove", whose, user_id, error=error)
    return await answer_with_details(request, whose)


async def people_to_add(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}/people?q=&with=: choose who is to be added."""
    whose = await whose_request(request)
    await require(request, whose, Deed.ADD_PEOPLE)
    chosen = request.query.getall("with", [])
    query = await read_search(request, whose["viewer_id"])
    return await _people_to_add(request, whose, query=query, chosen=chosen)


async def add_people(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/people, with `with` for each of them."""
    whose = await whose_request(request)
    chosen = await read_values(request, "with")
    try:
        user_ids = picking.ids_of(chosen)
        if not user_ids:
            raise ValidationFailed("Choose at least one person.")
        await member_actions.add_people(request.app[SERVICES], **whose, user_ids=user_ids)
    except REFUSALS as error:
        return await _people_to_add(request, whose, chosen=chosen, error=error)
    return await answer_with_details(request, whose)


async def _people_to_add(
    request: web.Request,
    whose: Whose,
    *,
    query: str = "",
    chosen: list[str],
    error: ChatError | None = None,
) -> web.Response:
    services = request.app[SERVICES]
    conversation = await actions.get(services, **whose)
    picker = await picking.read_picker(services, query=query, chosen=chosen, **whose)
    context = {"conversation": conversation, "picker": picker}
    if wants_part(request, "picker-results"):
        return render_partial(request, "conversations/_picker_results.html", context)
    return await answer_with_dialog(request, "add_people", context, title="Add people", error=error)


async def _whom(request: web.Request) -> tuple[Whose, UUID]:
    """Whose request it is, and the person in the address."""
    return await whose_request(request), path_id(request, "user_id")


async def _card(
    request: web.Request,
    name: str,
    whose: Whose,
    user_id: UUID,
    *,
    error: ChatError | None = None,
) -> web.Response:
    """A dialog about somebody in the conversation."""
    services = request.app[SERVICES]
    stands = await standing(services.pool, **whose)
    found = await member_actions.member(services, user_id=user_id, **whose)
    relation = None
    if found.active and user_id != whose["viewer_id"]:
        relation = await contact_actions.relation(services, viewer_id=whose["viewer_id"], user_id=user_id)
    context = {
        "conversation": await actions.get(services, **whose),
        "member": found,
        "relation": relation,
        "may": stands.may,
        "may_remove": stands.may_remove(found.role),
    }
    return await answer_with_dialog(request, name, context, title=found.person.display_name, error=error)
