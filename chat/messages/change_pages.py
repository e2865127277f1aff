"""What a page does with messages that are there, and what it shows for that."""

import asyncio

from aiohttp import web

from chat import markup
from chat.accounts.sessions import require_viewer
from chat.errors import ValidationFailed
from chat.events import MessageDeleted, MessageEvent, MessageUpdated
from chat.messages import actions, change_actions
from chat.messages.emoji import offer
from chat.realtime.render import sender_view
from chat.realtime.socket import RENDERER
from chat.web.forms import read_form
from chat.web.keys import SERVICES
from chat.web.pages import PERSONAL, render_partial
from chat.web.paths import path_id
from chat.web.throttle import THROTTLE, count_history


async def tools(request: web.Request) -> web.Response:
    """GET /messages/tools: the toolbar, the menu and the dialogs, for a page that needs them for the first time."""
    await require_viewer(request)
    return render_partial(request, "messages/_tools.html", {})


async def source(request: web.Request) -> web.Response:
    """GET /messages/{message_id}/source: what was typed, to be edited."""
    viewer = await require_viewer(request)
    message = await actions.message(
        request.app[SERVICES], viewer_id=viewer.id, message_id=path_id(request, "message_id")
    )
    return web.Response(text=message.content, headers=PERSONAL)


async def edit(request: web.Request) -> web.Response:
    """POST /messages/{message_id}/edit with `content`: answered with the frame that every page gets."""
    viewer = await require_viewer(request)
    form = await read_form(request)
    message = await change_actions.edit(
        request.app[SERVICES],
        request.app[THROTTLE],
        user_id=viewer.id,
        message_id=path_id(request, "message_id"),
        # As in the composer's form.
        content=form.get("content", "").replace("\r\n", "\n"),
    )
    return _frame(request, MessageUpdated(message))


async def delete(request: web.Request) -> web.Response:
    """POST /messages/{message_id}/delete: answered as `edit` is."""
    viewer = await require_viewer(request)
    message = await change_actions.delete(
        request.app[SERVICES],
        request.app[THROTTLE],
        user_id=viewer.id,
        message_id=path_id(request, "message_id"),
    )
    return _frame(request, MessageDeleted(message))


async def react(request: web.Request) -> web.Response:
    """POST /messages/{message_id}/reactions with `emoji`, and `chosen`, which is yes or no: answered as `edit` is."""
    viewer = await require_viewer(request)
    form = await read_form(request)
    deeds = {"yes": change_actions.react, "no": change_actions.unreact}
    try:
        deed = deeds[form.get("chosen", "")]
    except KeyError:
        raise ValidationFailed("A reaction is chosen, or it is not.") from None
    message = await deed(
        request.app[SERVICES],
        request.app[THROTTLE],
        user_id=viewer.id,
        message_id=path_id(request, "message_id"),
        emoji=form.get("emoji", ""),
    )
    return _frame(request, MessageUpdated(message) if message.deleted_at is None else MessageDeleted(message))


async def edits(request: web.Request) -> web.Response:
    """GET /messages/{message_id}/edits: what the message said before, the latest first."""
    viewer = await require_viewer(request)
    await count_history(request, viewer.id)
    history = await actions.history_of(
        request.app[SERVICES], viewer_id=viewer.id, message_id=path_id(request, "message_id")
    )
    editions = []
    for edition in history:
        editions.append({"html": markup.render(edition.content), "at": edition.at.isoformat()})
        # Costly ones in a row must not hold up everyone else.
        await asyncio.sleep(0)
    return render_partial(request, "messages/_edits.html", {"editions": editions})


async def reactions(request: web.Request) -> web.Response:
    """GET /messages/{message_id}/reactions: who chose what."""
    viewer = await require_viewer(request)
    reacted = await actions.who_reacted(
        request.app[SERVICES], viewer_id=viewer.id, message_id=path_id(request, "message_id")
    )
    groups = [
        {"emoji": reaction.emoji, "count": reaction.count, "people": [sender_view(one) for one in reaction.people]}
        for reaction in reacted
    ]
    return render_partial(request, "messages/_reactors.html", {"groups": groups})


async def emoji(request: web.Request) -> web.Response:
    """GET /emoji?q=: the usual emoji, or those whose names begin with the words of the query."""
    await require_viewer(request)
    query = request.query.get("q", "").strip()[:40]
    response = render_partial(request, "messages/_emoji.html", {"query": query, "groups": offer(query)})
    # The same for everybody, and tomorrow as today.
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


def _frame(request: web.Request, event: MessageEvent) -> web.Response:
    frame = request.app[RENDERER].message_on_screen(event)
    return web.Response(body=frame, content_type="application/json", headers=PERSONAL)
