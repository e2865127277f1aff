"""What a group or room is called and about, who finds it, and whether it is still there."""

from dataclasses import fields, replace
from uuid import UUID

import asyncpg

from chat.conversations import change_queries
from chat.conversations.access import Deed
from chat.conversations.changes import Change, changing_as
from chat.conversations.model import Details, Kind, Visibility, in_words
from chat.conversations.names import check_group_name, check_room_name, check_topic, name_taken
from chat.services import Services


async def change_details(
    services: Services,
    *,
    viewer_id: UUID,
    conversation_id: UUID,
    name: str | None = None,
    topic: str | None = None,
    visibility: Visibility | None = None,
) -> None:
    """Change what is given, all of it or nothing. An empty name is for groups: then their people name them.

    Raises what `access.standing` does, `Forbidden`, `ValidationFailed`, and `Conflict` where there is another room
    whose name looks the same.
    """
    async with changing_as(services, viewer_id=viewer_id, conversation_id=conversation_id, deed=Deed.READ) as (
        change,
        viewer,
    ):
        if name is not None or topic is not None:
            viewer.require(Deed.RENAME)
        if visibility is not None:
            viewer.require(Deed.CHANGE_VISIBILITY)
        before = Details(*(change.before[field.name] for field in fields(Details)))
        after = before
        if name is not None and viewer.kind == "room":
            shown, key = check_room_name(name)
            after = replace(after, name=shown, name_key=key)
        elif name is not None:
            after = replace(after, name=check_group_name(name))
        if topic is not None:
            after = replace(after, topic=check_topic(topic))
        if visibility is not None:
            after = replace(after, visibility=visibility)
        if after != before:
            await _write(change, after)
            await change.say(_told(viewer.kind, before, after))


async def _write(change: Change, details: Details) -> None:
    try:
        await change_queries.set_details(change.connection, conversation_id=change.conversation_id, details=details)
    except asyncpg.UniqueViolationError:
        raise name_taken(details.name or "") from None


def _told(kind: Kind, before: Details, after: Details) -> str:
    """What has changed, as the system line says it."""
    said = []
    if after.name != before.name:
        said.append(f"renamed the {kind} to “{after.name}”" if after.name else f"removed the name of the {kind}")
    if after.topic != before.topic:
        said.append("changed the topic" if after.topic else "removed the topic")
    if after.visibility != before.visibility:
        said.append(f"made the {kind} {after.visibility}")
    return in_words(said)


async def archive(services: Services, *, viewer_id: UUID, conversation_id: UUID) -> None:
    """From now on it can be read, and nothing more. Raises what `access.standing` does, and `Forbidden`."""
    await _set_archived(services, viewer_id, conversation_id, archived=True)


async def unarchive(services: Services, *, viewer_id: UUID, conversation_id: UUID) -> None:
    """Open it again. Raises what `access.standing` does, and `Forbidden`."""
    await _set_archived(services, viewer_id, conversation_id, archived=False)


async def _set_archived(services: Services, viewer_id: UUID, conversation_id: UUID, *, archived: bool) -> None:
    async with changing_as(services, viewer_id=viewer_id, conversation_id=conversation_id, deed=Deed.ARCHIVE) as (
        change,
        viewer,
    ):
        if viewer.archived != archived:
            await change_queries.set_archived(change.connection, conversation_id=conversation_id, archived=archived)
            await change.say(f"{'archived' if archived else 'reopened'} the {viewer.kind}")


async def delete(services: Services, *, viewer_id: UUID, conversation_id: UUID) -> None:
    """Take it from everyone: nobody finds it, reads it or writes there any more. Its rows stay in the database.

    Raises what `access.standing` does, and `Forbidden` for anyone but its owners.
    """
    async with changing_as(services, viewer_id=viewer_id, conversation_id=conversation_id, deed=Deed.DELETE) as (
        change,
        _,
    ):
        await change.delete()
