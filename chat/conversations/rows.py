"""The rows of the list, from what the database and what Redis knows of them."""

from collections.abc import Sequence
from dataclasses import replace

from chat import redis
from chat.conversations import queries, unflushed
from chat.conversations.model import Row, in_words, is_small
from chat.db import Record
from chat.people import hue_of, initials_of
from chat.realtime.render import LastMessage, preview_of
from chat.services import Services


async def rows_of(services: Services, records: Sequence[Record]) -> list[Row]:
    """What `queries.rows` and its like have found, each as its viewer sees it now.

    What people read of larger conversations waits in Redis before it is stored, and counts as read from the beginning.
    It is asked for only where something would be unread without it.
    """
    rows = [_row_of(record) for record in records]
    direct_max = services.settings.receipts_direct_max
    behind = {
        (record["viewer_id"], row.id): position
        for position, (record, row) in enumerate(zip(records, rows, strict=True))
        if row.unread and not is_small(row.kind, row.members_count, direct_max=direct_max)
    }
    if behind:
        try:
            waiting = await unflushed.of_members(services.redis, list(behind))
        except redis.UNAVAILABLE:
            # What is read meanwhile is written at once.
            return rows
        # Looked up anew after that: what has been stored in between waits no longer.
        for record in await queries.read_marks(services.pool, memberships=list(behind), waiting=waiting):
            position = behind[record["viewer_id"], record["conversation_id"]]
            rows[position] = replace(
                rows[position],
                read_up_to=record["read_up_to"],
                delivered_up_to=record["delivered_up_to"],
                unread_from=record["unread_from"],
                mentions=record["mentions"],
            )
    return rows


def _row_of(record: Record) -> Row:
    """A row of `queries.rows` as pages and the API want it."""
    last_message = None
    if record["sender_id"] is not None:
        line = preview_of(record["content"], is_deleted=record["deleted_at"] is not None)
        is_system = record["content_type"] == "system"
        last_message = LastMessage(record["sender_id"], record["sender_name"], line, is_system)
    name = record["name"] or record["other_name"] or _name_of_people(record)
    return Row(
        id=record["id"],
        kind=record["kind"],
        name=name,
        named=record["name"] is not None,
        username=record["username"],
        other_id=record["other_id"],
        topic=record["topic"],
        visibility=record["visibility"],
        members_count=record["members_count"],
        role=record["role"],
        notify=record["notify"],
        muted_until=record["muted_until"],
        read_receipts_enabled=record["read_receipts_enabled"],
        archived_at=record["archived_at"],
        created_at=record["created_at"],
        updated_at=record["updated_at"],
        hue=hue_of(record["other_id"] or record["id"]),
        initials=initials_of(name) if record["name"] or record["other_name"] else _initials_of_people(record),
        last_seq=record["last_seq"],
        revision=record["revision"],
        read_up_to=record["read_up_to"],
        unread_from=record["unread_from"],
        delivered_up_to=record["delivered_up_to"],
        mentions=record["mentions"],
        activity_at=record["activity_at"],
        last_message=last_message,
        listed=record["listed"],
        blocked=record["blocked"],
        blocking=record["blocking"],
    )


def _name_of_people(record: Record) -> str:
    """What a group without a name is called by one of its members: the others in it."""
    return in_words(_people(record), total=record["members_count"] - 1) or "Only you"


def _initials_of_people(record: Record) -> str:
    """A letter of each of the first two: those of "Runa Solheim and Tomas Vrba" mustn't look like one person's."""
    names = _people(record)
    return (
        "".join(initials_of(name)[0] for name in names[:2]) if len(names) > 1 else initials_of(*names or ["Only you"])
    )


def _people(record: Record) -> list[str]:
    return sorted(record["names"] or [], key=str.casefold)
