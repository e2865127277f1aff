"""Where the application keeps what conversations are told of by others."""

from aiohttp import web

from chat.conversations.views import FindMessages

FIND_MESSAGES = web.AppKey("find_messages", FindMessages)
