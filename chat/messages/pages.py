"""The conversation on screen: its history, and the composer's form."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from aiohttp import web

from chat.accounts.sessions import require_viewer
from chat.conversations import actions as conversations
from chat.conversations import room_actions
from chat.conversations.details import Details, read_details
from chat.conversations.model import NotInConversation, Row
from chat.errors import ChatError, ValidationFailed
from chat.ids import new_id
from chat.messages import actions
from chat.messages.keys import RECEIPTS_ON_PAGE, WRITER
from chat.messages.model import HistoryPage
from chat.realtime.frames import html_form, message_sent, refusal
from chat.realtime.socket import RENDERER
from chat.web.forms import read_form
from chat.web.keys import SERVICES
from chat.web.pages import render_page, render_partial, wants_json, wants_part
from chat.web.paths import path_id
from chat.web.throttle import RequestThrottle, count_history


async def conversation_page(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}: from the first unread message, or around `?around=`, or the newest (`?latest=1`).

    For a public room that the viewer is not in: what it is, and the way in.
    """
    viewer = await require_viewer(request)
    conversation_id = path_id(request, "conversation_id")
    try:
        return await _conversation_page(request, viewer_id=viewer.id, conversation_id=conversation_id)
    except NotInConversation:
        room = await room_actions.public_room(
            request.app[SERVICES], viewer_id=viewer.id, conversation_id=conversation_id
        )
    context = {"view": "preview", "room": room, "join_path": f"{room.href}/join"}
    return await render_page(request, "conversations/preview.html", context, title=room.name)


async def details_page(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}/details: the conversation with the panel beside it, or the panel alone for its place."""
    viewer = await require_viewer(request)
    conversation_id = path_id(request, "conversation_id")
    details = await read_details(request.app[SERVICES], viewer_id=viewer.id, conversation_id=conversation_id)
    if wants_part(request, "details"):
        return render_partial(request, "conversations/details/_panel.html", {"details": details})
    return await _conversation_page(request, viewer_id=viewer.id, conversation_id=conversation_id, details=details)


async def _conversation_page(
    request: web.Request, *, viewer_id: UUID, conversation_id: UUID, details: Details | None = None
) -> web.Response:
    services = request.app[SERVICES]
    row = await conversations.get(services, viewer_id=viewer_id, conversation_id=conversation_id)
    first_unread = row.seen_up_to + 1 if row.unread and "latest" not in request.query else None
    around = _query_seq(request, "around")
    if around is not None:
        await count_history(request, viewer_id)
    history = await actions.page(
        services,
        viewer_id=viewer_id,
        conversation_id=row.id,
        last_seq=row.last_seq,
        first_seq=around or first_unread or row.last_seq,
        limit=services.settings.history_page,
    )
    await request.app[RENDERER].prepare(history.messages)
    context = _timeline_context(row, history, first_unread=first_unread) | {
        "details": details,
        "receipts": await _receipts(request, viewer_id, row),
    }
    return await render_page(request, "conversations/pane.html", context, title=row.name)


async def history_page(request: web.Request) -> web.Response:
    """GET /c/{conversation_id}/history?before= or ?after=: a page of it, with what loads the next one."""
    viewer = await require_viewer(request)
    services = request.app[SERVICES]
    await count_history(request, viewer.id)
    row = await conversations.get(services, viewer_id=viewer.id, conversation_id=path_id(request, "conversation_id"))
    before, after = _query_seq(request, "before"), _query_seq(request, "after")
    scope: dict[str, Any] = {
        "viewer_id": viewer.id,
        "conversation_id": row.id,
        "limit": services.settings.history_page,
    }
    if before is not None:
        page = await actions.older(services, before=before, **scope)
        context = _timeline_context(row, page, older_only=True)
    elif after is not None:
        page = await actions.newer(services, after=after, **scope)
        context = _timeline_context(row, page, newer_only=True)
    else:
        raise ValidationFailed("History is read before or after a sequence number.")
    await request.app[RENDERER].prepare(page.messages)
    return render_partial(request, "messages/_timeline_page.html", context)


async def send_form(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/messages: the composer without a socket, or without any script at all."""
    viewer = await require_viewer(request)
    conversation_id = path_id(request, "conversation_id")
    form = await read_form(request)
    try:
        client_message_id = UUID(form.get("client_message_id", ""))
        reply_to = UUID(form["reply_to"]) if form.get("reply_to") else None
    except ValueError:
        raise ValidationFailed("The form is incomplete. Reload the page and try again.") from None
    try:
        sent = await actions.send(
            request.app[SERVICES],
            request.app[WRITER],
            RequestThrottle(request),
            sender_id=viewer.id,
            conversation_id=conversation_id,
            client_message_id=client_message_id,
            # Browsers send line breaks in forms as CR LF (HTML, form submission).
            content=form.get("content", "").replace("\r\n", "\n"),
            reply_to=reply_to,
        )
    except ChatError as error:
        if not wants_json(request):
            return await _composer_with_error(request, viewer.id, conversation_id, form, error)
        frame = html_form(refusal(error, client_message_id=client_message_id))
        return web.Response(body=frame, status=error.status, content_type="application/json", headers=error.headers)
    if not wants_json(request):
        raise web.HTTPSeeOther(f"/c/{conversation_id}?latest=1")
    confirmation = message_sent(sent.message, duplicate=sent.duplicate)
    frame = await request.app[RENDERER].message_sent(sent.message, confirmation)
    return web.Response(body=frame, status=200 if sent.duplicate else 201, content_type="application/json")


async def _composer_with_error(
    request: web.Request, viewer_id: UUID, conversation_id: UUID, form: Mapping[str, str], error: ChatError
) -> web.Response:
    """The page again, with what was typed and what was wrong with it."""
    services = request.app[SERVICES]
    row = await conversations.get(services, viewer_id=viewer_id, conversation_id=conversation_id)
    history = await actions.page(
        services,
        viewer_id=viewer_id,
        conversation_id=row.id,
        last_seq=row.last_seq,
        first_seq=row.last_seq,
        limit=services.settings.history_page,
    )
    await request.app[RENDERER].prepare(history.messages)
    context = _timeline_context(row, history) | {
        "content": form.get("content", ""),
        "error": error.message,
        "receipts": await _receipts(request, viewer_id, row),
    }
    return await render_page(request, "conversations/pane.html", context, title=row.name, error=error)


async def _receipts(request: web.Request, viewer_id: UUID, row: Row) -> str:
    return await request.app[RECEIPTS_ON_PAGE](request.app[SERVICES], viewer_id=viewer_id, conversation_id=row.id)


def _timeline_context(
    row: Row,
    page: HistoryPage,
    *,
    first_unread: int | None = None,
    older_only: bool = False,
    newer_only: bool = False,
) -> dict[str, Any]:
    """What `_timeline_page.html` and the pane around it want.

    A page that continues the screen at one end has the sentinel for further history only at that end.
    """
    messages = page.messages
    return {
        "view": "conversation",
        "conversation": row,
        "current_conversation_id": row.id,
        "client_message_id": new_id(),
        "messages": messages,
        "page_revision": row.revision,
        "older_before": messages[0].seq
        if messages and page.has_older and messages[0].seq > 1 and not newer_only
        else None,
        "newer_after": messages[-1].seq if messages and page.has_newer and not older_only else None,
        "at_beginning": not newer_only and (not messages or messages[0].seq == 1),
        "first_unread_seq": first_unread,
    }


def _query_seq(request: web.Request, name: str) -> int | None:
    """A sequence number from the query; None where there is none. Raises `ValidationFailed` for what is none."""
    text = request.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValidationFailed("A sequence number is a whole number.")
    return int(text)
