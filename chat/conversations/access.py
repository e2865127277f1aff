"""Who may do what in a conversation: the one place that pages, API and sockets ask."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from chat.conversations import queries
from chat.conversations.model import ConversationNotFound, Kind, MemberRole, NotInConversation, Visibility
from chat.db import Connection
from chat.errors import Forbidden


class Deed(StrEnum):
    """What somebody may want to do in a conversation. Editing and deleting what one wrote oneself is `SEND`."""

    READ = "read"
    SEND = "send"
    REACT = "react"
    PIN = "pin"
    ADD_PEOPLE = "add_people"
    REMOVE_PEOPLE = "remove_people"
    RENAME = "rename"  # the name, and the topic
    CHANGE_VISIBILITY = "change_visibility"
    CHANGE_ROLES = "change_roles"  # and to hand over
    MAKE_LINKS = "make_links"  # to list and to revoke them, too
    ARCHIVE = "archive"  # and to take it back
    DELETE = "delete"
    DELETE_ANY_MESSAGE = "delete_any_message"
    LEAVE = "leave"


_TALK = frozenset({Deed.READ, Deed.SEND, Deed.REACT, Deed.PIN})
_BELONG = _TALK | {Deed.LEAVE}
_MANAGE = frozenset({Deed.ADD_PEOPLE, Deed.REMOVE_PEOPLE, Deed.RENAME})
_MANAGE_ROOM = _MANAGE | {Deed.MAKE_LINKS, Deed.DELETE_ANY_MESSAGE}
_OWN = frozenset({Deed.CHANGE_ROLES, Deed.ARCHIVE, Deed.DELETE})
_OWN_ROOM = _OWN | {Deed.CHANGE_VISIBILITY}

# The whole policy: what each role may do in each kind of conversation.
POLICY: dict[tuple[Kind, Visibility], dict[MemberRole, frozenset[Deed]]] = {
    ("direct", "private"): {"member": _TALK},
    ("group", "private"): {
        "member": _BELONG | {Deed.ADD_PEOPLE},
        "admin": _BELONG | _MANAGE,
        "owner": _BELONG | _MANAGE | _OWN,
    },
    ("room", "public"): {
        "member": _BELONG | {Deed.ADD_PEOPLE},
        "admin": _BELONG | _MANAGE_ROOM,
        "owner": _BELONG | _MANAGE_ROOM | _OWN_ROOM,
    },
    ("room", "private"): {
        "member": _BELONG,
        "admin": _BELONG | _MANAGE_ROOM,
        "owner": _BELONG | _MANAGE_ROOM | _OWN_ROOM,
    },
}
# What has been archived can be read, and put in order: who is in it, who it belongs to, and whether it stays.
_WHEN_ARCHIVED = frozenset(
    {Deed.READ, Deed.LEAVE, Deed.REMOVE_PEOPLE, Deed.CHANGE_ROLES, Deed.ARCHIVE, Deed.DELETE, Deed.DELETE_ANY_MESSAGE}
)
_WHEN_BLOCKED = frozenset({Deed.READ})


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is in a conversation.

    `blocked` is said of a direct conversation in which one of the two has blocked the other.
    """

    conversation_id: UUID
    kind: Kind
    visibility: Visibility
    role: MemberRole
    archived: bool = False
    blocked: bool = False

    def may(self, deed: Deed) -> bool:
        """Whether this member may do it now."""
        if (self.archived and deed not in _WHEN_ARCHIVED) or (self.blocked and deed not in _WHEN_BLOCKED):
            return False
        return deed in POLICY[self.kind, self.visibility].get(self.role, frozenset())

    def require(self, deed: Deed) -> None:
        """Raises `Forbidden` with a sentence that says why."""
        if self.may(deed):
            return
        if self.archived and deed not in _WHEN_ARCHIVED:
            raise Forbidden("This conversation is archived. It can be read, and nothing more.")
        if self.blocked:
            raise Forbidden("One of you has blocked the other, so nothing can be written here.")
        if self.kind == "direct":
            raise Forbidden("A direct conversation belongs to its two people for good.")
        raise Forbidden(f"Only {self._who_may(deed)} of this {self.kind} can do that.")

    def may_remove(self, role: MemberRole) -> bool:
        """Whether this member may take out somebody of this role: admins remove members, owners anybody."""
        return self.may(Deed.REMOVE_PEOPLE) and (self.role == "owner" or role == "member")

    def require_removal(self, role: MemberRole) -> None:
        """Raises `Forbidden` where somebody of this role can't be removed by this member."""
        self.require(Deed.REMOVE_PEOPLE)
        if not self.may_remove(role):
            raise Forbidden(f"Only owners of this {self.kind} can remove its owners and admins.")

    def _who_may(self, deed: Deed) -> str:
        allowed = [role for role, deeds in POLICY[self.kind, self.visibility].items() if deed in deeds]
        return "owners and admins" if "admin" in allowed else "owners"


async def standing(connection: Connection, *, viewer_id: UUID, conversation_id: UUID) -> Standing:
    """What the viewer is in this conversation, at this moment.

    In a transaction that changes the conversation (`changes.py`) it is asked after its row has been locked, so that the
    answer holds until the commit.

    Raises `ConversationNotFound` for a conversation that doesn't exist, was deleted, or is private and not the
    viewer's, and `NotInConversation` for a public room that the viewer is not in.
    """
    record = await queries.standing(connection, viewer_id=viewer_id, conversation_id=conversation_id)
    if record is None:
        raise ConversationNotFound
    if record["role"] is None:
        raise NotInConversation if record["visibility"] == "public" else ConversationNotFound
    return Standing(
        conversation_id=conversation_id,
        kind=record["kind"],
        visibility=record["visibility"],
        role=record["role"],
        archived=record["archived"],
        blocked=record["blocked"],
    )
