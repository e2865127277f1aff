"""The panel beside a conversation: what it is called, what one wants to hear of it, and its end."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from aiohttp import web

from chat.accounts import block_actions
from chat.accounts.sessions import require_viewer
from chat.conversations import actions, detail_actions, member_actions, notification_actions, privacy_actions
from chat.conversations.access import Deed, standing
from chat.conversations.details import FOR_GOOD, read_details
from chat.conversations.model import Notify, Row, Visibility
from chat.errors import ChatError, Conflict, Forbidden, RateLimited, ValidationFailed
from chat.web.forms import choice, read_form
from chat.web.keys import SERVICES
from chat.web.pages import go_to, is_htmx, render_page, render_partial
from chat.web.paths import path_id

# What a form may be answered with that the person can do something about.
REFUSALS = (ValidationFailed, Forbidden, Conflict, RateLimited)
MUTES = {"hour": timedelta(hours=1), "workday": timedelta(hours=8), "week": timedelta(weeks=1)}


class Whose(TypedDict):
    """Who asks, and for which conversation: what nearly every action wants to know."""

    viewer_id: UUID
    conversation_id: UUID


async def change_details(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/details, with `name`, `topic` and perhaps `visibility`."""
    whose = await whose_request(request)
    form = await read_form(request)
    values = {name: form.get(name, "") for name in ("name", "topic", "visibility")}
    try:
        await detail_actions.change_details(
            request.app[SERVICES],
            **whose,
            name=form.get("name"),
            topic=form.get("topic"),
            visibility=choice(form.get("visibility"), Visibility),
        )
    except REFUSALS as error:
        return await answer_with_details(request, whose, error=error, values=values)
    return await answer_with_details(request, whose)


async def change_notifications(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/notifications, with `notify`: all, mentions or none."""
    whose = await whose_request(request)
    wanted = (await read_form(request)).get("notify", "")
    notify: Notify | None = choice(wanted, Notify)
    if notify is None:
        error = ValidationFailed("Please choose what you want to be notified of.")
        return await answer_with_details(request, whose, error=error)
    await notification_actions.set_notify(request.app[SERVICES], **whose, notify=notify)
    return await answer_with_details(request, whose)


async def mute(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/mute, with `mute`: one of `MUTES`, "forever", or nothing to hear of it again."""
    whose = await whose_request(request)
    wanted = (await read_form(request)).get("mute", "")
    if wanted in MUTES:
        until = datetime.now(UTC) + MUTES[wanted]
        await notification_actions.mute(request.app[SERVICES], until=until, **whose)
    elif wanted == "forever":
        await notification_actions.mute(request.app[SERVICES], until=FOR_GOOD, **whose)
    else:
        await notification_actions.unmute(request.app[SERVICES], **whose)
    return await answer_with_details(request, whose)


async def share_reads(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/receipts, with `receipts`: on, off, or nothing for what the settings say."""
    whose = await whose_request(request)
    wanted = (await read_form(request)).get("receipts", "")
    enabled = {"on": True, "off": False}.get(wanted)
    try:
        await privacy_actions.share_reads(request.app[SERVICES], **whose, enabled=enabled)
    except RateLimited as error:
        return await answer_with_details(request, whose, error=error)
    return await answer_with_details(request, whose)


async def leave_dialog(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}/leave: whether one means it, and who owns it afterwards."""
    return await _leave_dialog(request, await whose_request(request))


async def leave(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/leave, with `heir` where the last owner leaves."""
    whose = await whose_request(request)
    services = request.app[SERVICES]
    heir = (await read_form(request)).get("heir", "")
    try:
        if heir:
            await member_actions.hand_over(services, user_id=_heir_id(heir), **whose)
        await member_actions.leave(services, **whose)
    except REFUSALS as error:
        return await _leave_dialog(request, whose, error=error)
    return go_to(request, "/")


def _heir_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValidationFailed("Please choose who owns it after you.") from None


async def _leave_dialog(request: web.Request, whose: Whose, error: ChatError | None = None) -> web.Response:
    services = request.app[SERVICES]
    conversation = await actions.get(services, **whose)
    members = (await member_actions.members(services, **whose)).items
    # Owners come first in the list: a second one would be there.
    owners = sum(member.role == "owner" for member in members)
    is_last = conversation.role == "owner" and owners == 1
    heirs = (
        [member for member in members if member.person.id != whose["viewer_id"] and member.active] if is_last else []
    )
    context = {"conversation": conversation, "heirs": heirs}
    return await answer_with_dialog(request, "leave", context, title="Leave", error=error)


async def archive_dialog(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}/archive: what follows from it."""
    await require(request, await whose_request(request), Deed.ARCHIVE)
    return await _dialog(request, "archive", title="Archive")


async def archive(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/archive, with `archived`: yes or no."""
    whose = await whose_request(request)
    wanted = (await read_form(request)).get("archived") != "no"
    change = detail_actions.archive if wanted else detail_actions.unarchive
    try:
        await change(request.app[SERVICES], **whose)
    except REFUSALS as error:
        return await _dialog(request, "archive", title="Archive", error=error)
    return await answer_with_details(request, whose)


async def delete_dialog(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}/delete: what everyone loses."""
    await require(request, await whose_request(request), Deed.DELETE)
    return await _dialog(request, "delete", title="Delete")


async def delete(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/delete."""
    whose = await whose_request(request)
    try:
        await detail_actions.delete(request.app[SERVICES], **whose)
    except REFUSALS as error:
        return await _dialog(request, "delete", title="Delete", error=error)
    return go_to(request, "/")


async def block_dialog(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}/block: what follows from it, for the two people of a direct conversation."""
    whose = await whose_request(request)
    conversation = await actions.get(request.app[SERVICES], **whose)
    _other_of(conversation)
    return await answer_with_dialog(request, "block", {"conversation": conversation}, title="Block")


async def block(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/block, with `blocked`: yes or no. Of a direct conversation, its other person."""
    whose = await whose_request(request)
    services = request.app[SERVICES]
    user_id = _other_of(await actions.get(services, **whose))
    wanted = (await read_form(request)).get("blocked") != "no"
    change = block_actions.block if wanted else block_actions.unblock
    await change(services, viewer_id=whose["viewer_id"], user_id=user_id)
    return await answer_with_details(request, whose)


def _other_of(conversation: Row) -> UUID:
    if conversation.other_id is None:
        raise ValidationFailed("Only the person of a direct conversation can be blocked here.")
    return conversation.other_id


async def whose_request(request: web.Request) -> Whose:
    """The viewer, and the conversation in the address."""
    return Whose(viewer_id=(await require_viewer(request)).id, conversation_id=path_id(request, "conversation_id"))


async def require(request: web.Request, whose: Whose, deed: Deed) -> None:
    """Nobody is asked about what they may not do. Raises what `access.standing` does, and `Forbidden`."""
    viewer = await standing(request.app[SERVICES].pool, **whose)
    viewer.require(deed)


async def _dialog(request: web.Request, name: str, *, title: str, error: ChatError | None = None) -> web.Response:
    """A dialog that says nothing but what the conversation is."""
    whose = await whose_request(request)
    conversation = await actions.get(request.app[SERVICES], **whose)
    return await answer_with_dialog(request, name, {"conversation": conversation}, title=title, error=error)


async def answer_with_details(
    request: web.Request,
    whose: Whose,
    *,
    error: ChatError | None = None,
    values: Mapping[str, str] | None = None,
    new_link: str = "",
) -> web.Response:
    """The panel as it is after a form. Without scripts: the conversation with it, or the panel alone where it says
    something that it will not say again."""
    details = await read_details(
        request.app[SERVICES],
        **whose,
        error=error,
        values=values,
        new_link=new_link,
    )
    context = {"view": "details", "details": details}
    if is_htmx(request):
        return render_partial(request, "conversations/details/_panel.html", context, error=error)
    if error is None and not new_link:
        raise web.HTTPSeeOther(f"{details.conversation.href}/details")
    title = details.conversation.name
    return await render_page(request, "conversations/details_page.html", context, title=title, error=error)


async def answer_with_dialog(
    request: web.Request, name: str, context: Mapping[str, Any], *, title: str, error: ChatError | None = None
) -> web.Response:
    """What a dialog asks, perhaps again with what was wrong; a page of its own without scripts. `context` must hold
    the `conversation`."""
    template = f"conversations/dialogs/{name}.html"
    if not is_htmx(request):
        page = {**context, "view": "details", "dialog": template, "title": title, "error": error}
        return await render_page(request, "conversations/dialog_page.html", page, title=title, error=error)
    response = render_partial(request, template, {**context, "error": error}, error=error)
    # Where a form in the dialog would have changed what is behind it.
    response.headers["HX-Retarget"] = "#dialog"
    return response
