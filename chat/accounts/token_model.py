"""What clients of the API get when they sign in, and what people make for their programs."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chat.accounts.model import Viewer, check_display_name
from chat.web.tokens import Scope

PERSONAL_TOKENS_MAX = 50
# None: for ever.
LIFETIMES_DAYS = (30, 90, 365, None)


@dataclass(frozen=True, slots=True)
class IssuedTokens:
    """What a device of the API goes on with: an access token, and one to refresh it with; times are in seconds."""

    viewer: Viewer
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int


@dataclass(frozen=True, slots=True)
class PersonalToken:
    """One line in the list of a person's tokens; the token itself is not known any more.

    `expires_at` is None for one that never does, `last_used_at` None for one that nobody has used yet.
    """

    id: UUID
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    expired: bool


def check_token_name(raw: str) -> str:
    """As `check_display_name`. Raises `ValueError` with a sentence for people."""
    if not raw.strip():
        raise ValueError("Please say what it is for, like “Build server”.")
    return check_display_name(raw)


def check_device_name(raw: str) -> str:
    """Empty where a device doesn't say. Raises `ValueError` with a sentence for people."""
    return check_display_name(raw) if raw.strip() else ""
