"""Where a list goes on: a place in its order, in a form that clients pass back and don't read.

A cursor holds nothing secret and allows nothing: whoever makes one up is at some other place of a list that they may
read anyway. It only has to be one that the query can be run with.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from chat.errors import ValidationFailed

Item = TypeVar("Item")
Place = TypeVar("Place", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Part(Generic[Item, Place]):
    """A part of a list, and the place after which it goes on: None at the end."""

    items: list[Item]
    after: Place | None


def encode_cursor(place: msgspec.Struct) -> str:
    """The place as a cursor."""
    return urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def decode_cursor(cursor: str | msgspec.UnsetType, type_: Any) -> Any:
    """The place of this type that the cursor holds; None where there is no cursor.

    Raises `ValidationFailed` for what no page of the list has told.
    """
    if cursor is msgspec.UNSET:
        return None
    try:
        # Its own padding is one too many at times, which is passed over.
        return msgspec.json.decode(urlsafe_b64decode(cursor.encode() + b"=="), type=type_)
    except (ValueError, RecursionError):
        # UnicodeEncodeError, binascii.Error and msgspec.DecodeError are ValueErrors.
        sentence = "This is no cursor of this list."
        raise ValidationFailed(f"cursor: {sentence}", fields={"cursor": sentence}) from None
