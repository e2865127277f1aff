"""Contacts: one asks, the other accepts, and either takes it back."""

from uuid import UUID, uuid4

import pytest

from chat.accounts import contact_queries
from chat.accounts.block_actions import block, unblock
from chat.accounts.contact_actions import CONTACTS_MAX, REQUESTS_MAX, add, listed, relation, remove, requests_of
from chat.accounts.contact_model import ContactStatus, PersonPlace
from chat.errors import Conflict, Forbidden, NotFound, ValidationFailed
from chat.events import ContactsChanged, Event, PersonChanged
from chat.services import Services
from tests.factory import Factory


async def between(services: Services, one: UUID, other: UUID) -> tuple[ContactStatus | None, ContactStatus | None]:
    """What the second is to the first, and the first to the second."""
    return (
        (await relation(services, viewer_id=one, user_id=other)).status,
        (await relation(services, viewer_id=other, user_id=one)).status,
    )


async def names(services: Services, viewer_id: UUID, status: ContactStatus | None = None) -> list[str]:
    found = await listed(services, viewer_id=viewer_id, status=status)
    return [each.person.username for each in found.items]


async def test_who_is_asked_accepts(services: Services, factory: Factory, events: list[Event]) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    assert await between(services, ada, bo) == (None, None)

    assert (await add(services, viewer_id=ada, user_id=bo)).status == "outgoing"
    assert await between(services, ada, bo) == ("outgoing", "incoming")
    assert await requests_of(services, viewer_id=bo) == 1
    told = [PersonChanged(ada), ContactsChanged(ada), PersonChanged(bo), ContactsChanged(bo)]
    assert events == told

    events.clear()
    accepted = await add(services, viewer_id=bo, user_id=ada)
    assert (accepted.status, accepted.person.username) == ("contact", "ada")
    assert accepted.accepted_at is not None
    assert await between(services, ada, bo) == ("contact", "contact")
    assert await requests_of(services, viewer_id=bo) == 0
    assert sorted(map(repr, events)) == sorted(map(repr, told))


async def test_whatever_is_repeated_changes_nothing_and_is_told_nobody(
    services: Services, factory: Factory, events: list[Event]
) -> None:
    ada, bo = await factory.user(), await factory.user()
    first = await add(services, viewer_id=ada, user_id=bo)
    events.clear()
    assert await add(services, viewer_id=ada, user_id=bo) == first

    accepted = await add(services, viewer_id=bo, user_id=ada)
    events.clear()
    for _ in range(2):
        assert await add(services, viewer_id=bo, user_id=ada) == accepted
        assert (await add(services, viewer_id=ada, user_id=bo)).accepted_at == accepted.accepted_at

    await remove(services, viewer_id=ada, user_id=bo)
    assert len(events) == 4
    for one, other in ((ada, bo), (bo, ada)):
        await remove(services, viewer_id=one, user_id=other)
    assert len(events) == 4
    assert await between(services, ada, bo) == (None, None)


@pytest.mark.parametrize("who", ["who asked", "who was asked"])
async def test_a_request_is_taken_back_by_either_and_can_be_made_again(
    services: Services, factory: Factory, who: str
) -> None:
    ada, bo = await factory.user(), await factory.user()
    await add(services, viewer_id=ada, user_id=bo)
    one, other = (ada, bo) if who == "who asked" else (bo, ada)
    await remove(services, viewer_id=one, user_id=other)
    assert await between(services, ada, bo) == (None, None)
    await add(services, viewer_id=bo, user_id=ada)
    assert await between(services, ada, bo) == ("incoming", "outgoing")


async def test_nobody_adds_themselves_or_somebody_who_is_not_there(services: Services, factory: Factory) -> None:
    ada, gone = await factory.user(), await factory.user()
    await factory.pool.execute("update users set deactivated_at = now() where id = $1", gone)
    with pytest.raises(ValidationFailed):
        await add(services, viewer_id=ada, user_id=ada)
    for nobody in (uuid4(), gone):
        with pytest.raises(NotFound):
            await add(services, viewer_id=ada, user_id=nobody)
        with pytest.raises(NotFound):
            await relation(services, viewer_id=ada, user_id=nobody)
        await remove(services, viewer_id=ada, user_id=nobody)
    assert await factory.pool.fetchval("select count(*) from contacts") == 0


async def test_who_is_deactivated_is_in_no_list_until_let_in_again(services: Services, factory: Factory) -> None:
    ada, bo, cy = await factory.three()
    await add(services, viewer_id=bo, user_id=ada)
    await add(services, viewer_id=cy, user_id=ada)
    await add(services, viewer_id=ada, user_id=cy)
    await factory.pool.execute("update users set deactivated_at = now() where id = any ($1)", [bo, cy])
    assert await names(services, ada) == []
    assert await requests_of(services, viewer_id=ada) == 0
    with pytest.raises(NotFound):
        await add(services, viewer_id=ada, user_id=bo)

    await factory.pool.execute("update users set deactivated_at = null")
    assert await names(services, ada, "contact") == ["cy"]
    assert await names(services, ada, "incoming") == ["bo"]


@pytest.mark.parametrize("blocker", ["who asks", "who is asked"])
async def test_a_block_refuses_both_in_the_same_words(services: Services, factory: Factory, blocker: str) -> None:
    ada, bo = await factory.user(), await factory.user()
    one, other = (ada, bo) if blocker == "who asks" else (bo, ada)
    await block(services, viewer_id=one, user_id=other)
    said = []
    for viewer, user in ((ada, bo), (bo, ada)):
        with pytest.raises(Forbidden) as refused:
            await add(services, viewer_id=viewer, user_id=user)
        said.append(refused.value.message)
    assert len(set(said)) == 1
    assert (await relation(services, viewer_id=one, user_id=other)).blocking
    assert not (await relation(services, viewer_id=other, user_id=one)).blocking

    await unblock(services, viewer_id=one, user_id=other)
    assert (await add(services, viewer_id=ada, user_id=bo)).status == "outgoing"


@pytest.mark.parametrize("accepted", [True, False])
async def test_who_blocks_is_no_contact_any_more(
    services: Services, factory: Factory, events: list[Event], accepted: bool
) -> None:
    ada, bo = await factory.user(), await factory.user()
    await add(services, viewer_id=ada, user_id=bo)
    if accepted:
        await add(services, viewer_id=bo, user_id=ada)
    events.clear()

    await block(services, viewer_id=bo, user_id=ada)

    assert await between(services, ada, bo) == (None, None)
    assert {ContactsChanged(ada), ContactsChanged(bo)} <= set(events)
    assert {PersonChanged(ada), PersonChanged(bo)} <= set(events)


async def test_lists_go_by_name_and_on(services: Services, factory: Factory) -> None:
    ada = await factory.user("ada")
    for number in range(7):
        other = await factory.user(f"k{number}", display_name=f"{'kK'[number % 2]}arin {number % 3}")
        await add(services, viewer_id=other, user_id=ada)
        if number < 4:
            await add(services, viewer_id=ada, user_id=other)
    found: list[str] = []
    after: PersonPlace | None = None
    while True:
        part = await listed(services, viewer_id=ada, after=after, limit=3)
        found += [each.person.username for each in part.items]
        after = part.after
        if after is None:
            break
    assert found == ["k0", "k3", "k6", "k1", "k4", "k2", "k5"]
    assert await names(services, ada, "contact") == ["k0", "k3", "k1", "k2"]
    assert await names(services, ada, "incoming") == ["k6", "k4", "k5"]
    assert await names(services, ada, "outgoing") == []


async def test_there_can_be_too_many_of_each(services: Services, factory: Factory) -> None:
    ada, bo, cy = await factory.three()

    async def full(person: UUID, status: str, count: int) -> None:
        """So many people, of whom the person has asked, was asked by, or is a contact."""
        others = await crowd(factory, count)
        await factory.pool.execute(
            """
            insert into contacts (low, high, requested_by, accepted_at)
            select least($1, other), greatest($1, other), case when $3 = 'outgoing' then $1 else other end,
                case when $3 = 'contact' then now() end
            from unnest($2::uuid[]) as other
            """,
            person,
            others,
            status,
        )

    async def refused(viewer_id: UUID, user_id: UUID) -> str:
        with pytest.raises(Conflict) as conflict:
            await add(services, viewer_id=viewer_id, user_id=user_id)
        return conflict.value.message

    await full(ada, "outgoing", REQUESTS_MAX)
    assert "your requests" in await refused(ada, bo)
    await full(bo, "incoming", REQUESTS_MAX)
    assert "too many open requests" in await refused(cy, bo)
    # Accepting makes none more.
    await add(services, viewer_id=bo, user_id=ada)
    assert (await add(services, viewer_id=ada, user_id=bo)).status == "contact"

    await full(cy, "contact", CONTACTS_MAX - 1)
    dee, eve = await factory.user("dee"), await factory.user("eve")
    for person in (dee, eve):
        await add(services, viewer_id=person, user_id=cy)
    assert (await add(services, viewer_id=cy, user_id=dee)).status == "contact"
    assert "1,000" in await refused(cy, eve)
    assert "1,000" in await refused(cy, await factory.user("fay"))
    assert (await contact_queries.counts(services.pool, user_id=cy)).contacts == CONTACTS_MAX


async def crowd(factory: Factory, count: int) -> list[UUID]:
    """So many people, made at once."""
    ids = [uuid4() for _ in range(count)]
    await factory.pool.execute(
        """
        insert into users (id, email, username, display_name)
        select id, id || '@example.org', left(replace(id::text, '-', ''), 32), 'Somebody' from unnest($1::uuid[]) as id
        """,
        ids,
    )
    return ids
