"""All the SQL of the demo data."""

from collections.abc import Iterable
from typing import Any

from chat.db import Connection

# In an order in which every reference finds its row.
COLUMNS = {
    "users": (
        "id", "email", "username", "display_name", "role", "password_hash", "created_at", "updated_at", "last_seen_at",
    ),
    "contacts": ("low", "high", "requested_by", "requested_at", "accepted_at"),
    "conversations": (
        "id", "kind", "visibility", "name", "name_key", "topic", "direct_low", "direct_high", "created_by",
        "members_count", "last_seq", "revision", "last_sender_id", "last_message_at", "created_at", "updated_at",
        "archived_at",
    ),
    "members": (
        "conversation_id", "user_id", "role", "muted_until", "delivered_up_to_seq", "read_up_to_seq", "joined_seq",
        "joined_at",
    ),
    "messages": (
        "id", "conversation_id", "seq", "revision", "sender_id", "client_message_id", "content", "content_type",
        "continues", "reply_to", "created_at", "edited_at", "deleted_at", "reacted",
    ),
    "message_edits": ("message_id", "revision", "content", "edited_at"),
    "reactions": ("message_id", "user_id", "emoji", "created_at"),
    "read_events": ("conversation_id", "user_id", "up_to_seq", "read_at"),
}  # fmt: skip


async def copy_rows(connection: Connection, *, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows with the columns `COLUMNS[table]`."""
    await connection.copy_records_to_table(table, records=rows, columns=COLUMNS[table])


async def analyze(connection: Connection) -> None:
    """Tell the planner what the tables hold now, which the server would find out a minute later."""
    await connection.execute(f"analyze {', '.join(COLUMNS)}")
