"""How a person is shown before they have a picture, and told apart where nothing but that matters."""

import hashlib
from base64 import urlsafe_b64encode
from functools import lru_cache
from uuid import UUID

HUES = 12


def hue_of(user_id: UUID) -> int:
    """The same colour for the same person everywhere, 0 to 11; the palette is in the stylesheet."""
    return (user_id.int & 0xFFFF_FFFF) % HUES


def initials_of(name: str) -> str:
    """The first letters of the first and the last word, or as many as there are."""
    words = [word for word in name.split() if word[0].isalnum()] or name.split() or ["?"]
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()


@lru_cache(maxsize=16_384)
def mark_of(user_id: UUID) -> str:
    """Six letters that stand for a person where a hundred ids would be too long: a page knows its own person's."""
    return urlsafe_b64encode(hashlib.sha256(user_id.bytes).digest())[:6].decode()
