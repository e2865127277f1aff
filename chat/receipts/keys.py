"""Where the application keeps what belongs to receipts."""

from aiohttp import web

from chat.receipts.recorder import Recorder

RECORDER = web.AppKey("recorder", Recorder)
