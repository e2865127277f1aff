"""Receipts on the page: who has read a message, and what a person marks as unread."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web
from msgspec import UNSET

from chat.accounts.sessions import require_viewer
from chat.errors import ValidationFailed
from chat.realtime.render import sender_view
from chat.receipts import recipient_actions, unread_actions
from chat.receipts.model import Receipts, RecipientPlace
from chat.web.api import PAGE, answer
from chat.web.cursors import decode_cursor, encode_cursor
from chat.web.forms import choice, read_form
from chat.web.keys import SERVICES
from chat.web.pages import go_to, render_partial, wants_json
from chat.web.paths import path_id
from chat.web.shapes import Status
from chat.web.throttle import count_history

# Nobody writes more messages than have numbers of so many digits.
_DIGITS = 9


async def receipts(request: web.Request) -> web.Response:
    """GET /messages/{message_id}/receipts: who has read one's own message, whom it has reached, and whom it hasn't.

    With `status` and `after`: more of those in one section.
    """
    viewer = await require_viewer(request)
    await count_history(request, viewer.id)
    services = request.app[SERVICES]
    message_id = path_id(request, "message_id")
    if "status" not in request.query:
        found = await recipient_actions.receipts_by_status(
            services, viewer_id=viewer.id, message_id=message_id, limit=PAGE
        )
        sections = [_section(message_id, status, part) for status, part in found.items()]
        return render_partial(request, "receipts/_receipts.html", {"sections": sections})
    status: Status | None = choice(request.query["status"], Status)
    if status is None:
        raise ValidationFailed("There is no such status.")
    more = await recipient_actions.receipts(
        services,
        viewer_id=viewer.id,
        message_id=message_id,
        status=status,
        after=decode_cursor(request.query.get("after", UNSET), RecipientPlace),
        limit=PAGE,
    )
    return render_partial(request, "receipts/_recipients.html", {"section": _section(message_id, status, more)})


def _section(message_id: UUID, status: Status, found: Receipts) -> dict[str, Any]:
    """What the templates want of those with one status."""
    after = found.recipients.after
    more = None if after is None else urlencode({"status": status, "after": encode_cursor(after)})
    return {
        "status": status,
        "count": getattr(found.counts, status),
        "recipients": [
            {"person": sender_view(one.user), "read_at": one.read_at and one.read_at.isoformat()}
            for one in found.recipients.items
        ],
        "more": more and f"/messages/{message_id}/receipts?{more}",
    }


async def mark_unread(request: web.Request) -> web.Response:
    """POST /c/{conversation_id}/unread with `from_seq`: unread from this message on; JSON where that is asked for."""
    viewer = await require_viewer(request)
    form = await read_form(request)
    state = await unread_actions.mark_unread(
        request.app[SERVICES],
        user_id=viewer.id,
        conversation_id=path_id(request, "conversation_id"),
        from_seq=_number(form.get("from_seq", "")),
    )
    # In the conversation it would be read at once.
    return answer(state) if wants_json(request) else go_to(request, "/")


def _number(text: str) -> int:
    """A sequence number; 0, which no message has, for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0
