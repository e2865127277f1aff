"""What people do with messages that are there: edit, delete, react.

Each change locks the conversation, as sending to it does, so that changes which cross come one after the other, each
with a revision of its own. Whoever repeats a change finds it made: nothing changes, no revision is taken, and
everyone is told once more what is there, in case that the first telling was lost.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from chat.conversations import access
from chat.conversations.access import Deed, Standing
from chat.conversations.model import ConversationNotFound
from chat.db import Connection
from chat.errors import Conflict, Forbidden
from chat.events import Message, MessageDeleted, MessageUpdated
from chat.messages import change_queries, queries
from chat.messages.model import MessageNotFound, check_content, check_emoji
from chat.messages.writer import message_of
from chat.services import Services
from chat.web.throttle import Throttle, count_change

# Different emoji at one message; any number of people may choose each.
MAX_EMOJI = 20


async def edit(services: Services, throttle: Throttle, *, user_id: UUID, message_id: UUID, content: str) -> Message:
    """Give one's own message another content; the earlier one is kept.

    Raises `ValidationFailed` for content that can't be a message, `RateLimited`, `MessageNotFound`, `Forbidden` for
    what others or the conversation wrote, and `Conflict` for a message that was deleted.
    """
    text = check_content(content, max_length=services.settings.message_max_length)
    await count_change(throttle, services.settings, user_id)
    async with _locked(services, user_id=user_id, message_id=message_id) as (connection, standing, message):
        standing.require(Deed.SEND)
        _refuse_system_line(message)
        if message.sender.id != user_id:
            raise Forbidden("Only the person who wrote a message can edit it.")
        _refuse_deleted(message)
        if message.content != text:
            await change_queries.edit(
                connection, message_id=message_id, conversation_id=message.conversation_id, content=text
            )
            message = await _read(connection, message_id)
    services.emit(MessageUpdated(message))
    return message


async def delete(services: Services, throttle: Throttle, *, user_id: UUID, message_id: UUID) -> Message:
    """Erase a message: one's own, or any in a room that one manages. Its place stays, as a tombstone.

    Raises `RateLimited`, `MessageNotFound` and `Forbidden`.
    """
    await count_change(throttle, services.settings, user_id)
    async with _locked(services, user_id=user_id, message_id=message_id) as (connection, standing, message):
        _refuse_system_line(message)
        if not standing.may(Deed.DELETE_ANY_MESSAGE):
            if message.sender.id != user_id:
                raise Forbidden("Only the person who wrote a message can delete it, and whoever manages the room.")
            standing.require(Deed.SEND)
        if message.deleted_at is None:
            await change_queries.erase(
                connection, message_id=message_id, conversation_id=message.conversation_id, seq=message.seq
            )
            message = await _read(connection, message_id)
    services.emit(MessageDeleted(message))
    return message


async def react(services: Services, throttle: Throttle, *, user_id: UUID, message_id: UUID, emoji: str) -> Message:
    """Choose an emoji for a message; each person has each emoji once.

    Raises `ValidationFailed` for what is no emoji, `RateLimited`, `MessageNotFound`, `Forbidden`, and `Conflict` where
    there is nothing to react to, or too many different emoji already.
    """
    emoji = check_emoji(emoji)
    await count_change(throttle, services.settings, user_id)
    async with _locked(services, user_id=user_id, message_id=message_id) as (connection, standing, message):
        standing.require(Deed.REACT)
        if message.content_type == "system":
            raise Conflict("Nobody wrote this line, so there is nothing to react to.")
        _refuse_deleted(message)
        chosen = {reaction.emoji for reaction in message.reactions}
        if emoji not in chosen and len(chosen) >= MAX_EMOJI:
            raise Conflict(f"There are {MAX_EMOJI} different emoji at this message already. Choose one of them.")
        if await change_queries.add_reaction(
            connection,
            message_id=message_id,
            conversation_id=message.conversation_id,
            user_id=user_id,
            emoji=emoji,
        ):
            message = await _read(connection, message_id)
    services.emit(MessageUpdated(message))
    return message


async def unreact(services: Services, throttle: Throttle, *, user_id: UUID, message_id: UUID, emoji: str) -> Message:
    """Take one's emoji back. Raises `ValidationFailed`, `RateLimited`, `MessageNotFound` and `Forbidden`."""
    emoji = check_emoji(emoji)
    await count_change(throttle, services.settings, user_id)
    async with _locked(services, user_id=user_id, message_id=message_id) as (connection, standing, message):
        standing.require(Deed.REACT)
        if await change_queries.remove_reaction(
            connection,
            message_id=message_id,
            conversation_id=message.conversation_id,
            user_id=user_id,
            emoji=emoji,
        ):
            message = await _read(connection, message_id)
    services.emit(MessageUpdated(message) if message.deleted_at is None else MessageDeleted(message))
    return message


@asynccontextmanager
async def _locked(
    services: Services, *, user_id: UUID, message_id: UUID
) -> AsyncIterator[tuple[Connection, Standing, Message]]:
    """A transaction that nobody else changes this conversation in, with what the person is there and the message as
    it is now. Nothing slow belongs into the block: whoever writes in this conversation waits for its end."""
    async with services.pool.acquire() as connection, connection.transaction():
        conversation_id = await change_queries.lock_conversation_of(connection, message_id=message_id)
        if conversation_id is None:
            raise MessageNotFound
        try:
            standing = await access.standing(connection, viewer_id=user_id, conversation_id=conversation_id)
        except ConversationNotFound:
            raise MessageNotFound from None
        yield connection, standing, await _read(connection, message_id)


async def _read(connection: Connection, message_id: UUID) -> Message:
    [row] = await queries.by_ids(connection, message_ids=[message_id])
    return message_of(row)


def _refuse_system_line(message: Message) -> None:
    if message.content_type == "system":
        raise Forbidden("This line belongs to the conversation. Nobody can change it.")


def _refuse_deleted(message: Message) -> None:
    if message.deleted_at is not None:
        raise Conflict("This message was deleted.")
