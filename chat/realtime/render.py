"""Events as frames for browsers: a JSON object whose `content` is HTML that htmx swaps in.

A frame is rendered at most once for each event, and the same bytes are written to every socket. Nothing in it depends
on who reads it: what a viewer may do, and which side a message stands on, is decided by the stylesheet.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from jinja2 import Environment
from markupsafe import Markup

from chat import markup
from chat.errors import ChatError
from chat.events import ConversationListed, Message, ReadMoved, Sender
from chat.people import hue_of, initials_of
from chat.realtime.stencil import PRESENT, Stencil

_encode = msgspec.json.Encoder().encode
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
    """A message as the message partial wants it."""

    __slots__ = ("_content", "at", "client_message_id", "id", "revision", "sender", "seq")

    def __init__(self, message: Message) -> None:
        self.id = message.id
        self.seq = message.seq
        self.revision = message.revision
        self.sender = sender_view(message.sender)
        self.client_message_id = message.client_message_id
        self.at = message.created_at.isoformat()
        self._content = message.content

    @property
    def time(self) -> str:
        """The time of day, in UTC; the browser puts its own in the place."""
        return self.at[11:16]

    @property
    def html(self) -> Markup:
        """The content as safe HTML, made when a template asks for it."""
        return markup.render(self._content)


@dataclass(frozen=True, slots=True)
class LastMessage:
    """The newest message of a conversation, as one line."""

    sender_id: UUID
    sender_name: str
    preview: str


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened last in a conversation: the viewer-neutral part of its row in the list."""

    id: UUID
    last_seq: int
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
        return Markup(stencil.fill(message=MessageView(message)))  # noqa: S704 - the stencil escapes

    def message_on_screen(self, message: Message) -> bytes:
        """`message:received` for a device that has the conversation open: the message and the row's activity."""
        return self._received(message, on_screen=True)

    def message_elsewhere(self, message: Message) -> bytes:
        """`message:received` for the other devices of the members: only the row's activity."""
        return self._received(message, on_screen=False)

    def message_sent(self, message: Message, *, duplicate: bool) -> bytes:
        """`message:sent`: the confirmation to the device that sent it."""
        return frame(
            "message:sent",
            client_message_id=message.client_message_id,
            message_id=message.id,
            conversation_id=message.conversation_id,
            seq=message.seq,
            revision=message.revision,
            created_at=message.created_at,
            status="sent",
            duplicate=duplicate,
            content=self._stencil("live/sent.html", ("client_message_id", "message_html"), ()).fill(
                client_message_id=message.client_message_id,
                message_html=Markup(self._news_html(message, True)),  # noqa: S704 - the stencil escapes
            ),
        )

    def synced(
        self,
        messages: list[Message],
        *,
        conversation_id: UUID,
        after_revision: int,
        revision: int,
        has_more: bool,
    ) -> bytes:
        """`conversation:synced`: what changed, in order, for the device that asked."""
        return frame(
            "conversation:synced",
            conversation_id=conversation_id,
            after_revision=after_revision,
            revision=revision,
            has_more=has_more,
            content=self._environment.get_template("live/synced.html").render(
                conversation_id=conversation_id, messages=messages
            )
            if messages
            else None,
        )

    def read_moved(self, event: ReadMoved) -> bytes:
        """`receipt:updated`, to the person's own devices."""
        return frame("receipt:updated", **msgspec.structs.asdict(event))

    def conversation_listed(self, event: ConversationListed) -> bytes:
        """`conversation:updated`: the page fetches the row, which is personal."""
        return frame("conversation:updated", conversation_id=event.conversation_id)

    def _received(self, message: Message, *, on_screen: bool) -> bytes:
        return frame(
            "message:received",
            conversation_id=message.conversation_id,
            message_id=message.id,
            client_message_id=message.client_message_id,
            seq=message.seq,
            revision=message.revision,
            sender_id=message.sender.id,
            sender_name=message.sender.display_name,
            content=self._news_html(message, on_screen),
        )

    def _fill_news(self, message: Message, on_screen: bool) -> str:
        return self._message_stencil("live/message.html", message, on_screen=on_screen).fill(
            message=MessageView(message), activity=activity_of(message), conversation_id=message.conversation_id
        )

    def _message_stencil(self, template: str, message: Message, *, on_screen: bool = True) -> Stencil:
        known = (
            ("on_screen", on_screen),
            ("message.pending", False),
            ("message.continues", message.continues),
            ("message.edited_at", None if message.edited_at is None else PRESENT),
            ("message.deleted_at", None if message.deleted_at is None else PRESENT),
            ("activity.last_message", PRESENT),
        )
        return self._stencil(template, ("message", "activity", "conversation_id"), known)

    def _make_stencil(self, template: str, names: tuple[str, ...], known: tuple[tuple[str, object], ...]) -> Stencil:
        return Stencil(self._environment.get_template(template), *names, known=dict(known))


def activity_of(message: Message) -> Activity:
    """The activity that a new message leaves behind."""
    return Activity(
        message.conversation_id,
        message.seq,
        message.created_at,
        LastMessage(message.sender.id, message.sender.display_name, markup.preview(message.content)),
    )


def frame(type_: str, **fields: Any) -> bytes:
    """A frame: the type and its fields, flat; a `content` of None is left out."""
    if fields.get("content", "") is None:
        del fields["content"]
    return _encode({"type": type_, **fields})


def error_frame(error: ChatError, *, client_message_id: UUID | None = None) -> bytes:
    """`message:error` where it is about a message that was being sent, else `error`."""
    fields: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.retry_after is not None:
        fields["retry_after"] = error.retry_after
    if client_message_id is None:
        return frame("error", **fields)
    return frame("message:error", client_message_id=client_message_id, retryable=error.retryable, **fields)
