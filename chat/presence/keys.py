"""What a web process keeps for presence on its application."""

from aiohttp import web

from chat.presence.heartbeats import Heartbeats
from chat.realtime.watchers import Watchers

HEARTBEATS = web.AppKey("heartbeats", Heartbeats)
WATCHERS = web.AppKey("watchers", Watchers)
