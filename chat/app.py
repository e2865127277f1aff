"""The composition root: what one web process is made of, and the order in which it starts and stops."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from functools import partial
from uuid import UUID

import aiohttp_session
from aiohttp import web
from msgspec import Struct

from chat import lifesign
from chat.accounts.bearer import require_api_viewer
from chat.accounts.keys import FIND_PRESENCE, account_services
from chat.accounts.sessions import PostgresStorage
from chat.background import end
from chat.conversations.keys import FIND_MESSAGES
from chat.conversations.link_actions import welcome
from chat.conversations.pages import shell_context
from chat.conversations.views import seen_by_members
from chat.db import create_pool
from chat.events import Event, Message, MessageCreated, PresenceChanged
from chat.fanout import fan_out
from chat.folders import resource_folder
from chat.messages import actions as messages
from chat.messages.keys import RECEIPTS_ON_PAGE, WRITER
from chat.messages.writer import Writer
from chat.presence import actions as presence
from chat.presence.heartbeats import Heartbeats
from chat.presence.keys import HEARTBEATS, WATCHERS
from chat.realtime.bus import Bus
from chat.realtime.connection import GOING_AWAY
from chat.realtime.frames import SystemResync
from chat.realtime.hub import Hub
from chat.realtime.newcomers import NEWCOMERS, Newcomers
from chat.realtime.presence import PresenceUpdate
from chat.realtime.receipt_counts import ReceiptCounts
from chat.realtime.receipts import ReceiptCount
from chat.realtime.recheck import Recheck
from chat.realtime.render import Renderer
from chat.realtime.roster import Membership, Roster
from chat.realtime.socket import FEATURES, HUB, RENDERER
from chat.realtime.updates import ConversationUpdates
from chat.realtime.watchers import Pair, Watchers
from chat.receipts import backlog
from chat.receipts import snapshots as receipts
from chat.receipts.keys import RECORDER
from chat.receipts.recorder import Recorder
from chat.redis import create_redis
from chat.routes import ROUTES, SOCKET_FEATURES
from chat.services import Services
from chat.settings import Settings
from chat.typing.keys import TURNS
from chat.typing.turns import Turns
from chat.web.api import AUTHENTICATE
from chat.web.cors import cors_middleware
from chat.web.csrf import csrf_middleware
from chat.web.errors import answer_errors
from chat.web.headers import setup_headers
from chat.web.health import HEALTH, setup_health
from chat.web.keys import SERVICES, SHELL_CONTEXT
from chat.web.observe import observe
from chat.web.pages import setup_templates
from chat.web.scrape import METRICS_SHARE, setup_metrics
from chat.web.static import StaticFiles
from chat.web.throttle import THROTTLE, RedisThrottle, count_change, tell_what_is_left

BUS = web.AppKey("bus", Bus)


def create_app(settings: Settings) -> web.Application:
    """A web process that is ready to be run. Nothing is connected before it starts."""
    app = web.Application(
        middlewares=[
            observe,
            cors_middleware,
            answer_errors,
            aiohttp_session.session_middleware(PostgresStorage(settings)),
            csrf_middleware,
        ],
        client_max_size=settings.body_max_bytes,
    )
    setup_headers(app)
    app.on_response_prepare.append(tell_what_is_left)
    setup_metrics(app, settings)
    environment = setup_templates(
        app,
        folder=resource_folder("templates"),
        static=StaticFiles(resource_folder("static")),
        settings=settings,
    )
    app[SHELL_CONTEXT] = shell_context
    app[RENDERER] = Renderer(environment)
    app[FEATURES] = SOCKET_FEATURES
    app[NEWCOMERS] = Newcomers()
    app[AUTHENTICATE] = require_api_viewer
    app[FIND_MESSAGES] = messages.at_places
    app[RECEIPTS_ON_PAGE] = receipts.on_page
    app.add_routes(ROUTES)
    app.cleanup_ctx.append(lambda app: _running(app, settings))
    app.cleanup_ctx.append(account_services)
    app.on_shutdown.append(_say_goodbye)
    return app


async def _running(app: web.Application, settings: Settings) -> AsyncIterator[None]:
    """Everything that lives as long as the process serves."""
    pool = await create_pool(settings)
    redis = create_redis(settings)

    async def seen_by(memberships: Sequence[Membership]) -> Sequence[tuple[Membership, Struct]]:
        return await seen_by_members(services, messages.at_places, memberships)

    async def counted(conversation_id: UUID, writers: Collection[UUID]) -> Mapping[UUID, ReceiptCount]:
        return await receipts.counts(services, conversation_id, writers)

    async def present(pairs: Sequence[Pair]) -> Mapping[Pair, PresenceUpdate]:
        return await presence.seen_by(services, pairs)

    grace = settings.presence_grace_seconds
    watchers = Watchers(present, most=settings.presence_watchers, grace=grace)
    heartbeats = Heartbeats(
        redis,
        presence_seconds=settings.presence_seconds,
        grace_seconds=grace,
        lost=partial(watchers.set_lost, "heartbeats"),
    )
    roster = Roster()
    updates = ConversationUpdates(seen_by)
    receipt_counts = ReceiptCounts(roster, counted)
    hub = Hub(
        app[RENDERER],
        roster,
        updates,
        receipt_counts,
        watchers,
        heartbeat_interval=settings.heartbeat_interval,
        heartbeat_timeout=settings.heartbeat_timeout,
        typing_seconds=settings.typing_seconds,
    )

    def emit(event: Event) -> None:
        fan_out(event, hub=hub, bus=bus)

    async def read_message(conversation_id: UUID, revision: int) -> Message | None:
        return await messages.at_revision(services, conversation_id, revision)

    recheck = Recheck(hub, pool)

    async def missed() -> None:
        recheck.soon()
        heartbeats.repeat()
        watchers.doubt(None)
        await hub.broadcast(SystemResync())

    async def degraded(is_degraded: bool) -> None:
        watchers.set_lost("the bus", is_degraded)
        await hub.set_degraded(is_degraded)

    def receive(event: Event) -> None:
        hub.emit(event)
        if isinstance(event, PresenceChanged) and event.status == "offline":
            heartbeats.contradict(roster.of(event.user_id))

    bus = Bus(
        redis,
        pool,
        settings.database_url,
        receive=receive,
        missed=missed,
        degraded=degraded,
        read_message=read_message,
    )
    throttle = RedisThrottle(redis)
    services = Services(settings, pool, redis, emit, welcome, partial(count_change, throttle, settings))
    recorder = Recorder(
        pool, redis, direct_max=settings.receipts_direct_max, timeout=settings.statement_timeout, emit=emit
    )
    writer = Writer(
        pool,
        writers=settings.writers,
        batch=settings.writer_batch,
        queue=settings.writer_queue,
        retries=settings.send_retries,
        timeout=settings.statement_timeout,
        direct_max=settings.receipts_direct_max,
        committed=lambda message: emit(MessageCreated(message)),
        read=recorder.tell,
    )
    app[SERVICES] = services
    app[HUB] = hub
    app[WRITER] = writer
    app[RECORDER] = recorder
    app[HEARTBEATS] = heartbeats
    app[WATCHERS] = watchers
    app[FIND_PRESENCE] = partial(presence.of_people, services)
    app[BUS] = bus
    app[THROTTLE] = throttle
    app[TURNS] = Turns(redis, settings.typing_seconds)
    health = setup_health(app, services)

    async def sockets() -> dict[str, object]:
        return {"connections": len(hub.roster)}

    health.add("sockets", sockets, essential=True)
    health.add("worker", partial(lifesign.check, redis), essential=False)
    app[METRICS_SHARE].sources.append(partial(backlog.metrics, redis))
    await bus.start()
    background = [
        asyncio.create_task(hub.run()),
        asyncio.create_task(hub.keep_alive()),
        asyncio.create_task(updates.run()),
        asyncio.create_task(receipt_counts.run()),
        asyncio.create_task(watchers.run()),
        asyncio.create_task(heartbeats.run()),
        asyncio.create_task(recheck.run()),
        asyncio.create_task(recheck.settle_doubts()),
    ]
    yield
    await writer.close()
    await recorder.close()
    await heartbeats.close()
    await bus.stop()
    await end(*background)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(settings.statement_timeout):
            await pool.close()
    await redis.aclose()


async def _say_goodbye(app: web.Application) -> None:
    """Before the sockets are cut, tell each of them to come back to another process."""
    app[HEALTH].shutting_down = True
    await asyncio.gather(app[HUB].close_all(GOING_AWAY), app[NEWCOMERS].send_away())
