"""What every action needs: the settings, the two servers, and where events go."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from chat.db import Connection, Pool
from chat.events import Event
from chat.redis import Redis
from chat.settings import Settings


class Welcome(Protocol):
    """Takes somebody who has just registered into the room that the link leads into, in the same transaction.

    Raises `Forbidden` where the link no longer works.
    """

    async def __call__(self, services: "Services", connection: Connection, *, user_id: UUID, token: str) -> list[Event]:
        """What is to be emitted after the commit."""


async def _no_rooms(*_: object, **__: object) -> list[Event]:
    return []


async def _no_limit(_user_id: UUID) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Services:
    """The first argument of every action. `emit` is called after the commit, never before, and never fails. `welcome`
    is what accounts need of conversations, which they know nothing of. `count_change` counts something that a person
    changes for others too, and raises `RateLimited` where that was too much."""

    settings: Settings
    pool: Pool
    redis: Redis
    emit: Callable[[Event], None]
    welcome: Welcome = _no_rooms
    count_change: Callable[[UUID], Awaitable[object]] = _no_limit
