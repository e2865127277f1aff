"""Who is in a conversation, over the API."""

from typing import Any

import msgspec
from aiohttp import web

from chat.accounts.presence import with_presence
from chat.conversations import member_actions, model
from chat.conversations.api import UserIds, show
from chat.conversations.model import MemberPlace, MemberRole
from chat.errors import NotFound
from chat.events import Time
from chat.web.api import Call, Model, PageQuery, answer, no_content, page_of_part
from chat.web.cursors import decode_cursor
from chat.web.shapes import Text, User, UserWithPresence
from chat.web.throttle import count_search


class Member(msgspec.Struct, frozen=True):
    """Somebody in a conversation. `role` is the one there; `active` is false of a deactivated account."""

    user: UserWithPresence
    role: MemberRole
    active: bool
    joined_at: Time


class MembersQuery(PageQuery, frozen=True):
    """Whose names are looked for: every word of `q` begins a word of them. Without it, everybody is listed."""

    q: Text = ""


class NewMembers(Model, frozen=True):
    """Whom to bring in: all of them, or nobody."""

    user_ids: UserIds


class RoleChange(Model, frozen=True):
    """What somebody is to be in the conversation."""

    role: MemberRole


async def list_members(call: Call[None, MembersQuery]) -> web.Response:
    """Who is in it: owners first, then admins, each by name."""
    query = call.query
    if query.q:
        await count_search(call.request, call.viewer.id)
    after = decode_cursor(query.cursor, MemberPlace)
    part = await member_actions.members(call.services, **_where(call), prefix=query.q, after=after, limit=query.limit)
    people = await with_presence(call, [_user(member) for member in part.items])
    items = [_shown(member, person) for member, person in zip(part.items, people, strict=True)]
    return answer(page_of_part(part, items))


async def add_members(call: Call[NewMembers, None]) -> web.Response:
    """Bring people into a group or room. Who is in it already stays so."""
    await member_actions.add_people(call.services, **_where(call), user_ids=call.body.user_ids)
    return await show(call, call.id("conversation_id"))


async def change_member(call: Call[RoleChange, None]) -> web.Response:
    """Make somebody an owner, an admin or a member. There may be several owners, and there is always one."""
    where = {**_where(call), "user_id": call.id("user_id")}
    await member_actions.change_role(call.services, **where, role=call.body.role)
    member = await member_actions.member(call.services, **where)
    (person,) = await with_presence(call, [_user(member)])
    return answer(_shown(member, person))


async def remove_member(call: Call[None, None]) -> web.Response:
    """Take somebody out. To remove oneself is to leave; the last owner hands over first."""
    if not await member_actions.remove_person(call.services, **_where(call), user_id=call.id("user_id")):
        raise NotFound("This person is not in it.")
    return no_content()


def _where(call: Call[Any, Any]) -> dict[str, Any]:
    return {"viewer_id": call.viewer.id, "conversation_id": call.id("conversation_id")}


def _user(member: model.Member) -> User:
    person = member.person
    return User(person.id, person.username, person.display_name, person.role)


def _shown(member: model.Member, user: UserWithPresence) -> Member:
    return Member(user, member.role, member.active, member.joined_at)
