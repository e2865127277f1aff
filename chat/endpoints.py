"""Every endpoint of the JSON API on one page, under the headings of its documentation."""

from aiohttp import web

from chat.accounts import api as people
from chat.accounts import auth_api as auth
from chat.accounts import contact_api as contacts
from chat.accounts.api import Me
from chat.accounts.auth_api import Tokens
from chat.accounts.contact_api import Contact
from chat.conversations import api as conversations
from chat.conversations import member_api as members
from chat.conversations import room_api as rooms
from chat.conversations.member_api import Member
from chat.conversations.model import NotInConversation
from chat.conversations.room_api import Room
from chat.conversations.views import Conversation
from chat.errors import AuthFailed, Conflict, Forbidden, NotFound, RateLimited, ValidationFailed
from chat.messages import api as messages
from chat.messages.model import Edition
from chat.receipts import api as receipts
from chat.receipts.api import ReceiptsPage
from chat.receipts.model import ReadState
from chat.web import api
from chat.web.api import Endpoint, Page
from chat.web.api_docs import ApiDocs
from chat.web.shapes import Message, User, UserWithPresence

# What somebody meets who is not in a public room, and who is too fast.
OUTSIDE = (NotInConversation,)
FAST = (RateLimited,)

ENDPOINTS = {
    "Signing in": [
        Endpoint(
            "POST /api/auth/register", auth.register, {201: Tokens}, public=True, refusals=(Forbidden, RateLimited)
        ),
        Endpoint(
            "POST /api/auth/login",
            auth.login,
            {200: Tokens},
            public=True,
            refusals=(AuthFailed, Forbidden, RateLimited),
        ),
        Endpoint("POST /api/auth/refresh", auth.refresh, {200: Tokens}, public=True, refusals=(AuthFailed, Forbidden)),
        Endpoint("POST /api/auth/logout", auth.logout, {204: None}, public=True, refusals=(AuthFailed, Forbidden)),
    ],
    "People": [
        Endpoint("GET /api/users/me", people.get_me, {200: Me}),
        Endpoint("PATCH /api/users/me", people.change_me, {200: Me}, refusals=FAST),
        Endpoint("GET /api/users/search", people.search_users, {200: Page[UserWithPresence]}, refusals=FAST),
        Endpoint("GET /api/users/{user_id}", people.get_user, {200: UserWithPresence}),
        Endpoint("GET /api/contacts", contacts.list_contacts, {200: Page[Contact]}),
        Endpoint(
            "PUT /api/contacts/{user_id}",
            contacts.add_contact,
            {200: Contact},
            refusals=(Conflict, Forbidden, *FAST, ValidationFailed),
        ),
        Endpoint("DELETE /api/contacts/{user_id}", contacts.remove_contact, {204: None}, refusals=FAST),
        Endpoint("GET /api/blocks", contacts.list_blocks, {200: Page[User]}),
        Endpoint("PUT /api/blocks/{user_id}", contacts.block_user, {204: None}, refusals=(*FAST, ValidationFailed)),
        Endpoint("DELETE /api/blocks/{user_id}", contacts.unblock_user, {204: None}, refusals=FAST),
    ],
    "Conversations": [
        Endpoint("GET /api/conversations", conversations.list_conversations, {200: Page[Conversation]}),
        Endpoint(
            "POST /api/conversations",
            conversations.create_conversation,
            {201: Conversation, 200: Conversation},
            refusals=(Conflict, NotFound, *FAST),
        ),
        Endpoint(
            "GET /api/conversations/{conversation_id}",
            conversations.get_conversation,
            {200: Conversation},
            refusals=OUTSIDE,
        ),
        Endpoint(
            "PATCH /api/conversations/{conversation_id}",
            conversations.change_conversation,
            {200: Conversation},
            refusals=(*OUTSIDE, Conflict, *FAST),
        ),
        Endpoint(
            "DELETE /api/conversations/{conversation_id}",
            conversations.delete_conversation,
            {204: None},
            refusals=(*OUTSIDE, *FAST),
        ),
        Endpoint(
            "GET /api/conversations/{conversation_id}/members",
            members.list_members,
            {200: Page[Member]},
            refusals=(*OUTSIDE, *FAST),
        ),
        Endpoint(
            "POST /api/conversations/{conversation_id}/members",
            members.add_members,
            {200: Conversation},
            refusals=(*OUTSIDE, Conflict, *FAST),
        ),
        Endpoint(
            "PATCH /api/conversations/{conversation_id}/members/{user_id}",
            members.change_member,
            {200: Member},
            refusals=(*OUTSIDE, Conflict, *FAST),
        ),
        Endpoint(
            "DELETE /api/conversations/{conversation_id}/members/{user_id}",
            members.remove_member,
            {204: None},
            refusals=(*OUTSIDE, Conflict, *FAST),
        ),
    ],
    "Rooms": [
        Endpoint("GET /api/rooms", rooms.list_rooms, {200: Page[Room]}, refusals=FAST),
        Endpoint("POST /api/rooms/{room_id}/join", rooms.join_room, {200: Conversation}, refusals=FAST),
        Endpoint(
            "POST /api/rooms/{room_id}/leave", rooms.leave_room, {204: None}, refusals=(*OUTSIDE, Conflict, *FAST)
        ),
    ],
    "Messages": [
        Endpoint(
            "GET /api/conversations/{conversation_id}/messages",
            messages.list_messages,
            {200: Page[Message]},
            refusals=(*OUTSIDE, *FAST),
        ),
        Endpoint(
            "POST /api/conversations/{conversation_id}/messages",
            messages.send_message,
            {201: Message, 200: Message},
            refusals=(*OUTSIDE, *FAST),
        ),
        Endpoint(
            "POST /api/conversations/{conversation_id}/read", receipts.mark_read, {200: ReadState}, refusals=OUTSIDE
        ),
        Endpoint(
            "POST /api/conversations/{conversation_id}/unread", receipts.mark_unread, {200: ReadState}, refusals=OUTSIDE
        ),
        Endpoint("GET /api/messages/{message_id}", messages.get_message, {200: Message}, refusals=OUTSIDE),
        Endpoint(
            "PATCH /api/messages/{message_id}",
            messages.edit_message,
            {200: Message},
            refusals=(*OUTSIDE, Conflict, *FAST),
        ),
        Endpoint(
            "DELETE /api/messages/{message_id}", messages.delete_message, {200: Message}, refusals=(*OUTSIDE, *FAST)
        ),
        Endpoint(
            "GET /api/messages/{message_id}/edits",
            messages.list_edits,
            {200: Page[Edition]},
            refusals=(*OUTSIDE, *FAST),
        ),
        Endpoint(
            "GET /api/messages/{message_id}/receipts",
            receipts.list_receipts,
            {200: ReceiptsPage},
            refusals=(*OUTSIDE, Forbidden, *FAST),
        ),
        Endpoint(
            "PUT /api/messages/{message_id}/reactions/{emoji}",
            messages.add_reaction,
            {200: Message},
            refusals=(*OUTSIDE, Conflict, *FAST, ValidationFailed),
        ),
        Endpoint(
            "DELETE /api/messages/{message_id}/reactions/{emoji}",
            messages.remove_reaction,
            {200: Message},
            refusals=(*OUTSIDE, *FAST, ValidationFailed),
        ),
    ],
}

_docs = ApiDocs(ENDPOINTS)

API = [
    *api.routes(endpoint for endpoints in ENDPOINTS.values() for endpoint in endpoints),
    web.get("/api/openapi.json", _docs.json),
    web.get("/api/docs", _docs.page),
]
