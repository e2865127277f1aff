"""Links that lead into a room: who makes them, and who comes in by them."""

from uuid import UUID

from chat.accounts import invite_actions
from chat.accounts.model import Invite, OpenInvite
from chat.conversations import room_queries
from chat.conversations.access import Deed, standing
from chat.conversations.changes import Change, changing, holding
from chat.conversations.model import ConversationNotFound, Room
from chat.conversations.room_actions import enter
from chat.db import Connection
from chat.errors import ChatError, Forbidden, NotFound
from chat.events import Event
from chat.services import Services

_OVER = "This link no longer works. Ask somebody in the room for a new one."


async def create_link(
    services: Services, *, viewer_id: UUID, conversation_id: UUID, days: int, max_uses: int | None = None
) -> str:
    """The token of a new link into the room, which can't be read again later: /join/{token}.

    `days` is 1 to `INVITE_DAYS_MAX`, `max_uses` 1 to `INVITE_USES_MAX` or None for no limit. It lets in who has no
    account yet, too, where anybody may register, or its maker invites people to the chat itself.

    Raises what `access.standing` and `invite_actions.issue` do, and `Forbidden`.
    """
    await _require(services, viewer_id, conversation_id)
    return await invite_actions.issue(
        services, created_by=viewer_id, conversation_id=conversation_id, days=days, max_uses=max_uses
    )


async def links(services: Services, *, viewer_id: UUID, conversation_id: UUID) -> list[Invite]:
    """The newest links into the room that still let people in. Raises what `access.standing` does, and `Forbidden`."""
    await _require(services, viewer_id, conversation_id)
    return await invite_actions.links(services, conversation_id=conversation_id)


async def revoke_link(services: Services, *, viewer_id: UUID, conversation_id: UUID, link_id: UUID) -> None:
    """Let nobody in with it any more. Raises what `access.standing` does, and `Forbidden`."""
    await _require(services, viewer_id, conversation_id)
    await invite_actions.revoke_link(services, conversation_id=conversation_id, invite_id=link_id)


async def _require(services: Services, viewer_id: UUID, conversation_id: UUID) -> None:
    viewer = await standing(services.pool, viewer_id=viewer_id, conversation_id=conversation_id)
    viewer.require(Deed.MAKE_LINKS)


async def linked_room(services: Services, *, viewer_id: UUID | None, token: str) -> Room:
    """The room that the link leads into, for whoever holds it, signed in or not. Raises `NotFound`."""
    invite = await invite_actions.find_invite(services.pool, token=token)
    if invite is not None and invite.conversation_id is not None and await _still_stands(services.pool, invite):
        room = await room_queries.room(services.pool, viewer_id=viewer_id, conversation_id=invite.conversation_id)
        if room is not None:
            return room
    raise NotFound(_OVER)


async def join_by_link(services: Services, *, viewer_id: UUID, token: str) -> UUID:
    """Go into the room that the link leads into; its id. Whoever is in it already uses nothing of the link.

    Raises `NotFound` where the link leads nowhere, or no more.
    """
    invite = await invite_actions.find_invite(services.pool, token=token)
    if invite is None or invite.conversation_id is None:
        raise NotFound(_OVER)
    try:
        async with changing(services, viewer_id=viewer_id, conversation_id=invite.conversation_id) as change:
            await _enter(change, invite, token=token)
    except (ConversationNotFound, Forbidden):
        raise NotFound(_OVER) from None
    return invite.conversation_id


async def welcome(services: Services, connection: Connection, *, user_id: UUID, token: str) -> list[Event]:
    """Take somebody who registers with the link into its room: see `services.Welcome`."""
    invite = await invite_actions.find_invite(connection, token=token)
    if invite is None or invite.conversation_id is None:
        raise Forbidden(_OVER)
    try:
        change = await holding(services, connection, viewer_id=user_id, conversation_id=invite.conversation_id)
        await _enter(change, invite, token=token)
    except ConversationNotFound:
        raise Forbidden(_OVER) from None
    return change.events


async def _enter(change: Change, invite: OpenInvite, *, token: str) -> None:
    """Raises `Forbidden` where the link has just been used up or revoked, or its maker may make none any more."""
    if not await _still_stands(change.connection, invite):
        raise Forbidden(_OVER)
    if await enter(change, invited=True) and not await invite_actions.use_invite(change.connection, token=token):
        raise Forbidden(_OVER)


async def _still_stands(connection: Connection, invite: OpenInvite) -> bool:
    """Whether its maker may still make links into the room."""
    if invite.conversation_id is None:
        return False
    try:
        maker = await standing(connection, viewer_id=invite.created_by, conversation_id=invite.conversation_id)
    except ChatError:
        return False
    return maker.may(Deed.MAKE_LINKS)
