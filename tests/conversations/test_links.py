"""Links into a room: who makes them, who comes in by them, and what takes their force."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID, uuid4

import msgspec
import pytest
from aiohttp import web

from chat.accounts import actions as accounts
from chat.accounts.invite_actions import join_state
from chat.accounts.model import Device, NewAccount
from chat.app import create_app
from chat.conversations.detail_actions import archive, delete
from chat.conversations.link_actions import create_link, join_by_link, linked_room, links, revoke_link
from chat.conversations.member_actions import change_role, hand_over, leave
from chat.conversations.model import ConversationNotFound, NotInConversation
from chat.conversations.room_actions import join
from chat.db import Pool
from chat.errors import Forbidden, NotFound, RateLimited, ValidationFailed
from chat.services import Services
from chat.settings import Settings
from chat.web.keys import SERVICES
from chat.web.limits import LIMITER
from chat.web.tokens import new_token
from tests.conversations.state import assert_sound, lines, roles
from tests.device import Connect
from tests.factory import Factory
from tests.plain_browser import Browser
from tests.servers import serving

MakeLink = Callable[..., Awaitable[str]]


@pytest.fixture
async def ada(factory: Factory) -> UUID:
    """The owner of the room, and nothing else."""
    return await factory.user("ada")


@pytest.fixture
async def room(factory: Factory, ada: UUID) -> UUID:
    return await factory.room(ada, name="Board", visibility="private")


@pytest.fixture
def make_link(services: Services, ada: UUID, room: UUID) -> MakeLink:
    """A link into the room: `await make_link(max_uses=1)`."""

    async def make(*, days: int = 7, max_uses: int | None = None) -> str:
        return await create_link(services, viewer_id=ada, conversation_id=room, days=days, max_uses=max_uses)

    return make


async def test_a_link_leads_into_a_private_room(
    services: Services, pool: Pool, factory: Factory, room: UUID, make_link: MakeLink
) -> None:
    eve, token = await factory.user("eve"), await make_link()
    seen = await linked_room(services, viewer_id=eve, token=token)
    assert (seen.id, seen.name, seen.members_count, seen.joined) == (room, "Board", 1, False)
    assert (await linked_room(services, viewer_id=None, token=token)).id == room
    with pytest.raises(ConversationNotFound):
        await join(services, viewer_id=eve, conversation_id=room)

    assert await join_by_link(services, viewer_id=eve, token=token) == room

    assert await lines(pool, room) == ["Eve joined"]
    assert (await linked_room(services, viewer_id=eve, token=token)).joined
    assert token not in str([dict(row) for row in await pool.fetch("select * from invites")])
    await assert_sound(pool, room)


async def test_there_are_never_more_links_than_the_list_shows(
    services: Services, pool: Pool, ada: UUID, room: UUID, make_link: MakeLink
) -> None:
    await pool.execute(
        """
        insert into invites (id, token_hash, created_by, conversation_id, expires_at)
        select gen_random_uuid(), sha256(number::text::bytea), $1, $2, now() + interval '1 day'
        from generate_series(1, 100) as number
        """,
        ada,
        room,
    )
    with pytest.raises(ValidationFailed, match="Revoke one"):
        await make_link()

    shown = await links(services, viewer_id=ada, conversation_id=room)
    await revoke_link(services, viewer_id=ada, conversation_id=room, link_id=shown[0].id)

    assert len(shown) == 100
    assert await make_link()


async def test_links_are_counted_as_changes_are(settings: Settings, ada: UUID, room: UUID) -> None:
    app = create_app(msgspec.structs.replace(settings, change_limit_per_minute=1, change_burst=2))
    async with serving(app):
        for _ in range(2):
            await create_link(app[SERVICES], viewer_id=ada, conversation_id=room, days=1)
        with pytest.raises(RateLimited):
            await create_link(app[SERVICES], viewer_id=ada, conversation_id=room, days=1)


async def test_whoever_is_in_it_uses_nothing_of_the_link(
    services: Services, ada: UUID, factory: Factory, room: UUID, make_link: MakeLink
) -> None:
    eve, token = await factory.user(), await make_link(max_uses=2)
    for person in (eve, eve, ada):
        assert await join_by_link(services, viewer_id=person, token=token) == room
    assert [link.uses for link in await links(services, viewer_id=ada, conversation_id=room)] == [1]


async def test_it_lets_in_as_many_as_it_says_however_many_come_at_once(
    services: Services, pool: Pool, factory: Factory, room: UUID, make_link: MakeLink
) -> None:
    people, token = [await factory.user() for _ in range(6)], await make_link(max_uses=2)

    came = await asyncio.gather(
        *(join_by_link(services, viewer_id=person, token=token) for person in people), return_exceptions=True
    )

    assert [type(one) for one in came].count(NotFound) == 4
    assert len(await roles(pool, room)) == 3
    await assert_sound(pool, room)


async def test_what_takes_its_force(
    services: Services, pool: Pool, factory: Factory, ada: UUID, room: UUID, make_link: MakeLink
) -> None:
    bo, eve = await factory.user(), await factory.user()
    scope = {"viewer_id": ada, "conversation_id": room}

    async def leads_nowhere(token: str) -> None:
        with pytest.raises(NotFound):
            await join_by_link(services, viewer_id=eve, token=token)
        with pytest.raises(NotFound):
            await linked_room(services, viewer_id=eve, token=token)
        assert eve not in await roles(pool, room)

    for token in ("", "x" * 43, new_token(), "\0" * 43):
        await leads_nowhere(token)
    expired = await make_link()
    await pool.execute("update invites set expires_at = now()")
    await leads_nowhere(expired)
    revoked = await make_link()
    (link,) = await links(services, **scope)
    await revoke_link(services, link_id=link.id, **scope)
    assert await links(services, **scope) == []
    await leads_nowhere(revoked)
    of_who_left = await make_link()
    await join_by_link(services, viewer_id=bo, token=of_who_left)
    await hand_over(services, user_id=bo, **scope)
    assert not (await linked_room(services, viewer_id=eve, token=of_who_left)).joined
    await change_role(services, viewer_id=bo, conversation_id=room, user_id=ada, role="member")
    await leads_nowhere(of_who_left)
    await change_role(services, viewer_id=bo, conversation_id=room, user_id=ada, role="admin")
    assert not (await linked_room(services, viewer_id=eve, token=of_who_left)).joined
    await leave(services, viewer_id=ada, conversation_id=room)
    await leads_nowhere(of_who_left)
    of_bo = await create_link(services, viewer_id=bo, conversation_id=room, days=1)
    await archive(services, viewer_id=bo, conversation_id=room)
    await leads_nowhere(of_bo)


async def test_a_deleted_room_has_no_links(
    services: Services, factory: Factory, ada: UUID, room: UUID, make_link: MakeLink
) -> None:
    token = await make_link()
    await delete(services, viewer_id=ada, conversation_id=room)
    with pytest.raises(NotFound):
        await join_by_link(services, viewer_id=await factory.user(), token=token)


async def test_who_makes_them(services: Services, factory: Factory, ada: UUID) -> None:
    bo, cy, eve = [await factory.user() for _ in range(3)]
    room = await factory.room(ada, bo, cy)
    await factory.set_role(room, bo, "admin")
    token = await create_link(services, viewer_id=bo, conversation_id=room, days=1)
    assert await join_by_link(services, viewer_id=eve, token=token) == room
    with pytest.raises(Forbidden):
        await create_link(services, viewer_id=cy, conversation_id=room, days=1)
    with pytest.raises(Forbidden):
        await links(services, viewer_id=cy, conversation_id=room)
    with pytest.raises(Forbidden):
        await revoke_link(services, viewer_id=cy, conversation_id=room, link_id=uuid4())
    with pytest.raises(NotInConversation):
        await create_link(services, viewer_id=await factory.user(), conversation_id=room, days=1)
    with pytest.raises(Forbidden):
        await create_link(services, viewer_id=ada, conversation_id=await factory.group(ada, bo), days=1)


async def test_nobody_revokes_the_links_of_another_room(
    services: Services, factory: Factory, ada: UUID, room: UUID, make_link: MakeLink
) -> None:
    await make_link()
    (link,) = await links(services, viewer_id=ada, conversation_id=room)
    bo = await factory.user()
    await revoke_link(services, viewer_id=bo, conversation_id=await factory.room(bo), link_id=link.id)
    assert await links(services, viewer_id=ada, conversation_id=room) == [link]


@pytest.mark.parametrize("bounds", [{"days": 0}, {"days": 366}, {"max_uses": 0}, {"max_uses": 1001}])
async def test_for_how_long_and_for_how_many(make_link: MakeLink, bounds: dict[str, int]) -> None:
    with pytest.raises(ValidationFailed):
        await make_link(**bounds)


@pytest.fixture
async def newcomer(url: str) -> AsyncIterator[Browser]:
    """Somebody without an account."""
    browser = Browser(url)
    yield browser
    await browser.http.close()
    await asyncio.sleep(0)


async def register(app: web.Application, *, invite: str) -> None:
    """Without looking at the page first, which would have said already that the link leads nowhere."""
    account = NewAccount("eve", "Eve", "eve@example.org", "correct horse battery staple")
    device = Device(user_agent="", address=None)
    await accounts.register(app[SERVICES], app[LIMITER], account=account, invite=invite, device=device)


async def choose(pool: Pool, registration: str) -> None:
    await pool.execute("insert into preferences (name, value) values ('registration', $1)", registration)


async def test_where_anybody_may_register_the_link_takes_them_into_the_room(
    services: Services, pool: Pool, connect: Connect, ada: UUID, room: UUID, make_link: MakeLink, newcomer: Browser
) -> None:
    token = await make_link(max_uses=1)
    hers = await connect(ada)

    assert (await newcomer.register("eve", invite=token)).status == 303

    assert await lines(pool, room) == ["Eve joined"]
    await hers.expect("message:received", conversation_id=room)
    assert await links(services, viewer_id=ada, conversation_id=room) == []
    await assert_sound(pool, room)


async def test_where_that_takes_an_invitation_the_link_of_who_invites_people_is_one(
    app: web.Application,
    services: Services,
    pool: Pool,
    ada: UUID,
    room: UUID,
    make_link: MakeLink,
    newcomer: Browser,
) -> None:
    await choose(pool, "invite")
    token = await make_link()

    assert not (await join_state(services, invite=token)).invite_valid
    assert "Create an account" not in (await newcomer.get(f"/join/{token}")).text
    with pytest.raises(Forbidden):
        await register(app, invite=token)
    await pool.execute("update users set role = 'admin' where id = $1", ada)
    assert (await join_state(services, invite=token)).invite_valid
    assert "Create an account" in (await newcomer.get(f"/join/{token}")).text
    assert (await newcomer.register("eve", invite=token)).status == 303

    assert await lines(pool, room) == ["Eve joined"]


async def test_a_link_into_a_room_that_is_gone_admits_nobody(
    app: web.Application, services: Services, pool: Pool, ada: UUID, room: UUID, make_link: MakeLink
) -> None:
    await choose(pool, "invite")
    await pool.execute("update users set role = 'owner' where id = $1", ada)
    token = await make_link()
    await delete(services, viewer_id=ada, conversation_id=room)

    with pytest.raises(Forbidden):
        await register(app, invite=token)

    assert await pool.fetchval("select count(*) from users") == 1


async def test_a_link_into_a_room_is_not_among_the_links_of_the_chat(
    services: Services, pool: Pool, room: UUID, make_link: MakeLink, newcomer: Browser
) -> None:
    await make_link()
    await newcomer.register("boss")
    await pool.execute("update users set role = 'owner' where username = 'boss'")
    await newcomer.submit("/settings/invites", page="/settings", days="7", max_uses="")
    link_id = await pool.fetchval("select id from invites where conversation_id is not null")

    page = await newcomer.get("/settings")

    assert page.text.count("/settings/invites/") == 1
    assert str(link_id) not in page.text
    await newcomer.submit(f"/settings/invites/{link_id}/revoke", page="/settings")
    assert len(await links(services, viewer_id=await owner_of(pool, room), conversation_id=room)) == 1


async def owner_of(pool: Pool, room: UUID) -> UUID:
    return next(user_id for user_id, role in (await roles(pool, room)).items() if role == "owner")
