"""Events as frames for browsers: a JSON object whose `content` is HTML that htmx swaps in.

A frame is rendered at most once for each event, and the same bytes are written to every socket. Nothing in it depends
on who reads it: what a viewer may do, and which side a message stands on, is decided by the stylesheet.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import msgspec
from jinja2 import Environment
from markupsafe import Markup
from msgspec import UNSET

from chat import markup
from chat.events import ConversationChanged, Message, MessageEvent, Quote, Reaction, Sender
from chat.people import hue_of, initials_of, mark_of
from chat.realtime.frames import ChangedOnPage, MessageSent, Synced, html_form, message_on_page
from chat.realtime.stencil import PRESENT, Stencil

# Shorter ones take a few milliseconds, whatever is in them.
_LONG = 500
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class SenderView:
    """A sender as the message partial wants it."""

    id: UUID
    username: str
    display_name: str
    hue: int
    initials: str


class MessageView:
    """A message as the message partial wants it. `quote` and `reactions` are None where there are none."""

    __slots__ = (
        *("_content", "_is_deleted", "at", "client_message_id", "id", "quote", "reactions", "revision", "sender"),
        "seq",
    )

    def __init__(self, message: Message, *, quote: Markup | None = None, reactions: Markup | None = None) -> None:
        self.id = message.id
        self.seq = message.seq
        self.revision = message.revision
        self.sender = sender_view(message.sender)
        self.client_message_id = message.client_message_id
        self.at = message.created_at.isoformat()
        self.quote = quote
        self.reactions = reactions
        self._content = message.content
        self._is_deleted = message.deleted_at is not None

    @property
    def time(self) -> str:
        """The time of day, in UTC; the browser puts its own in the place."""
        return self.at[11:16]

    @property
    def text(self) -> str:
        """The content as it was written, for lines in which nothing is marked up."""
        return self._content

    @property
    def html(self) -> Markup:
        """The content as safe HTML, made when a template asks for it."""
        return markup.render(self._content)

    @property
    def preview(self) -> str:
        """What the quotes of the message say of it."""
        return preview_of(self._content, is_deleted=self._is_deleted)


@dataclass(frozen=True, slots=True)
class QuoteView:
    """The message that another one replies to, as the quote partial wants it."""

    id: UUID
    revision: int
    href: str
    sender: SenderView
    preview: str
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReactionView:
    """An emoji, how many chose it, and the marks of those who did."""

    emoji: str
    count: int
    marks: str


@dataclass(frozen=True, slots=True)
class LastMessage:
    """The newest message of a conversation, as one line."""

    sender_id: UUID
    sender_name: str
    preview: str
    is_system: bool = False


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened last in a conversation: the viewer-neutral part of its row in the list."""

    id: UUID
    last_seq: int
    # The revision of the last message, or a later one: whatever has a lower one is no news.
    revision: int
    activity_at: datetime
    last_message: LastMessage | None

    @property
    def at(self) -> str:
        """When, in UTC."""
        return self.activity_at.isoformat()

    @property
    def day(self) -> str:
        """The day, for a browser without scripts: 4 Mar."""
        return f"{self.activity_at.day} {_MONTHS[self.activity_at.month - 1]}"


@lru_cache(maxsize=4096)
def sender_view(sender: Sender) -> SenderView:
    """The same object for the same person, while the names stay."""
    return SenderView(
        sender.id, sender.username, sender.display_name, hue_of(sender.id), initials_of(sender.display_name)
    )


class Renderer:
    """Turns events into frames."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._stencil = lru_cache(maxsize=None)(self._make_stencil)
        # The sender's confirmation and everyone else's news share what is rendered.
        self._news_html = lru_cache(maxsize=512)(self._fill_news)
        environment.globals["message_html"] = self.message_html

    async def prepare(self, messages: Iterable[Message]) -> None:
        """Render what is long ahead, with a turn of the loop after each: a page of costly messages must not hold up
        everyone else."""
        for message in messages:
            if len(message.content) > _LONG:
                markup.render(message.content)
                await asyncio.sleep(0)

    def message_html(self, message: Message) -> Markup:
        """The message alone, as templates show it in a list of several."""
        stencil = self._message_stencil("messages/_message.html", message)
        return Markup(stencil.fill(message=self._view(message)))  # noqa: S704 - the stencil escapes

    def message_on_screen(self, event: MessageEvent) -> bytes:
        """`message:received`, `message:updated` or `message:deleted` for a device that has the conversation open: the
        message as it is now, and the row's activity."""
        return self._news(event, on_screen=True)

    def message_elsewhere(self, event: MessageEvent) -> bytes:
        """The same for the other devices of the members: only the row's activity."""
        return self._news(event, on_screen=False)

    async def message_sent(self, message: Message, sent: MessageSent) -> bytes:
        """`message:sent`: the confirmation to the device that sent it."""
        content = self._stencil("live/sent.html", ("client_message_id", "message_html"), ()).fill(
            client_message_id=message.client_message_id,
            message_html=Markup(self._news_html(message, True)),  # noqa: S704 - the stencil escapes
        )
        return html_form(sent, content=content)

    async def synced(self, synced: Synced) -> bytes:
        """`conversation:synced`: what changed, in order, for the device that asked."""
        rest = msgspec.structs.replace(synced, items=UNSET)
        if not synced.items:
            return html_form(rest)
        await self.prepare(synced.items)
        content = self._environment.get_template("live/synced.html").render(
            conversation_id=synced.conversation_id, messages=synced.items
        )
        return html_form(rest, content=content)

    def conversation_changed(self, event: ConversationChanged) -> bytes:
        """`conversation:updated`: what is the same for every member."""
        changed = ChangedOnPage(
            conversation_id=event.conversation_id,
            name=event.name,
            members_count=event.members_count,
            revision=event.revision,
            archived=event.archived_at is not None,
        )
        content = self._environment.get_template("live/conversation.html").render(
            conversation=event, initials=initials_of(event.name) if event.name else None
        )
        return html_form(changed, content=content)

    def _news(self, event: MessageEvent, *, on_screen: bool) -> bytes:
        return html_form(message_on_page(event), content=self._news_html(event.message, on_screen))

    def _fill_news(self, message: Message, on_screen: bool) -> str:
        return self._message_stencil("live/message.html", message, on_screen=on_screen).fill(
            message=self._view(message), activity=activity_of(message), conversation_id=message.conversation_id
        )

    def _view(self, message: Message) -> MessageView:
        """With the quote and the reactions, where there are any, as HTML: a stencil only has holes for them."""
        if message.reply_to is None and not message.reactions:
            return MessageView(message)
        return MessageView(
            message,
            quote=self._quote_html(message.conversation_id, message.reply_to) if message.reply_to else None,
            reactions=self._reactions_html(message.reactions) if message.reactions else None,
        )

    def _quote_html(self, conversation_id: UUID, quote: Quote) -> Markup:
        return self._part("messages/_quote.html", quote=quote_view(conversation_id, quote))

    def _reactions_html(self, reactions: tuple[Reaction, ...]) -> Markup:
        views = [
            ReactionView(reaction.emoji, reaction.count, " ".join(map(mark_of, reaction.user_ids)))
            for reaction in reactions
        ]
        return self._part("messages/_reactions.html", reactions=views)

    def _part(self, template: str, **variables: object) -> Markup:
        return Markup(self._environment.get_template(template).render(variables))  # noqa: S704 - it escapes

    def _message_stencil(self, template: str, message: Message, *, on_screen: bool = True) -> Stencil:
        known = (
            ("on_screen", on_screen),
            ("message.pending", False),
            ("message.system", message.content_type == "system"),
            ("message.continues", message.continues),
            ("message.quote", None if message.reply_to is None else PRESENT),
            ("message.reactions", PRESENT if message.reactions else None),
            ("message.edited_at", None if message.edited_at is None else PRESENT),
            ("message.deleted_at", None if message.deleted_at is None else PRESENT),
            ("activity.last_message", PRESENT),
            ("activity.last_message.is_system", message.content_type == "system"),
        )
        return self._stencil(template, ("message", "activity", "conversation_id"), known)

    def _make_stencil(self, template: str, names: tuple[str, ...], known: tuple[tuple[str, object], ...]) -> Stencil:
        return Stencil(self._environment.get_template(template), *names, known=dict(known))


def activity_of(message: Message) -> Activity:
    """The activity that a message leaves behind, as long as it is the newest one."""
    return Activity(
        message.conversation_id,
        message.seq,
        message.revision,
        message.created_at,
        LastMessage(
            message.sender.id,
            message.sender.display_name,
            preview_of(message.content, is_deleted=message.deleted_at is not None),
            message.content_type == "system",
        ),
    )


def quote_view(conversation_id: UUID, quote: Quote) -> QuoteView:
    """A quote as templates want it, with the address of the original in its context."""
    return QuoteView(
        id=quote.id,
        revision=quote.revision,
        href=f"/c/{conversation_id}?around={quote.seq}#message-{quote.id}",
        sender=sender_view(quote.sender),
        preview=preview_of(quote.content, is_deleted=quote.deleted_at is not None),
        deleted_at=quote.deleted_at,
    )


def preview_of(content: str, *, is_deleted: bool) -> str:
    """A message as one line, in the list of conversations and where it is quoted."""
    return "Message deleted" if is_deleted else markup.preview(content)
