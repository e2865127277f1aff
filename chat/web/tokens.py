"""Random tokens: how they are made, recognised and kept."""

import hashlib
import re
import secrets
from typing import Literal, TypeAlias

# What a token may be used for: to read and to receive, or to change something.
Scope: TypeAlias = Literal["read", "write"]

_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


# By which scanners of source code find a personal token that was left there.
PERSONAL_PREFIX = "chat_pat_"


def new_token() -> str:
    """32 random bytes in 43 characters that need no quoting in a cookie or a URL."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """Whether the text has the shape of a token of ours; says nothing about whether it is known."""
    return _SHAPE.fullmatch(text) is not None


def is_personal_token(text: str) -> bool:
    """Whether the text has the shape of a personal token."""
    return text.startswith(PERSONAL_PREFIX) and is_token(text.removeprefix(PERSONAL_PREFIX))


def hash_token(token: str) -> bytes:
    """What the database keeps instead of the token. One round of SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
