"""What every action needs: the settings, the two servers, and where events go."""

from collections.abc import Callable
from dataclasses import dataclass

from chat.db import Pool
from chat.events import Event
from chat.redis import Redis
from chat.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The first argument of every action. `emit` is called after the commit, never before, and never fails."""

    settings: Settings
    pool: Pool
    redis: Redis
    emit: Callable[[Event], None]
