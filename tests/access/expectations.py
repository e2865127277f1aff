"""Who gets in where: each address and each event of the product, with what each kind of person is answered.

Every route has to stand here. What is sent is what would do it, if it were allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.access.cast import ACTORS, PASSWORD

# "in" stands for every answer that lets somebody in: 2xx, or a redirect to anywhere but the sign-in page.
Verdict: TypeAlias = str | int
Row: TypeAlias = tuple[Verdict, ...]

#         anonymous  stranger member admin owner removed deactivated
OPEN = ("in",) * 7
SIGNED_IN = ("sign in", "in", "in", "in", "in", "in", "sign in")
INSIDE = ("sign in", 404, "in", "in", "in", 404, "sign in")
AUTHOR = ("sign in", 404, "in", 403, 403, 404, "sign in")
MANAGER = ("sign in", 404, 403, "in", "in", 404, "sign in")
OWNER = ("sign in", 404, 403, 403, "in", 404, "sign in")
# Those who run the installation, which has nothing to do with a conversation.
ADMINS = ("sign in", 403, 403, "in", "in", 403, "sign in")
THE_OWNER = ("sign in", 403, 403, 403, "in", 403, "sign in")


def everyone(verdict: Verdict) -> Row:
    """The same for whoever is signed in."""
    return ("sign in", *(verdict,) * 5, "sign in")


@dataclass(frozen=True)
class Expected:
    """What is sent, and what each of `ACTORS` is answered. `{names}` stand for what the stage has under them."""

    row: Row
    send: Mapping[str, object] = field(default_factory=dict)
    query: str = ""

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """By actor."""
        return dict(zip(ACTORS, self.row, strict=True))


PAGES = {
    "GET /": Expected(SIGNED_IN),
    "GET /sidebar": Expected(SIGNED_IN),
    "GET /switcher": Expected(SIGNED_IN),
    "GET /people": Expected(SIGNED_IN),
    "POST /people": Expected(SIGNED_IN, {"with": "{someone}"}),
    "GET /people/{user_id}": Expected(SIGNED_IN),
    "POST /people/{user_id}/conversation": Expected(SIGNED_IN),
    "GET /people/{user_id}/block": Expected(SIGNED_IN),
    "POST /people/{user_id}/block": Expected(SIGNED_IN),
    "GET /contacts": Expected(SIGNED_IN),
    "POST /contacts/{user_id}/add": Expected(SIGNED_IN),
    "POST /contacts/{user_id}/remove": Expected(SIGNED_IN),
    "GET /rooms": Expected(SIGNED_IN),
    "POST /rooms": Expected(SIGNED_IN, {"name": "{name}"}),
    "GET /rooms/new": Expected(SIGNED_IN),
    "GET /join/{token}": Expected(OPEN),
    "POST /join/{token}": Expected(SIGNED_IN),
    "GET /c/{conversation_id}": Expected(INSIDE),
    "POST /c/{conversation_id}/join": Expected(INSIDE),
    "GET /c/{conversation_id}/row": Expected(INSIDE),
    "GET /c/{conversation_id}/details": Expected(INSIDE),
    "POST /c/{conversation_id}/details": Expected(MANAGER, {"name": "{name}", "topic": "Ours"}),
    "POST /c/{conversation_id}/notifications": Expected(INSIDE, {"notify": "mentions"}),
    "POST /c/{conversation_id}/mute": Expected(INSIDE, {"mute": "forever"}),
    "POST /c/{conversation_id}/receipts": Expected(INSIDE, {"receipts": "off"}),
    "GET /c/{conversation_id}/leave": Expected(INSIDE),
    "POST /c/{conversation_id}/leave": Expected(("sign in", 404, "in", "in", 409, 404, "sign in")),
    "GET /c/{conversation_id}/archive": Expected(OWNER),
    "POST /c/{conversation_id}/archive": Expected(OWNER),
    "GET /c/{conversation_id}/delete": Expected(OWNER),
    "POST /c/{conversation_id}/delete": Expected(OWNER),
    # There is nobody to block in a room.
    "GET /c/{conversation_id}/block": Expected(("sign in", 404, 422, 422, 422, 404, "sign in")),
    "POST /c/{conversation_id}/block": Expected(("sign in", 404, 422, 422, 422, 404, "sign in")),
    "GET /c/{conversation_id}/people": Expected(MANAGER),
    "POST /c/{conversation_id}/people": Expected(MANAGER, {"with": "{someone}"}),
    "GET /c/{conversation_id}/members": Expected(INSIDE),
    "GET /c/{conversation_id}/members/{user_id}": Expected(INSIDE),
    "POST /c/{conversation_id}/members/{user_id}/role": Expected(OWNER, {"role": "admin"}),
    "GET /c/{conversation_id}/members/{user_id}/hand-over": Expected(OWNER),
    "POST /c/{conversation_id}/members/{user_id}/hand-over": Expected(OWNER),
    "GET /c/{conversation_id}/members/{user_id}/remove": Expected(MANAGER),
    "POST /c/{conversation_id}/members/{user_id}/remove": Expected(MANAGER),
    "POST /c/{conversation_id}/links": Expected(MANAGER, {"days": "7", "max_uses": "10"}),
    "POST /c/{conversation_id}/links/{link_id}/revoke": Expected(MANAGER),
    "GET /c/{conversation_id}/history": Expected(INSIDE, query="?before=2"),
    "POST /c/{conversation_id}/messages": Expected(
        INSIDE, {"content": "Hello", "client_message_id": "{client_message_id}"}
    ),
    "POST /c/{conversation_id}/unread": Expected(INSIDE, {"from_seq": "1"}),
    "GET /messages/tools": Expected(SIGNED_IN),
    "GET /messages/{message_id}/source": Expected(INSIDE),
    "GET /messages/{message_id}/edits": Expected(INSIDE),
    "GET /messages/{message_id}/reactions": Expected(INSIDE),
    "GET /messages/{message_id}/receipts": Expected(AUTHOR),
    "POST /messages/{message_id}/edit": Expected(AUTHOR, {"content": "Here I was"}),
    "POST /messages/{message_id}/delete": Expected(INSIDE),
    "POST /messages/{message_id}/reactions": Expected(INSIDE, {"emoji": "👍", "chosen": "yes"}),
    "GET /emoji": Expected(SIGNED_IN),
    "GET /login": Expected(OPEN),
    "POST /login": Expected(("in", "in", "in", "in", "in", "in", 401), {"login": "{own}", "password": PASSWORD}),
    "POST /logout": Expected(everyone("sign in")),
    "GET /register": Expected(OPEN),
    "POST /register": Expected(
        OPEN,
        {
            "username": "{username}",
            "display_name": "New",
            "email": "{username}@example.org",
            "password": PASSWORD,
        },
    ),
    "GET /settings": Expected(SIGNED_IN),
    "POST /settings/profile": Expected(SIGNED_IN, {"display_name": "Another", "username": "{username}"}),
    "POST /settings/password": Expected(
        SIGNED_IN, {"current_password": PASSWORD, "new_password": "another long password"}
    ),
    "POST /settings/sessions/revoke-all": Expected(everyone("sign in")),
    # Nobody learns whether there is one; that it is still there is asserted by itself.
    "POST /settings/sessions/{session_id}/revoke": Expected(SIGNED_IN),
    "GET /settings/privacy": Expected(SIGNED_IN),
    "POST /settings/privacy": Expected(SIGNED_IN, {"presence_sharing": "contacts"}),
    "GET /settings/tokens": Expected(SIGNED_IN),
    "POST /settings/tokens": Expected(SIGNED_IN, {"name": "Script", "current_password": PASSWORD}),
    "POST /settings/tokens/{token_id}/revoke": Expected(SIGNED_IN),
    "GET /settings/people": Expected(ADMINS),
    "POST /settings/people/{user_id}/deactivate": Expected(ADMINS),
    "POST /settings/people/{user_id}/reactivate": Expected(ADMINS),
    "POST /settings/registration": Expected(THE_OWNER, {"registration": "invite"}),
    "POST /settings/invites": Expected(ADMINS, {"days": "7", "max_uses": "1"}),
    "POST /settings/invites/{invite_id}/revoke": Expected(ADMINS),
}

API = {
    "POST /api/auth/register": Expected(
        OPEN,
        {
            "username": "{username}",
            "display_name": "New",
            "email": "{username}@example.org",
            "password": PASSWORD,
        },
    ),
    "POST /api/auth/login": Expected(
        ("in", "in", "in", "in", "in", "in", "sign in"), {"email": "{own}@example.org", "password": PASSWORD}
    ),
    # A personal token is none to be refreshed or signed out with.
    "POST /api/auth/refresh": Expected(everyone("sign in")),
    "POST /api/auth/logout": Expected(("sign in", *(403,) * 6)),
    "GET /api/users/me": Expected(SIGNED_IN),
    "PATCH /api/users/me": Expected(SIGNED_IN, {"display_name": "Another"}),
    "GET /api/users/search": Expected(SIGNED_IN),
    "GET /api/users/{user_id}": Expected(SIGNED_IN),
    "GET /api/contacts": Expected(SIGNED_IN),
    "PUT /api/contacts/{user_id}": Expected(SIGNED_IN),
    "DELETE /api/contacts/{user_id}": Expected(SIGNED_IN),
    "GET /api/blocks": Expected(SIGNED_IN),
    "PUT /api/blocks/{user_id}": Expected(SIGNED_IN),
    "DELETE /api/blocks/{user_id}": Expected(SIGNED_IN),
    "GET /api/conversations": Expected(SIGNED_IN),
    "POST /api/conversations": Expected(SIGNED_IN, {"kind": "direct", "user_id": "{someone}"}),
    "GET /api/conversations/{conversation_id}": Expected(INSIDE),
    "PATCH /api/conversations/{conversation_id}": Expected(MANAGER, {"topic": "Ours"}),
    "DELETE /api/conversations/{conversation_id}": Expected(OWNER),
    "GET /api/conversations/{conversation_id}/members": Expected(INSIDE),
    "POST /api/conversations/{conversation_id}/members": Expected(MANAGER, {"user_ids": ["{someone}"]}),
    "PATCH /api/conversations/{conversation_id}/members/{user_id}": Expected(OWNER, {"role": "admin"}),
    "DELETE /api/conversations/{conversation_id}/members/{user_id}": Expected(MANAGER),
    "GET /api/conversations/{conversation_id}/messages": Expected(INSIDE),
    "POST /api/conversations/{conversation_id}/messages": Expected(
        INSIDE, {"content": "Hello", "client_message_id": "{client_message_id}"}
    ),
    "POST /api/conversations/{conversation_id}/read": Expected(INSIDE, {"up_to_seq": 1}),
    "POST /api/conversations/{conversation_id}/unread": Expected(INSIDE, {"from_seq": 1}),
    "GET /api/rooms": Expected(SIGNED_IN),
    "POST /api/rooms/{room_id}/join": Expected(INSIDE),
    "POST /api/rooms/{room_id}/leave": Expected(("sign in", 404, "in", "in", 409, 404, "sign in")),
    "GET /api/messages/{message_id}": Expected(INSIDE),
    "PATCH /api/messages/{message_id}": Expected(AUTHOR, {"content": "Here I was"}),
    "DELETE /api/messages/{message_id}": Expected(INSIDE),
    "GET /api/messages/{message_id}/edits": Expected(INSIDE),
    "GET /api/messages/{message_id}/receipts": Expected(AUTHOR),
    "PUT /api/messages/{message_id}/reactions/{emoji}": Expected(INSIDE),
    "DELETE /api/messages/{message_id}/reactions/{emoji}": Expected(INSIDE),
    "GET /api/openapi.json": Expected(OPEN),
    "GET /api/docs": Expected(OPEN),
}

# Answered to everybody alike, whoever asks: files, and what a monitor wants to know.
OPERATIONS = {
    "GET /health/live": Expected(OPEN),
    "GET /health/ready": Expected(OPEN),
    "GET /healthz": Expected(OPEN),
    "GET /metrics": Expected(OPEN),
    "GET /favicon.ico": Expected(OPEN),
    "GET /manifest.webmanifest": Expected(OPEN),
}

# Over the socket "in" is any answer that is no error. Who has no token, or none that is good, isn't let in at all.
EVENTS = {
    # Once is enough.
    "auth": Expected(everyone(422), {"token": "{own_token}"}),
    "subscribe": Expected(INSIDE, {"conversation_id": "{conversation_id}"}),
    "unsubscribe": Expected(SIGNED_IN, {"conversation_id": "{conversation_id}"}),
    "message:send": Expected(
        INSIDE,
        {"conversation_id": "{conversation_id}", "client_message_id": "{client_message_id}", "content": "Hello"},
    ),
    "message:edit": Expected(AUTHOR, {"message_id": "{message_id}", "content": "Here I was"}),
    "message:delete": Expected(INSIDE, {"message_id": "{message_id}"}),
    "reaction:add": Expected(INSIDE, {"message_id": "{message_id}", "emoji": "👍"}),
    "reaction:remove": Expected(INSIDE, {"message_id": "{message_id}", "emoji": "👍"}),
    "conversation:sync": Expected(INSIDE, {"conversation_id": "{conversation_id}", "after_revision": 0}),
    "message:delivered": Expected(INSIDE, {"conversation_id": "{conversation_id}", "up_to_seq": 1}),
    "receipt:read": Expected(INSIDE, {"conversation_id": "{conversation_id}", "up_to_seq": 1}),
    "typing:start": Expected(INSIDE, {"conversation_id": "{conversation_id}"}),
    "typing:stop": Expected(SIGNED_IN, {"conversation_id": "{conversation_id}"}),
    "presence:heartbeat": Expected(SIGNED_IN),
    # Of whom one may not know it, nothing is said.
    "presence:watch": Expected(SIGNED_IN, {"user_ids": ["{user_id}"]}),
}
