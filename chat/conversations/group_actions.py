"""Groups: some people who talk among themselves."""

from collections.abc import Sequence
from uuid import UUID

from chat.conversations.changes import creating
from chat.conversations.member_actions import admissible, admit, named
from chat.conversations.model import Details, NewConversation, new_conversation_id
from chat.conversations.names import check_group_name
from chat.errors import ValidationFailed
from chat.services import Services


async def create_group(
    services: Services, *, viewer_id: UUID, user_ids: Sequence[UUID], name: str = "", key: UUID | None = None
) -> UUID:
    """A group of the viewer, who owns it, and these people: all of them, or no group. Its id.

    Without a `name` it is named after its people. With the same `key` a repeated call makes no second one.

    Raises `ValidationFailed` for a name or people that can't be accepted, `Forbidden` where one of them and the viewer
    has blocked the other, and `Conflict` for more people than a group holds.
    """
    wanted = [user_id for user_id in user_ids if user_id != viewer_id]
    if not wanted:
        sentence = "A group needs somebody besides you."
        raise ValidationFailed(sentence, fields={"user_ids": sentence})
    new = NewConversation(new_conversation_id(viewer_id, key), "group", Details(check_group_name(name)))
    async with creating(services, viewer_id=viewer_id, new=new) as change:
        if change is not None:
            people = await admissible(change, services, wanted)
            await admit(change, services, people)
            await change.say(f"started the group with {named(people)}", joined=len(people))
    return new.id
