"""Every address of the product on one page, and everything that a device may say over its socket."""

from uuid import UUID

from aiohttp import web

from chat.accounts import contact_pages as contacts
from chat.accounts import pages as accounts
from chat.accounts import people_pages as people
from chat.accounts import privacy_pages as privacy
from chat.accounts import settings_pages as settings
from chat.accounts import socket as account_events
from chat.accounts import token_pages as tokens
from chat.conversations import details_pages as details
from chat.conversations import link_pages as links
from chat.conversations import member_pages as members
from chat.conversations import new_conversation_pages as new_conversations
from chat.conversations import pages as conversations
from chat.conversations import queries as conversation_queries
from chat.conversations import room_pages as rooms
from chat.endpoints import API
from chat.messages import change_pages as changes
from chat.messages import pages as messages
from chat.messages import socket as message_events
from chat.presence import socket as presence_events
from chat.realtime.newcomers import Auth
from chat.realtime.socket import SocketEvent, SocketFeatures, authenticated_already, websocket
from chat.receipts import pages as receipts
from chat.receipts import socket as receipt_events
from chat.typing import socket as typing_events
from chat.web import health, scrape, static
from chat.web.keys import SERVICES

PAGES = [
    web.get("/", conversations.home),
    web.get("/sidebar", conversations.sidebar),
    web.get("/switcher", conversations.switcher),
    web.get("/people", new_conversations.people),
    web.post("/people", new_conversations.start),
    web.get("/people/{user_id}", contacts.card),
    web.post("/people/{user_id}/conversation", new_conversations.open_direct),
    web.get("/people/{user_id}/block", contacts.block_dialog),
    web.post("/people/{user_id}/block", contacts.block),
    web.get("/contacts", contacts.contacts),
    web.post("/contacts/{user_id}/add", contacts.add),
    web.post("/contacts/{user_id}/remove", contacts.remove),
    web.get("/rooms", rooms.rooms),
    web.post("/rooms", rooms.create_room),
    web.get("/rooms/new", rooms.new_room),
    web.get("/join/{token}", links.follow),
    web.post("/join/{token}", links.join),
    web.get("/c/{conversation_id}", messages.conversation_page),
    web.post("/c/{conversation_id}/join", rooms.join),
    web.get("/c/{conversation_id}/row", conversations.conversation_row),
    web.get("/c/{conversation_id}/details", messages.details_page),
    web.post("/c/{conversation_id}/details", details.change_details),
    web.post("/c/{conversation_id}/notifications", details.change_notifications),
    web.post("/c/{conversation_id}/mute", details.mute),
    web.post("/c/{conversation_id}/receipts", details.share_reads),
    web.get("/c/{conversation_id}/leave", details.leave_dialog),
    web.post("/c/{conversation_id}/leave", details.leave),
    web.get("/c/{conversation_id}/archive", details.archive_dialog),
    web.post("/c/{conversation_id}/archive", details.archive),
    web.get("/c/{conversation_id}/delete", details.delete_dialog),
    web.post("/c/{conversation_id}/delete", details.delete),
    web.get("/c/{conversation_id}/block", details.block_dialog),
    web.post("/c/{conversation_id}/block", details.block),
    web.get("/c/{conversation_id}/people", members.people_to_add),
    web.post("/c/{conversation_id}/people", members.add_people),
    web.get("/c/{conversation_id}/members", members.members),
    web.get("/c/{conversation_id}/members/{user_id}", members.member),
    web.post("/c/{conversation_id}/members/{user_id}/role", members.change_role),
    web.get("/c/{conversation_id}/members/{user_id}/hand-over", members.hand_over_dialog),
    web.post("/c/{conversation_id}/members/{user_id}/hand-over", members.hand_over),
    web.get("/c/{conversation_id}/members/{user_id}/remove", members.remove_dialog),
    web.post("/c/{conversation_id}/members/{user_id}/remove", members.remove),
    web.post("/c/{conversation_id}/links", links.create_link),
    web.post("/c/{conversation_id}/links/{link_id}/revoke", links.revoke_link),
    web.get("/c/{conversation_id}/history", messages.history_page),
    web.post("/c/{conversation_id}/messages", messages.send_form),
    web.post("/c/{conversation_id}/unread", receipts.mark_unread),
    web.get("/messages/tools", changes.tools),
    web.get("/messages/{message_id}/source", changes.source),
    web.get("/messages/{message_id}/edits", changes.edits),
    web.get("/messages/{message_id}/reactions", changes.reactions),
    web.get("/messages/{message_id}/receipts", receipts.receipts),
    web.post("/messages/{message_id}/edit", changes.edit),
    web.post("/messages/{message_id}/delete", changes.delete),
    web.post("/messages/{message_id}/reactions", changes.react),
    web.get("/emoji", changes.emoji),
    web.get("/login", accounts.login_form),
    web.post("/login", accounts.login),
    web.post("/logout", accounts.logout),
    web.get("/register", accounts.register_form),
    web.post("/register", accounts.register),
    web.get("/settings", settings.settings),
    web.post("/settings/profile", settings.change_profile),
    web.post("/settings/password", settings.change_password),
    web.post("/settings/sessions/revoke-all", settings.revoke_all_sessions),
    web.post("/settings/sessions/{session_id}/revoke", settings.revoke_session),
    web.get("/settings/privacy", privacy.privacy),
    web.post("/settings/privacy", privacy.change_privacy),
    web.get("/settings/tokens", tokens.tokens),
    web.post("/settings/tokens", tokens.create_token),
    web.post("/settings/tokens/{token_id}/revoke", tokens.revoke_token),
    web.get("/settings/people", people.accounts),
    web.post("/settings/people/{user_id}/deactivate", people.deactivate),
    web.post("/settings/people/{user_id}/reactivate", people.reactivate),
    web.post("/settings/registration", settings.change_registration),
    web.post("/settings/invites", settings.create_invite),
    web.post("/settings/invites/{invite_id}/revoke", settings.revoke_invite),
]

SOCKET = [web.get("/ws", websocket)]

OPERATIONS = [
    web.get("/health/live", health.live),
    web.get("/health/ready", health.ready),
    web.get("/healthz", health.healthz),
    web.get("/metrics", scrape.metrics),
    web.get("/static/{version}/{path:.+}", static.static_file),
    web.get("/favicon.ico", static.favicon),
    web.get("/manifest.webmanifest", static.manifest),
]

ROUTES = [*PAGES, *API, *SOCKET, *OPERATIONS]

SOCKET_EVENTS = {
    "auth": SocketEvent(Auth, authenticated_already),
    "subscribe": SocketEvent(
        message_events.Subscribe,
        message_events.subscribe,
        then=(receipt_events.tell_receipts, typing_events.tell_typing),
    ),
    "unsubscribe": SocketEvent(message_events.Unsubscribe, message_events.unsubscribe),
    "message:send": SocketEvent(message_events.MessageSend, message_events.message_send, writes=True),
    "message:edit": SocketEvent(message_events.MessageEdit, message_events.message_edit, writes=True),
    "message:delete": SocketEvent(message_events.MessageDelete, message_events.message_delete, writes=True),
    "reaction:add": SocketEvent(message_events.Reaction, message_events.reaction_add, writes=True),
    "reaction:remove": SocketEvent(message_events.Reaction, message_events.reaction_remove, writes=True),
    "conversation:sync": SocketEvent(message_events.ConversationSync, message_events.conversation_sync),
    "message:delivered": SocketEvent(receipt_events.UpTo, receipt_events.message_delivered),
    "receipt:read": SocketEvent(receipt_events.UpTo, receipt_events.receipt_read, writes=True),
    "typing:start": SocketEvent(typing_events.Typing, typing_events.typing_start, writes=True),
    "typing:stop": SocketEvent(typing_events.Typing, typing_events.typing_stop, writes=True),
    "presence:heartbeat": SocketEvent(presence_events.PresenceHeartbeat, presence_events.presence_heartbeat),
    "presence:watch": SocketEvent(presence_events.PresenceWatch, presence_events.presence_watch),
}


async def _conversation_ids(app: web.Application, user_id: UUID) -> list[UUID]:
    return await conversation_queries.ids_of(app[SERVICES].pool, user_id=user_id)


SOCKET_FEATURES = SocketFeatures(
    token_of=account_events.token_of_socket,
    by_token=account_events.authenticate_token,
    by_cookie=account_events.authenticate_page,
    conversation_ids=_conversation_ids,
    events=SOCKET_EVENTS,
    gone=(typing_events.gone, presence_events.gone),
)
