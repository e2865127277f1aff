"""The list of who is in a conversation."""

from uuid import UUID

import pytest

from chat.conversations.member_actions import members
from chat.conversations.model import ConversationNotFound, MemberPlace, NotInConversation
from chat.db import Pool
from chat.errors import ChatError
from chat.services import Services
from tests.factory import Factory


async def test_the_list_has_owners_first_and_goes_on_where_it_ended(
    services: Services, pool: Pool, factory: Factory
) -> None:
    names = ["zoe", "ada", "bo", "cy", "dee", "eli", "fay"]
    people = {name: await factory.user(name) for name in names}
    room = await factory.room(*people.values())
    await factory.set_role(room, people["fay"], "admin")
    await pool.execute("update users set deactivated_at = now() where id = $1", people["cy"])

    found: list[tuple[str, str, bool]] = []
    after: MemberPlace | None = None
    while True:
        part = await members(services, viewer_id=people["bo"], conversation_id=room, after=after, limit=3)
        found += [(member.person.username, member.role, member.active) for member in part.items]
        after = part.after
        if after is None:
            break
        assert len(part.items) == 3

    assert [name for name, *_ in found] == ["zoe", "fay", "ada", "bo", "cy", "dee", "eli"]
    assert found[0] == ("zoe", "owner", True)
    assert ("cy", "member", False) in found


@pytest.mark.parametrize(
    ("prefix", "names"), [("f", ["fay"]), ("@FA", ["fay"]), ("ay", []), ("'\\:*", []), ("\0", None)]
)
async def test_members_are_found_by_the_beginning_of_a_name(
    services: Services, factory: Factory, prefix: str, names: list[str] | None
) -> None:
    ada, fay = await factory.user("ada"), await factory.user("fay")
    await factory.user("fabian")
    room = await factory.room(ada, fay)
    part = await members(services, viewer_id=ada, conversation_id=room, prefix=prefix)
    assert [member.person.username for member in part.items] == (["ada", "fay"] if names is None else names)


async def test_who_is_not_in_it_does_not_learn_who_is(services: Services, factory: Factory) -> None:
    ada, eve = await factory.user(), await factory.user()
    public, private = await factory.room(ada), await factory.room(ada, visibility="private")
    refusals: dict[UUID, type[ChatError]] = {public: NotInConversation, private: ConversationNotFound}
    for room, refusal in refusals.items():
        with pytest.raises(refusal):
            await members(services, viewer_id=eve, conversation_id=room)
