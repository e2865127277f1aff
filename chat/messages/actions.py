"""What people do with messages."""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from uuid import UUID

from msgspec import structs

from chat.conversations import access
from chat.conversations.access import Deed
from chat.conversations.model import ConversationNotFound
from chat.errors import ChatError, ValidationFailed
from chat.events import Message, Sender
from chat.ids import new_id
from chat.messages import queries
from chat.messages.model import (
    Changes,
    Edition,
    HistoryPage,
    MessageNotFound,
    NewMessage,
    Reacted,
    Sent,
    check_content,
)
from chat.messages.writer import Writer, message_of
from chat.services import Services
from chat.web import metrics
from chat.web.throttle import Throttle

# How many messages before the first unread one are shown with it, so that it has a context; half a page at most.
CONTEXT = 10

# Characters in one answer to a sync, or of earlier contents; more than any message has. As HTML, text that means ill
# grows twenty times.
CHANGES_LENGTH = 50_000

# Earlier contents of one message that are shown.
EDITIONS = 100


async def send(
    services: Services,
    writer: Writer,
    throttle: Throttle,
    *,
    sender_id: UUID,
    conversation_id: UUID,
    client_message_id: UUID,
    content: str,
    reply_to: UUID | None = None,
) -> Sent:
    """Store a message and answer when it is on disk. Any number of calls with one client message id store one.

    `reply_to` names a message of the same conversation. The writer emits `MessageCreated` after the commit.

    Raises `ValidationFailed` for content that can't be a message, and for a reply to what isn't there; `RateLimited`;
    what `access.standing` raises; `Forbidden` where nobody may write; and `Unavailable` where the message could not be
    stored and may be sent again.
    """
    started = time.perf_counter()
    settings = services.settings
    try:
        text = check_content(content, max_length=settings.message_max_length)
        await throttle.take(
            f"send:{sender_id}",
            per_minute=settings.send_limit_per_minute,
            burst=settings.send_burst,
            once=client_message_id,
        )
        message = NewMessage(new_id(), conversation_id, sender_id, client_message_id, text, reply_to)
        sent = await _store(services, writer, message)
    except ChatError as error:
        metrics.send_errors.labels(error.code).inc()
        raise
    metrics.send_latency.observe(time.perf_counter() - started)
    if not sent.duplicate:
        metrics.messages.inc()
    return sent


async def _store(services: Services, writer: Writer, message: NewMessage) -> Sent:
    """Store it, or say why that was refused: who writes and may, the ordinary case, is not asked about beforehand."""
    try:
        sent = await writer.store(message)
    except ConversationNotFound:
        standing = await access.standing(
            services.pool, viewer_id=message.sender_id, conversation_id=message.conversation_id
        )
        standing.require(Deed.SEND)
        if message.reply_to is not None:
            raise ValidationFailed("The message that this replies to is not in this conversation.") from None
        raise
    return await _as_sender_may_see(services, sent) if sent.duplicate else sent


async def _as_sender_may_see(services: Services, sent: Sent) -> Sent:
    """Whoever sends a message again after leaving is told truthfully that it is saved, and nothing of what others have
    made of it since: how they reacted, and what they wrote in place of what it quotes."""
    message = sent.message
    try:
        await access.standing(services.pool, viewer_id=message.sender.id, conversation_id=message.conversation_id)
    except ChatError:
        return replace(sent, message=structs.replace(message, reply_to=None, reactions=()))
    return sent


async def page(
    services: Services, *, viewer_id: UUID, conversation_id: UUID, last_seq: int, first_seq: int, limit: int
) -> HistoryPage:
    """`limit` messages around `first_seq`, most of them from there on; the newest ones where that reaches the end.

    `last_seq` is the conversation's last sequence number as far as the caller knows.
    """
    start = max(0, min(first_seq - min(CONTEXT, limit // 2), last_seq - limit + 1) - 1)
    return await newer(services, viewer_id=viewer_id, conversation_id=conversation_id, after=start, limit=limit)


async def newer(services: Services, *, viewer_id: UUID, conversation_id: UUID, after: int, limit: int) -> HistoryPage:
    """The `limit` messages after a sequence number."""
    rows = await queries.after(
        services.pool, viewer_id=viewer_id, conversation_id=conversation_id, seq=after, limit=limit + 1
    )
    messages = [message_of(row) for row in rows[:limit]]
    return HistoryPage(messages, has_older=after > 0, has_newer=len(rows) > limit)


async def older(services: Services, *, viewer_id: UUID, conversation_id: UUID, before: int, limit: int) -> HistoryPage:
    """The `limit` messages before a sequence number, oldest first."""
    rows = await queries.before(
        services.pool, viewer_id=viewer_id, conversation_id=conversation_id, seq=before, limit=limit + 1
    )
    messages = [message_of(row) for row in reversed(rows[:limit])]
    return HistoryPage(messages, has_older=len(rows) > limit, has_newer=True)


async def around(services: Services, *, viewer_id: UUID, conversation_id: UUID, seq: int, limit: int) -> HistoryPage:
    """The message of this sequence number among its neighbours: up to half of the `limit` before it, the rest after."""
    scope = {"viewer_id": viewer_id, "conversation_id": conversation_id}
    before = await older(services, before=seq, limit=limit // 2, **scope)
    rest = await newer(services, after=seq - 1, limit=limit - len(before.messages), **scope)
    return HistoryPage(before.messages + rest.messages, has_older=before.has_older, has_newer=rest.has_newer)


async def changes(
    services: Services, *, viewer_id: UUID, conversation_id: UUID, after_revision: int, limit: int
) -> Changes:
    """The messages that changed after a revision, in the order of their changes; at most `limit`, and fewer where they
    are long."""
    rows = await queries.changed_after(
        services.pool,
        viewer_id=viewer_id,
        conversation_id=conversation_id,
        revision=max(0, min(after_revision, 2**62)),
        limit=limit + 1,
    )
    messages = [message_of(row) for row in rows[:limit]]
    lengths = accumulate(map(_length_of, messages))
    fitting = [message for message, length in zip(messages, lengths, strict=True) if length <= CHANGES_LENGTH]
    return Changes(fitting, has_more=len(fitting) < len(rows))


def _length_of(message: Message) -> int:
    """As long as a message is on its way to a screen, roughly: each of those who reacted is named by a mark."""
    return len(message.content) + 10 * sum(len(reaction.user_ids) for reaction in message.reactions)


async def message(services: Services, *, viewer_id: UUID, message_id: UUID) -> Message:
    """One message. Raises `MessageNotFound`, and `NotInConversation` in a public room that the viewer is not in."""
    row = await queries.one(services.pool, viewer_id=viewer_id, message_id=message_id)
    if row is not None:
        return message_of(row)
    conversation_id = await queries.conversation_of(services.pool, message_id=message_id)
    if conversation_id is not None:
        with contextlib.suppress(ConversationNotFound):
            await access.standing(services.pool, viewer_id=viewer_id, conversation_id=conversation_id)
    raise MessageNotFound


async def history_of(services: Services, *, viewer_id: UUID, message_id: UUID) -> list[Edition]:
    """What a message said before, the latest `EDITIONS` first, and fewer where they are long. Raises what `message`
    raises."""
    shown = await message(services, viewer_id=viewer_id, message_id=message_id)
    rows = await queries.editions(services.pool, message_id=shown.id, limit=EDITIONS)
    editions = [Edition(row["content"], row["at"]) for row in rows]
    lengths = accumulate(len(edition.content) for edition in editions)
    return [edition for edition, length in zip(editions, lengths, strict=True) if length <= CHANGES_LENGTH]


async def who_reacted(services: Services, *, viewer_id: UUID, message_id: UUID) -> list[Reacted]:
    """Each emoji at a message, with the people who chose it, in the order in which they did; the first 100 of each.

    Raises what `message` raises.
    """
    shown = await message(services, viewer_id=viewer_id, message_id=message_id)
    ids = {user_id for reaction in shown.reactions for user_id in reaction.user_ids}
    rows = await queries.people(services.pool, ids=ids) if ids else []
    people = {row["id"]: Sender(row["id"], row["username"], row["display_name"], row["role"]) for row in rows}
    return [
        Reacted(
            reaction.emoji,
            reaction.count,
            tuple(people[user_id] for user_id in reaction.user_ids if user_id in people),
        )
        for reaction in shown.reactions
    ]


async def at_places(services: Services, *, places: Sequence[tuple[UUID, int]]) -> dict[UUID, Message]:
    """The messages at these sequence numbers, one in each conversation, by conversation; scoped to nobody: for whoever
    has looked up whose conversations they are."""
    return {row["conversation_id"]: message_of(row) for row in await queries.at_places(services.pool, places=places)}


async def at_revision(services: Services, conversation_id: UUID, revision: int) -> Message | None:
    """The message that changed at a revision, for events that came as a reference; scoped to nobody."""
    row = await queries.at_revision(services.pool, conversation_id=conversation_id, revision=revision)
    return None if row is None else message_of(row)
