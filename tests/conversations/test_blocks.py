"""Blocking: no new conversation, nothing more in the old one, and neither brings the other anywhere."""

from uuid import UUID, uuid4

import pytest

from chat.accounts import block_queries
from chat.accounts.block_actions import block, blocked, unblock
from chat.conversations import actions
from chat.conversations.access import Deed, standing
from chat.errors import Forbidden, NotFound, ValidationFailed
from chat.events import ConversationListed, Event, PersonChanged
from chat.services import Services
from tests.device import Connect
from tests.factory import Factory


@pytest.mark.parametrize("blocker", ["who is written to", "who writes"])
async def test_no_new_conversation(services: Services, factory: Factory, blocker: str) -> None:
    ada, bo = await factory.user(), await factory.user()
    one, other = (bo, ada) if blocker == "who is written to" else (ada, bo)
    await block(services, viewer_id=one, user_id=other)

    with pytest.raises(Forbidden):
        await actions.open_direct(services, viewer_id=ada, other_id=bo)

    await unblock(services, viewer_id=one, user_id=other)
    assert await actions.open_direct(services, viewer_id=ada, other_id=bo) is not None


async def test_the_old_one_can_be_read_and_nothing_more(services: Services, factory: Factory, connect: Connect) -> None:
    ada, bo, direct = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    assert (await his.send(direct, "before"))["type"] == "message:sent"
    await block(services, viewer_id=ada, user_id=bo)

    for person, device in ((ada, hers), (bo, his)):
        assert (await device.send(direct, "after"))["code"] == "FORBIDDEN"
        row = await actions.get(services, viewer_id=person, conversation_id=direct)
        assert (row.blocked, row.last_seq) == (True, 1)
    assert await actions.open_direct(services, viewer_id=bo, other_id=ada) == direct
    stands = await standing(services.pool, viewer_id=bo, conversation_id=direct)
    assert [deed for deed in Deed if stands.may(deed)] == [Deed.READ]

    await unblock(services, viewer_id=ada, user_id=bo)
    assert (await his.send(direct, "again"))["type"] == "message:sent"


async def test_in_a_group_both_still_write(services: Services, factory: Factory, connect: Connect) -> None:
    ada, bo = await factory.user(), await factory.user()
    group = await factory.group(ada, bo)
    await block(services, viewer_id=ada, user_id=bo)
    assert (await (await connect(bo)).send(group, "hello"))["type"] == "message:sent"


async def test_both_hear_no_more_of_each_other_and_that_their_conversation_is_another(
    noted: Services, events: list[Event], factory: Factory
) -> None:
    ada, bo, direct = await factory.pair()
    for change in (block, unblock):
        events.clear()
        await change(noted, viewer_id=ada, user_id=bo)
        assert events == [
            PersonChanged(ada),
            PersonChanged(bo),
            ConversationListed(ada, direct),
            ConversationListed(bo, direct),
        ]


async def test_the_list_and_its_edges(services: Services, factory: Factory) -> None:
    ada, bo, cy = [await factory.user(name) for name in ("ada", "bo", "cy")]
    for person in (cy, bo, bo):
        await block(services, viewer_id=ada, user_id=person)
    assert await names_of_blocked(services, ada) == ["bo", "cy"]
    assert await names_of_blocked(services, bo) == []
    with pytest.raises(ValidationFailed):
        await block(services, viewer_id=ada, user_id=ada)
    with pytest.raises(NotFound):
        await block(services, viewer_id=ada, user_id=uuid4())
    for _ in range(2):
        await unblock(services, viewer_id=ada, user_id=bo)
    assert await names_of_blocked(services, ada) == ["cy"]


async def names_of_blocked(services: Services, viewer_id: UUID) -> list[str]:
    return [relation.person.username for relation in (await blocked(services, viewer_id=viewer_id)).items]


async def test_it_holds_at_once_also_where_the_database_is_lost_just_then(
    noted: Services, events: list[Event], factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo, _direct = await factory.pair()

    async def lost(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(block_queries, "direct_conversation", lost)
    with pytest.raises(TimeoutError):
        await block(noted, viewer_id=ada, user_id=bo)

    assert events == [PersonChanged(ada), PersonChanged(bo)]
