"""What a screen shows of a conversation, and what the database says that it should show."""

import html
import re
from dataclasses import dataclass
from uuid import UUID

from chat import markup
from chat.db import Pool

_MESSAGE = re.compile(
    r'<li class="message(?P<classes>[^"]*)" id="message-(?P<id>[^"]+)" data-seq="(?P<seq>\d+)"'
    r' data-revision="(?P<revision>\d+)" data-author="(?P<sender>[^"]+)" data-at="(?P<at>[^"]+)"'
    r' data-client-message-id="(?P<client>[^"]+)">.*?<bdi class="author">(?P<name>.*?)</bdi>'
    r'.*?<div class="text" dir="auto" hx-ignore>(?P<html>.*?)</div></div>',
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a screen shows it, with all that can be seen of it."""

    seq: int
    revision: int
    id: str
    sender_id: str
    sender_name: str
    client_message_id: str
    created_at: str
    continues: bool
    html: str


def messages_on(page: str) -> list[Message]:
    """The messages in a piece of HTML, as a screen would show them."""
    return [
        Message(
            seq=int(found["seq"]),
            revision=int(found["revision"]),
            id=found["id"],
            sender_id=found["sender"],
            sender_name=html.unescape(found["name"]),
            client_message_id=found["client"],
            created_at=found["at"],
            continues="continues" in found["classes"],
            html=found["html"],
        )
        for found in _MESSAGE.finditer(page)
    ]


async def stored_messages(pool: Pool, conversation_id: UUID) -> list[Message]:
    """What the database holds, as a screen has to show it."""
    rows = await pool.fetch(
        "select m.*, u.display_name from messages m join users u on u.id = m.sender_id"
        " where conversation_id = $1 order by seq",
        conversation_id,
    )
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
            html=str(markup.render(row["content"])),
        )
        for row in rows
    ]
