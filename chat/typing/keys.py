"""Where the application keeps what belongs to typing."""

from aiohttp import web

from chat.typing.turns import Turns

TURNS = web.AppKey("typing_turns", Turns)
