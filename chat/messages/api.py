"""Messages over the API: history, sending, and what can be done with a message."""

from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from chat import events
from chat.conversations.access import standing
from chat.conversations.reach import shown
from chat.errors import ValidationFailed
from chat.messages import actions, change_actions
from chat.messages.keys import WRITER
from chat.messages.model import HistoryPage
from chat.web.api import Call, Model, Page, PageQuery, Seq, answer
from chat.web.cursors import decode_cursor, encode_cursor
from chat.web.shapes import Content, Message, as_seen_by
from chat.web.throttle import RequestThrottle, count_history

# Beyond every sequence number.
END = 2**62


class HistoryQuery(PageQuery, frozen=True):
    """Which part of a history: the newest messages, or those after or around a sequence number."""

    after: Seq | UnsetType = UNSET
    around: Seq | UnsetType = UNSET


class NewMessage(Model, frozen=True):
    """A message to be sent. The device makes `client_message_id` at random. Sent again with it, it is stored once.

    `reply_to` is the id of a message of the same conversation.
    """

    content: Content
    client_message_id: UUID
    reply_to: UUID | None = None


class MessageChange(Model, frozen=True):
    """What a message is to say from now on."""

    content: Content


class Older(msgspec.Struct, frozen=True, tag=True):
    """The place before a message."""

    before: Seq


class Newer(msgspec.Struct, frozen=True, tag=True):
    """The place after a message."""

    after: Seq


async def list_messages(call: Call[None, HistoryQuery]) -> web.Response:
    """Messages in the order of their sequence, the oldest of the page first.

    Without parameters the newest ones. `around` shows a message among its neighbours. In both cases `next_cursor` leads
    to what is older. `after` gives what follows a message, and there `next_cursor` leads to what is newer. So what is
    newer than a page is always had by `after` with the `seq` of its last message.
    """
    await count_history(call.request, call.viewer.id)
    query = call.query
    if sum(given is not UNSET for given in (query.cursor, query.after, query.around)) > 1:
        raise ValidationFailed("Only one of cursor, after and around can be given.")
    place = _place(query)
    scope: dict[str, Any] = {
        "viewer_id": call.viewer.id,
        "conversation_id": call.id("conversation_id"),
        "limit": query.limit,
    }
    if query.around is not UNSET:
        found = await actions.around(call.services, seq=query.around, **scope)
    elif isinstance(place, Newer):
        found = await actions.newer(call.services, after=place.after, **scope)
    else:
        found = await actions.older(call.services, before=place.before, **scope)
    if not found.messages:
        # Either there are none, or they are none of this person's business.
        await standing(call.services.pool, viewer_id=call.viewer.id, conversation_id=call.id("conversation_id"))
    messages = await shown(call.services, [(call.viewer.id, message) for message in found.messages])
    return answer(_page(found, messages, newer=isinstance(place, Newer)))


def _place(query: HistoryQuery) -> Older | Newer:
    place: Older | Newer | None = decode_cursor(query.cursor, Older | Newer)
    if place is not None:
        return place
    return Older(END) if query.after is UNSET else Newer(query.after)


def _page(found: HistoryPage, messages: list[Message], *, newer: bool) -> Page[Message]:
    has_more = found.has_newer if newer else found.has_older
    if not has_more or not messages:
        return Page(messages, None, False)
    return Page(messages, encode_cursor(Newer(messages[-1].seq) if newer else Older(messages[0].seq)), True)


async def send_message(call: Call[NewMessage, None]) -> web.Response:
    """Send a message: 201 when it is on disk, 200 where a message of this `client_message_id` was stored before."""
    sent = await actions.send(
        call.services,
        call.request.app[WRITER],
        RequestThrottle(call.request),
        sender_id=call.viewer.id,
        conversation_id=call.id("conversation_id"),
        client_message_id=call.body.client_message_id,
        content=call.body.content,
        reply_to=call.body.reply_to,
    )
    if sent.duplicate:
        return await _shown(call, sent.message)
    return answer(as_seen_by(call.viewer.id, sent.message), status=201)


async def get_message(call: Call[None, None]) -> web.Response:
    """A message, as it is now."""
    found = await actions.message(call.services, viewer_id=call.viewer.id, message_id=call.id("message_id"))
    return await _shown(call, found)


async def edit_message(call: Call[MessageChange, None]) -> web.Response:
    """Change what one's own message says. What it said before is kept."""
    return await _shown(call, await change_actions.edit(**_whose(call), content=call.body.content))


async def delete_message(call: Call[None, None]) -> web.Response:
    """Erase a message: one's own, or any in a room that one manages. The answer is the tombstone in its place."""
    return await _shown(call, await change_actions.delete(**_whose(call)))


async def list_edits(call: Call[None, None]) -> web.Response:
    """What a message said before it was edited, the latest first: at most 100, and fewer where they are long."""
    await count_history(call.request, call.viewer.id)
    found = await actions.history_of(call.services, viewer_id=call.viewer.id, message_id=call.id("message_id"))
    return answer(Page(found, None, False))


async def add_reaction(call: Call[None, None]) -> web.Response:
    """React to a message with an emoji. Each person has each emoji once."""
    return await _shown(call, await change_actions.react(**_whose(call), emoji=call.request.match_info["emoji"]))


async def remove_reaction(call: Call[None, None]) -> web.Response:
    """Take one's own reaction back."""
    return await _shown(call, await change_actions.unreact(**_whose(call), emoji=call.request.match_info["emoji"]))


def _whose(call: Call[Any, None]) -> dict[str, Any]:
    """Which message is to be changed, and by whom."""
    return {
        "services": call.services,
        "throttle": RequestThrottle(call.request),
        "user_id": call.viewer.id,
        "message_id": call.id("message_id"),
    }


async def _shown(call: Call[Any, None], message: events.Message) -> web.Response:
    (one,) = await shown(call.services, [(call.viewer.id, message)])
    return answer(one)
