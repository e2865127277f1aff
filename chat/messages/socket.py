"""What a device says about messages."""

import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web

from chat.conversations import actions as conversations
from chat.db import UNAVAILABLE
from chat.errors import ChatError, RateLimited, Unavailable, ValidationFailed
from chat.events import Message, MessageDeleted, MessageEvent, MessageUpdated
from chat.messages import actions, change_actions
from chat.messages.keys import WRITER
from chat.realtime.connection import MAX_OPEN, Connection
from chat.realtime.frames import Subscribed, Synced, Unsubscribed, json_form, message_sent
from chat.realtime.socket import HUB, RENDERER
from chat.web.keys import SERVICES
from chat.web.throttle import THROTTLE

SYNC_PAGE = 100
# How long an answer waits for whom the limit has been reached.
HELD_SECONDS = 1.0


class MessageSend(msgspec.Struct):
    """`message:send`."""

    conversation_id: UUID
    client_message_id: UUID
    content: str
    reply_to: UUID | None = None


class MessageEdit(msgspec.Struct):
    """`message:edit`."""

    message_id: UUID
    content: str


class MessageDelete(msgspec.Struct):
    """`message:delete`."""

    message_id: UUID


class Reaction(msgspec.Struct):
    """`reaction:add` and `reaction:remove`."""

    message_id: UUID
    emoji: str


class Subscribe(msgspec.Struct):
    """`subscribe`: the conversation is on screen from now on."""

    conversation_id: UUID
    after_revision: int | None = None


class Unsubscribe(msgspec.Struct):
    """`unsubscribe`: it no longer is."""

    conversation_id: UUID


class ConversationSync(msgspec.Struct):
    """`conversation:sync`: what changed after a revision?"""

    conversation_id: UUID
    after_revision: int


async def message_send(app: web.Application, connection: Connection, payload: MessageSend) -> None:
    """Store the message, then confirm. The hub leaves the sender's own socket out, as `sending` names the message."""
    connection.sending.add(payload.client_message_id)
    try:
        sent = await actions.send(
            app[SERVICES],
            app[WRITER],
            app[THROTTLE],
            sender_id=connection.user_id,
            conversation_id=payload.conversation_id,
            client_message_id=payload.client_message_id,
            content=payload.content,
            reply_to=payload.reply_to,
        )
    except (ChatError, *UNAVAILABLE) as error:
        connection.sending.discard(payload.client_message_id)
        if isinstance(error, ChatError):
            raise
        raise Unavailable("The message could not be saved just now.") from error
    if sent.duplicate:
        connection.sending.discard(payload.client_message_id)
    confirmation = message_sent(sent.message, duplicate=sent.duplicate)
    await connection.tell(confirmation, lambda: app[RENDERER].message_sent(sent.message, confirmation))


async def message_edit(app: web.Application, connection: Connection, payload: MessageEdit) -> None:
    """Answered, as the other changes are, by the news of it, which reaches this socket as it does everybody's."""
    await _change(connection, change_actions.edit(**_whose(app, connection, payload), content=payload.content))


async def message_delete(app: web.Application, connection: Connection, payload: MessageDelete) -> None:
    """Erase the message."""
    await _change(connection, change_actions.delete(**_whose(app, connection, payload)), MessageDeleted)


async def reaction_add(app: web.Application, connection: Connection, payload: Reaction) -> None:
    """Choose an emoji."""
    await _change(connection, change_actions.react(**_whose(app, connection, payload), emoji=payload.emoji))


async def reaction_remove(app: web.Application, connection: Connection, payload: Reaction) -> None:
    """Take it back."""
    await _change(connection, change_actions.unreact(**_whose(app, connection, payload), emoji=payload.emoji))


def _whose(
    app: web.Application, connection: Connection, payload: MessageEdit | MessageDelete | Reaction
) -> dict[str, Any]:
    """Which message is to be changed, and by whom."""
    return {
        "services": app[SERVICES],
        "throttle": app[THROTTLE],
        "user_id": connection.user_id,
        "message_id": payload.message_id,
    }


async def _change(
    connection: Connection, change: Awaitable[Message], told: type[MessageEvent] = MessageUpdated
) -> None:
    """Where the database is away the refusal names the message, and the socket stays: the device tries again."""
    try:
        message = await change
    except UNAVAILABLE as error:
        raise Unavailable("The change could not be saved just now.") from error
    if connection.speaks_json and message.conversation_id not in connection.open:
        # A program that didn't ask for the news of the conversation has no other answer.
        await connection.send(json_form(told(message)))


async def subscribe(app: web.Application, connection: Connection, payload: Subscribe) -> None:
    """Live from now on, and what was missed since `after_revision`. Listening begins before the reading: an event
    that falls between them comes twice, which the screen doesn't mind, and never not at all."""
    most = MAX_OPEN[connection.speaks_json]
    if len(connection.open) >= most and payload.conversation_id not in connection.open:
        raise ValidationFailed(f"At most {most:,} conversations can be open at once on one connection.")
    scope = {"viewer_id": connection.user_id, "conversation_id": payload.conversation_id}
    connection.open.add(payload.conversation_id)
    try:
        row = await conversations.get(app[SERVICES], **scope)
    except ChatError:
        connection.open.discard(payload.conversation_id)
        raise
    if app[HUB].roster.join(connection, [payload.conversation_id]):
        # The first look let it in, but until here it was told nothing of this conversation: look again.
        try:
            row = await conversations.get(app[SERVICES], **scope)
        except ChatError:
            app[HUB].roster.part(connection, payload.conversation_id)
            raise
    await connection.tell(Subscribed(row.id, row.last_seq, row.revision, row.read_up_to, row.unread, row.unread_from))
    if payload.after_revision is not None and payload.after_revision < row.revision:
        await conversation_sync(app, connection, ConversationSync(payload.conversation_id, payload.after_revision))


async def unsubscribe(_app: web.Application, connection: Connection, payload: Unsubscribe) -> None:
    """No longer on screen; the row in the list still follows."""
    connection.open.discard(payload.conversation_id)
    await connection.tell(Unsubscribed(payload.conversation_id))


async def conversation_sync(app: web.Application, connection: Connection, payload: ConversationSync) -> None:
    """One page of what changed; the device asks on from its `revision` while there is more.

    Whoever asks too often is not refused, and then without what changed, but answered later.
    """
    services = app[SERVICES]
    per_minute = services.settings.history_limit_per_minute
    try:
        await app[THROTTLE].take(f"sync:{connection.user_id}", per_minute=per_minute)
    except RateLimited:
        await asyncio.sleep(HELD_SECONDS)
    row = await conversations.get(services, viewer_id=connection.user_id, conversation_id=payload.conversation_id)
    changes = await actions.changes(
        services,
        viewer_id=connection.user_id,
        conversation_id=payload.conversation_id,
        after_revision=payload.after_revision,
        limit=SYNC_PAGE,
    )
    synced = Synced(
        payload.conversation_id,
        payload.after_revision,
        changes.messages,
        revision=changes.messages[-1].revision if changes.messages else row.revision,
        has_more=changes.has_more,
    )
    await connection.tell(synced, lambda: app[RENDERER].synced(synced))
