"""Conversations over the API."""

from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from msgspec import UNSET, Meta, UnsetType

from chat.conversations import (
    actions,
    detail_actions,
    group_actions,
    notification_actions,
    privacy_actions,
    room_actions,
)
from chat.conversations.access import Deed, standing
from chat.conversations.keys import FIND_MESSAGES
from chat.conversations.model import Notify, RowPlace, Visibility
from chat.conversations.views import views
from chat.events import Time
from chat.web.api import Call, Model, PageQuery, answer, no_content, page_of_part
from chat.web.cursors import decode_cursor

# More than any group holds; how many that is, is for the installation to say.
UserIds = Annotated[list[UUID], Meta(max_length=10_000)]


class NewDirect(Model, frozen=True, tag_field="kind", tag="direct"):
    """The conversation with one other person. There is one for each two people: asked for again, it is the same."""

    user_id: UUID


class NewGroup(Model, frozen=True, tag_field="kind", tag="group"):
    """A private conversation with these people. Without a name it is called after them.

    Sent again with the same `client_conversation_id`, it is made once.
    """

    user_ids: UserIds
    name: str = ""
    client_conversation_id: UUID | None = None


class NewRoom(Model, frozen=True, tag_field="kind", tag="room"):
    """A room. Anybody may find and join a public one; into a private one people are brought.

    Sent again with the same `client_conversation_id`, it is made once.
    """

    name: Annotated[str, Meta(examples=["Workshop"])]
    visibility: Visibility
    topic: str = ""
    client_conversation_id: UUID | None = None


class ConversationChange(Model, frozen=True):
    """What is to be changed; what is left out stays.

    The name, the topic, the visibility and whether it is archived are the same for everybody. `notify`, `muted_until`
    and `read_receipts_enabled` are one's own; null for the last one means: as in one's settings.
    """

    name: Annotated[str, Meta(examples=["Workshop"])] | UnsetType = UNSET
    topic: str | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    notify: Notify | UnsetType = UNSET
    muted_until: Time | UnsetType | None = UNSET
    read_receipts_enabled: bool | UnsetType | None = UNSET


async def list_conversations(call: Call[None, PageQuery]) -> web.Response:
    """One's own conversations, the latest activity first.

    One in which something happens meanwhile moves to the front, and may be missing from the pages that follow.
    """
    after = decode_cursor(call.query.cursor, RowPlace)
    part = await actions.part(call.services, viewer_id=call.viewer.id, after=after, limit=call.query.limit)
    items = await views(call.services, call.request.app[FIND_MESSAGES], [(call.viewer.id, row) for row in part.items])
    return answer(page_of_part(part, items))


async def create_conversation(call: Call[NewDirect | NewGroup | NewRoom, None]) -> web.Response:
    """Begin a conversation: 201 for a group or a room, 200 for the one direct conversation of two people."""
    new, viewer_id = call.body, call.viewer.id
    if isinstance(new, NewDirect):
        conversation_id = await actions.open_direct(call.services, viewer_id=viewer_id, other_id=new.user_id)
    elif isinstance(new, NewGroup):
        conversation_id = await group_actions.create_group(
            call.services,
            viewer_id=viewer_id,
            user_ids=new.user_ids,
            name=new.name,
            key=new.client_conversation_id,
        )
    else:
        conversation_id = await room_actions.create_room(
            call.services,
            viewer_id=viewer_id,
            name=new.name,
            visibility=new.visibility,
            topic=new.topic,
            key=new.client_conversation_id,
        )
    return await show(call, conversation_id, status=200 if isinstance(new, NewDirect) else 201)


async def get_conversation(call: Call[None, None]) -> web.Response:
    """One of one's own conversations."""
    return await show(call, call.id("conversation_id"))


async def change_conversation(call: Call[ConversationChange, None]) -> web.Response:
    """Change what it is called and about, who finds it, whether it can be written in, and what one is told of."""
    change = call.body
    scope: dict[str, Any] = {"viewer_id": call.viewer.id, "conversation_id": call.id("conversation_id")}
    viewer = await standing(call.services.pool, **scope)
    if change.archived is not UNSET:
        # Before anything is changed that may be.
        viewer.require(Deed.ARCHIVE)
    if change.archived is False:
        await detail_actions.unarchive(call.services, **scope)
    details = {name: value for name in ("name", "topic", "visibility") if (value := getattr(change, name)) is not UNSET}
    if details:
        await detail_actions.change_details(call.services, **scope, **details)
    if change.archived is True:
        await detail_actions.archive(call.services, **scope)
    if change.notify is not UNSET:
        await notification_actions.set_notify(call.services, **scope, notify=change.notify)
    if change.muted_until is None:
        await notification_actions.unmute(call.services, **scope)
    elif change.muted_until is not UNSET:
        await notification_actions.mute(call.services, **scope, until=change.muted_until)
    if change.read_receipts_enabled is not UNSET:
        await privacy_actions.share_reads(call.services, **scope, enabled=change.read_receipts_enabled)
    return await show(call, call.id("conversation_id"))


async def delete_conversation(call: Call[None, None]) -> web.Response:
    """Take a group or a room from everyone. Only its owners may."""
    await detail_actions.delete(call.services, viewer_id=call.viewer.id, conversation_id=call.id("conversation_id"))
    return no_content()


async def show(call: Call[Any, Any], conversation_id: UUID, *, status: int = 200) -> web.Response:
    """The conversation as the caller sees it now."""
    row = await actions.get(call.services, viewer_id=call.viewer.id, conversation_id=conversation_id)
    (view,) = await views(call.services, call.request.app[FIND_MESSAGES], [(call.viewer.id, row)])
    return answer(view, status=status)
