"""People over the API: oneself, and finding others."""

from typing import Annotated, Any, TypeVar, cast

import msgspec
from aiohttp import web

from chat.accounts import actions, privacy_actions, queries
from chat.accounts.contact_model import PersonPlace
from chat.accounts.model import Person, Viewer
from chat.accounts.presence import with_presence
from chat.accounts.privacy_model import PresenceSharing, PrivacySettings
from chat.errors import NotFound
from chat.web.api import Call, Model, PageQuery, answer, page_of
from chat.web.cursors import decode_cursor, encode_cursor
from chat.web.shapes import Text, User
from chat.web.throttle import count_search

Value = TypeVar("Value")


class Me(User, frozen=True):
    """Oneself: a user, with the address that nobody else is shown, and what others are told of one.

    Without `read_receipts_enabled` others don't see what one has read, nor does one see what they have. Whom
    `presence_sharing` names sees whether one is there, unless one is `invisible`.
    """

    email: str = ""
    read_receipts_enabled: bool = True
    presence_sharing: PresenceSharing = "everyone"
    invisible: bool = False


class ProfileChange(Model, frozen=True):
    """What is to be changed of one's names and one's privacy; what is left out stays."""

    username: str | msgspec.UnsetType = msgspec.UNSET
    display_name: Annotated[str, msgspec.Meta(examples=["Kim Berg"])] | msgspec.UnsetType = msgspec.UNSET
    read_receipts_enabled: bool | msgspec.UnsetType = msgspec.UNSET
    presence_sharing: PresenceSharing | msgspec.UnsetType = msgspec.UNSET
    invisible: bool | msgspec.UnsetType = msgspec.UNSET


class PeopleQuery(PageQuery, frozen=True):
    """Who is looked for: every word of `q` begins a word of the name or username. Without it, everyone is found."""

    q: Text = ""


async def get_me(call: Call[None, None]) -> web.Response:
    """The person whose token this is."""
    viewer = viewer_of(call)
    return answer(_me(viewer, await privacy_actions.privacy(call.services, viewer_id=viewer.id)))


async def change_me(call: Call[ProfileChange, None]) -> web.Response:
    """Change one's own names, and what others are told of one."""
    viewer, change = viewer_of(call), call.body
    changed = await actions.change_names(
        call.services,
        viewer=viewer,
        username=viewer.username if change.username is msgspec.UNSET else change.username,
        display_name=viewer.display_name if change.display_name is msgspec.UNSET else change.display_name,
    )
    shared = await privacy_actions.change_privacy(
        call.services,
        viewer_id=viewer.id,
        read_receipts_enabled=_given(change.read_receipts_enabled),
        presence_sharing=_given(change.presence_sharing),
        invisible=_given(change.invisible),
    )
    return answer(_me(changed, shared))


async def search_users(call: Call[None, PeopleQuery]) -> web.Response:
    """Find people by their names, oneself not among them. Whose username is exactly `q` comes first, then by name."""
    await count_search(call.request, call.viewer.id)
    query = call.query
    after = decode_cursor(query.cursor, PersonPlace)
    found = await actions.find_people(
        call.services,
        viewer_id=call.viewer.id,
        prefix=query.q,
        limit=query.limit + 1,
        after=(after.display_name, after.username) if after else None,
    )
    people = await with_presence(call, [user_of(person) for person in found])
    return answer(page_of(people, limit=query.limit, cursor=_place))


async def get_user(call: Call[None, None]) -> web.Response:
    """A person with an active account."""
    account = await queries.account(call.services.pool, user_id=call.id("user_id"))
    if account is None or not account.active:
        raise NotFound("This person can't be found.")
    (person,) = await with_presence(call, [user_of(account)])
    return answer(person)


def viewer_of(call: Call[Any, Any]) -> Viewer:
    """Who asks, with all that is known of them."""
    return cast("Viewer", call.viewer)


def user_of(person: Person) -> User:
    """A person as others see them."""
    return User(person.id, person.username, person.display_name, person.role)


def _given(value: Value | msgspec.UnsetType) -> Value | None:
    return None if value is msgspec.UNSET else value


def _me(viewer: Viewer, shared: PrivacySettings) -> Me:
    return Me(
        viewer.id,
        viewer.username,
        viewer.display_name,
        viewer.role,
        email=viewer.email,
        read_receipts_enabled=shared.read_receipts_enabled,
        presence_sharing=shared.presence_sharing,
        invisible=shared.invisible,
    )


def _place(user: User) -> str:
    return encode_cursor(PersonPlace(user.display_name, user.username))
