"""Who is in a conversation: adding, removing, leaving, and what each one's role is."""

from collections.abc import Sequence
from uuid import UUID

from chat.accounts.model import Person
from chat.conversations import change_queries, member_queries
from chat.conversations.access import Deed, standing
from chat.conversations.changes import Change, changing_as
from chat.conversations.model import Member, MemberPlace, MemberRole, in_words
from chat.db import Record
from chat.errors import Conflict, Forbidden, NotFound, ValidationFailed
from chat.services import Services
from chat.web.cursors import Part

MEMBERS_PAGE = 50
# How many of those who were added together are called by their names.
NAMED = 2

_LAST_OWNER = "Nobody else owns this {}. Hand it over to somebody first."


async def members(
    services: Services,
    *,
    viewer_id: UUID,
    conversation_id: UUID,
    prefix: str = "",
    after: MemberPlace | None = None,
    limit: int = MEMBERS_PAGE,
) -> Part[Member, MemberPlace]:
    """Who is in it, owners first, then admins, each by name; those in whose names every word of `prefix` begins one.

    Raises what `access.standing` does.
    """
    await standing(services.pool, viewer_id=viewer_id, conversation_id=conversation_id)
    records = await member_queries.members(
        services.pool, conversation_id=conversation_id, prefix=prefix, after=after, limit=limit + 1
    )
    place = None
    if len(records) > limit:
        last = records[limit - 1]
        place = MemberPlace(last["rank"], last["sort_name"], last["id"])
    return Part([_member_of(record) for record in records[:limit]], place)


async def member(services: Services, *, viewer_id: UUID, conversation_id: UUID, user_id: UUID) -> Member:
    """One of the people in it. Raises what `access.standing` does, and `NotFound` for somebody who isn't."""
    await standing(services.pool, viewer_id=viewer_id, conversation_id=conversation_id)
    record = await member_queries.member(services.pool, conversation_id=conversation_id, user_id=user_id)
    if record is None:
        raise NotFound("This person is not in it.")
    return _member_of(record)


async def strangers(
    services: Services, *, viewer_id: UUID, conversation_id: UUID, people: Sequence[Person]
) -> list[Person]:
    """Those of these people who aren't in it yet. Raises what `access.standing` does."""
    await standing(services.pool, viewer_id=viewer_id, conversation_id=conversation_id)
    inside = await member_queries.members_among(
        services.pool, conversation_id=conversation_id, user_ids=[person.id for person in people]
    )
    return [person for person in people if person.id not in inside]


def _member_of(record: Record) -> Member:
    return Member(
        person=Person(record["id"], record["username"], record["display_name"], record["account_role"]),
        role=record["role"],
        active=record["active"],
        joined_at=record["joined_at"],
    )


async def add_people(services: Services, *, viewer_id: UUID, conversation_id: UUID, user_ids: Sequence[UUID]) -> int:
    """Bring people into a group or room, all of them or nobody; how many were not in it before.

    Raises what `access.standing` does; `Forbidden`, also where one of these people and the viewer has blocked the
    other; `ValidationFailed` for somebody who can't be found or whose account is deactivated, and for more people at
    once than a group holds; `Conflict` where a group would grow too large.
    """
    async with changing_as(services, viewer_id=viewer_id, conversation_id=conversation_id, deed=Deed.ADD_PEOPLE) as (
        change,
        _,
    ):
        found = await admissible(change, services, user_ids)
        new = [record for record in found if not record["is_member"]]
        await admit(change, services, new)
        if new:
            await change.say(f"added {named(new)}", joined=len(new))
    return len(new)


async def admissible(change: Change, services: Services, user_ids: Sequence[UUID]) -> list[Record]:
    """The people of these ids, each once. Raises `ValidationFailed`, `Forbidden` where one of them can't be added."""
    wanted = list(dict.fromkeys(user_ids))
    if len(wanted) > services.settings.group_max_members:
        raise _not_these(f"At most {services.settings.group_max_members:,} people can be added at once.")
    found = await change_queries.candidates(
        change.connection, conversation_id=change.conversation_id, viewer_id=change.viewer_id, user_ids=wanted
    )
    if len(found) < len(wanted):
        raise _not_these("Somebody among these people can't be found.")
    for record in found:
        if not record["active"]:
            raise _not_these(f"{record['display_name']} no longer has an active account here.")
        if record["blocked"]:
            raise Forbidden(f"You can't add {record['display_name']}.")
    return found


def named(people: Sequence[Record]) -> str:
    """Those that `admissible` found, in words; the names of a few."""
    names = [record["display_name"] for record in people]
    return in_words(names if len(names) <= NAMED + 1 else names[:NAMED], total=len(names))


def _not_these(sentence: str) -> ValidationFailed:
    return ValidationFailed(sentence, fields={"user_ids": sentence})


async def admit(change: Change, services: Services, people: Sequence[Record]) -> None:
    """Let people in who aren't in it yet; the line that tells of it has to count them. Raises `Conflict`."""
    most = services.settings.group_max_members
    if change.before["kind"] == "group" and change.before["members_count"] + len(people) > most:
        raise Conflict(f"A group has at most {most:,} members. Make a room for more.")
    if people:
        ids = [record["id"] for record in people]
        await change_queries.add_members(change.connection, conversation_id=change.conversation_id, user_ids=ids)
        change.gained_by(ids)


async def remove_person(services: Services, *, viewer_id: UUID, conversation_id: UUID, user_id: UUID) -> bool:
    """Take somebody out; False where this person isn't in it. Removing oneself is leaving.

    Raises what `access.standing` does, and `Forbidden`: admins remove members, owners anybody.
    """
    if user_id == viewer_id:
        await leave(services, viewer_id=viewer_id, conversation_id=conversation_id)
        return True
    async with changing_as(services, viewer_id=viewer_id, conversation_id=conversation_id, deed=Deed.REMOVE_PEOPLE) as (
        change,
        viewer,
    ):
        member = await _find_member(change, user_id)
        if member is None:
            return False
        viewer.require_removal(member["role"])
        await change_queries.remove_member(change.connection, conversation_id=conversation_id, user_id=user_id)
        change.lost_by(user_id, "removed")
        await change.say(f"removed {member['display_name']}", joined=-1)
    return True


async def leave(services: Services, *, viewer_id: UUID, conversation_id: UUID) -> None:
    """Go out of a group or room. Whoever is the last one in it deletes it by leaving.

    Raises what `access.standing` does, `Forbidden` for a direct conversation, and `Conflict` for the last owner while
    others are in it.
    """
    async with changing_as(services, viewer_id=viewer_id, conversation_id=conversation_id, deed=Deed.LEAVE) as (
        change,
        viewer,
    ):
        if change.before["members_count"] == 1:
            await change.delete()
            return
        if viewer.role == "owner":
            await _require_other_owner(change, viewer_id)
        await change_queries.remove_member(change.connection, conversation_id=conversation_id, user_id=viewer_id)
        change.lost_by(viewer_id, "left")
        await change.say("left", joined=-1)


async def change_role(
    services: Services, *, viewer_id: UUID, conversation_id: UUID, user_id: UUID, role: MemberRole
) -> None:
    """Make somebody an owner, an admin or a member. There may be several owners, and there is always one.

    Raises what `access.standing` does, `Forbidden`, `NotFound` for somebody who isn't in it, and `Conflict` for the
    last owner.
    """
    async with changing_as(services, viewer_id=viewer_id, conversation_id=conversation_id, deed=Deed.CHANGE_ROLES) as (
        change,
        _,
    ):
        member = await _member(change, user_id)
        if member["role"] == role:
            return
        if member["role"] == "owner":
            await _require_other_owner(change, user_id)
        await _set_role(change, user_id, role)
        whom = "themselves" if user_id == viewer_id else member["display_name"]
        await change.say(f"made {whom} {_A_ROLE[role]}")


_A_ROLE: dict[MemberRole, str] = {"owner": "an owner", "admin": "an admin", "member": "a member"}


async def hand_over(services: Services, *, viewer_id: UUID, conversation_id: UUID, user_id: UUID) -> None:
    """Make somebody else an owner in one's own place, and be an admin from then on.

    Raises what `access.standing` does, `Forbidden`, `NotFound` for somebody who isn't in it, and `ValidationFailed` for
    oneself, and for a deactivated account.
    """
    if user_id == viewer_id:
        raise ValidationFailed("It is yours already.")
    async with changing_as(services, viewer_id=viewer_id, conversation_id=conversation_id, deed=Deed.CHANGE_ROLES) as (
        change,
        viewer,
    ):
        member = await _member(change, user_id)
        if not member["active"]:
            raise ValidationFailed(f"{member['display_name']} no longer has an active account here.")
        await _set_role(change, user_id, "owner")
        await _set_role(change, viewer_id, "admin")
        await change.say(f"handed the {viewer.kind} over to {member['display_name']}")


async def _find_member(change: Change, user_id: UUID) -> Record | None:
    return await change_queries.member(
        change.connection, conversation_id=change.conversation_id, user_id=user_id, viewer_id=change.viewer_id
    )


async def _member(change: Change, user_id: UUID) -> Record:
    member = await _find_member(change, user_id)
    if member is None:
        raise NotFound("This person is not in it.")
    return member


async def _set_role(change: Change, user_id: UUID, role: MemberRole) -> None:
    await change_queries.set_role(change.connection, conversation_id=change.conversation_id, user_id=user_id, role=role)
    change.gained_by([user_id])


async def _require_other_owner(change: Change, user_id: UUID) -> None:
    if not await change_queries.other_owner(change.connection, conversation_id=change.conversation_id, user_id=user_id):
        raise Conflict(_LAST_OWNER.format(change.before["kind"]))
