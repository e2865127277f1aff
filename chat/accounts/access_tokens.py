"""Access tokens: short-lived JWTs that name a session of the API.

One says who somebody was when it was made. Whether that session is still there is asked at each use, so that signing
out denies its access tokens at once, and there is no list of denied ones that could be lost.
"""

import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt

from chat.errors import AuthFailed, TokenExpired
from chat.settings import Settings

ALGORITHM = "HS256"
ISSUER = "chat"
AUDIENCE = "chat:api"
CLAIMS = ("iss", "aud", "sub", "sid", "iat", "exp")

# By so many seconds the clocks of several machines may differ.
LEEWAY = 5

# Three parts, of which the last is a SHA-256. What isn't so short and plain is none of ours, and isn't parsed.
_SHAPE = re.compile(r"[\w-]{1,200}\.[\w-]{1,600}\.[\w-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """Whom an access token names, and the session that it was made for."""

    user_id: UUID
    session_id: UUID


def new_access_token(settings: Settings, *, user_id: UUID, session_id: UUID) -> str:
    """A JWT that is good for `access_token_seconds`, while the session lives."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": str(session_id),
        "iat": now,
        "exp": now + settings.access_token_seconds,
    }
    return jwt.encode(claims, _key(settings), ALGORITHM)


def read_access_token(settings: Settings, token: str) -> AccessClaims:
    """What the token says. Raises `TokenExpired`, and `AuthFailed` for one that isn't ours or was tampered with."""
    if not _SHAPE.fullmatch(token):
        raise _not_ours()
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(settings),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY,
            options={"require": list(CLAIMS)},
        )
        return AccessClaims(user_id=UUID(claims["sub"]), session_id=UUID(claims["sid"]))
    except jwt.ExpiredSignatureError:
        raise TokenExpired("This access token has expired. Refresh it, or sign in again.") from None
    except (jwt.InvalidTokenError, ValueError, AttributeError, TypeError):
        raise _not_ours() from None


def _not_ours() -> AuthFailed:
    return AuthFailed("This token is not one of ours, or no longer. Sign in again.")


def _key(settings: Settings) -> bytes:
    """A key for this purpose alone: what `SECRET_KEY` signs elsewhere can never be taken for an access token."""
    return hmac.digest(settings.secret_key.encode(), b"access-token", hashlib.sha256)
