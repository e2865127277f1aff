"""Where the application keeps the writer."""

from aiohttp import web

from chat.messages.writer import Writer

WRITER = web.AppKey("writer", Writer)
