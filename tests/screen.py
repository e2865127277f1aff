"""What a screen shows of a conversation, and what the database says that it should show."""

import html
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from chat import markup
from chat.db import Pool
from chat.people import mark_of

_BEGINNING = re.compile(r'<li class="message(?P<classes>[^"]*)" id="message-(?P<id>[^"]+)"(?P<attributes>[^>]*)>')
_ATTRIBUTE = re.compile(r'data-([a-z-]+)="([^"]*)"')
_AUTHOR = re.compile(r'<bdi class="author">(.*?)</bdi>', re.DOTALL)
_TEXT = re.compile(
    r'<div class="text" dir="auto" hx-ignore>(.*?)</div></div>|<span class="text" dir="auto" hx-ignore>(.*?)</span>',
    re.DOTALL,
)
_QUOTE = re.compile(
    r'data-quotes="(?P<id>[^"]+)" data-revision="(?P<revision>\d+)".*?<bdi class="quote-author">(?P<author>.*?)</bdi>'
    r'<span class="quote-text"[^>]*>(?P<text>.*?)</span>',
    re.DOTALL,
)
_REACTION = re.compile(r'data-emoji="([^"]+)" data-by="([^"]+)"[^>]*>.*?<span class="count">(\d+)</span>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Quote:
    """The message that another one replies to, as a screen shows it; `revision` is what the screen knows of it."""

    id: str
    author: str
    text: str
    revision: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a screen shows it, with all that can be seen of it.

    `preview` is what quotes of it say, where it was changed. `reactions`: emoji, count, and marks of who chose it.
    """

    seq: int
    revision: int
    id: str
    sender_id: str
    sender_name: str
    client_message_id: str
    created_at: str
    continues: bool
    html: str
    is_system: bool = False
    is_edited: bool = False
    is_deleted: bool = False
    preview: str | None = None
    quote: Quote | None = None
    reactions: tuple[tuple[str, int, str], ...] = ()


def messages_on(page: str) -> list[Message]:
    """The messages in a piece of HTML, as a screen would show them."""
    return list(_messages_on(page))


def _messages_on(page: str) -> Iterator[Message]:
    beginnings = list(_BEGINNING.finditer(page))
    for beginning, following in itertools.zip_longest(beginnings, beginnings[1:]):
        inside = page[beginning.end() : following.start() if following else len(page)]
        data = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(beginning["attributes"])}
        classes = beginning["classes"].split()
        author, text = _AUTHOR.search(inside), _TEXT.search(inside)
        assert author is not None, inside
        assert text is not None, inside
        yield Message(
            seq=int(data["seq"]),
            revision=int(data["revision"]),
            id=beginning["id"],
            sender_id=data["author"],
            sender_name=html.unescape(author[1]),
            client_message_id=data["client-message-id"],
            created_at=data["at"],
            continues="continues" in classes,
            html=text[1] or text[2],
            is_system="system" in classes,
            is_edited='class="edited"' in inside,
            is_deleted="deleted" in classes,
            preview=data.get("preview"),
            quote=_quote_in(inside),
            reactions=tuple((emoji, int(count), by) for emoji, by, count in _REACTION.findall(inside)),
        )


def _quote_in(inside: str) -> Quote | None:
    found = _QUOTE.search(inside)
    if found is None:
        return None
    return Quote(
        found["id"], html.unescape(found["author"]), html.unescape(found["text"]), revision=int(found["revision"])
    )


async def stored_messages(pool: Pool, conversation_id: UUID) -> list[Message]:
    """What the database holds, as a screen has to show it."""
    rows = await pool.fetch(
        "select m.*, u.display_name from messages m join users u on u.id = m.sender_id"
        " where conversation_id = $1 order by seq",
        conversation_id,
    )
    by_id = {row["id"]: row for row in rows}
    reactions = await _stored_reactions(pool, conversation_id)
    return [
        Message(
            seq=row["seq"],
            revision=row["revision"],
            id=str(row["id"]),
            sender_id=str(row["sender_id"]),
            sender_name=row["display_name"],
            client_message_id=str(row["client_message_id"]),
            created_at=row["created_at"].isoformat(),
            continues=row["continues"],
            html=_html_of(row),
            is_system=row["content_type"] == "system",
            is_edited=row["edited_at"] is not None,
            is_deleted=row["deleted_at"] is not None,
            preview=_line_of(row) if row["edited_at"] or row["deleted_at"] else None,
            quote=_quote_of(by_id[row["reply_to"]]) if row["reply_to"] else None,
            reactions=reactions.get(row["id"], ()),
        )
        for row in rows
    ]


def _html_of(row: dict[str, str]) -> str:
    if row["deleted_at"]:
        return "This message was deleted."
    return html.escape(row["content"]) if row["content_type"] == "system" else str(markup.render(row["content"]))


def _line_of(row: dict[str, str]) -> str:
    return "Message deleted" if row["deleted_at"] else markup.preview(row["content"][:200])


def _quote_of(row: dict[str, str]) -> Quote:
    return Quote(str(row["id"]), row["display_name"], _line_of(row))


async def _stored_reactions(pool: Pool, conversation_id: UUID) -> dict[UUID, tuple[tuple[str, int, str], ...]]:
    """By message, in the order in which the emoji came."""
    rows = await pool.fetch(
        "select r.* from reactions r join messages m on m.id = r.message_id where m.conversation_id = $1"
        " order by r.created_at, r.user_id",
        conversation_id,
    )
    chosen: dict[UUID, dict[str, list[UUID]]] = {}
    for row in rows:
        chosen.setdefault(row["message_id"], {}).setdefault(row["emoji"], []).append(row["user_id"])
    return {
        message_id: tuple((emoji, len(people), " ".join(map(mark_of, people))) for emoji, people in emojis.items())
        for message_id, emojis in chosen.items()
    }
