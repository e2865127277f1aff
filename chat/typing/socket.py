"""What a device says about typing."""

from uuid import UUID

import msgspec
from aiohttp import web

from chat.messages.socket import Subscribe
from chat.realtime.connection import Connection
from chat.realtime.socket import HUB
from chat.typing import actions
from chat.typing.keys import TURNS
from chat.web.keys import SERVICES


class Typing(msgspec.Struct):
    """`typing:start` and `typing:stop`."""

    conversation_id: UUID


async def typing_start(app: web.Application, connection: Connection, payload: Typing) -> None:
    """Somebody who is invisible gives no sign of life before the message."""
    if connection.person.privacy.invisible:
        return
    passed = await actions.start(
        app[SERVICES],
        app[HUB].typists,
        app[TURNS],
        user_id=connection.user_id,
        conversation_id=payload.conversation_id,
    )
    if passed:
        connection.typing.add(payload.conversation_id)


async def typing_stop(app: web.Application, connection: Connection, payload: Typing) -> None:
    """Nothing is answered, whatever conversation it is."""
    _stop(app, connection, payload.conversation_id)


async def tell_typing(app: web.Application, connection: Connection, payload: Subscribe) -> None:
    """Who is typing now, to a device that has opened the conversation."""
    for typist in app[HUB].typists.in_conversation(payload.conversation_id):
        if payload.conversation_id in connection.open and connection.person.notices(typist.user_id):
            await connection.tell(typist)


def gone(app: web.Application, connection: Connection) -> None:
    """The device on which somebody was typing has gone."""
    for conversation_id in tuple(connection.typing):
        _stop(app, connection, conversation_id)


def _stop(app: web.Application, connection: Connection, conversation_id: UUID) -> None:
    connection.typing.discard(conversation_id)
    actions.stop(app[SERVICES], app[HUB].typists, user_id=connection.user_id, conversation_id=conversation_id)
