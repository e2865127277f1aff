"""Reading what a form sent, strictly: what is not text in UTF-8 is refused before anything looks at it."""

from collections.abc import Mapping
from typing import Any, get_args
from urllib.parse import parse_qsl

from aiohttp import web

from chat.errors import ChatError, TooLarge, ValidationFailed

MAX_FIELDS = 100
# Of a number; nothing here counts further.
_DIGITS = 9

_FIELDS = web.RequestKey("fields", list[tuple[str, str]])


class MalformedForm(ChatError):
    """The body is no form, or its text is not UTF-8."""

    code = "VALIDATION_ERROR"
    status = 400


async def read_form(request: web.Request) -> Mapping[str, str]:
    """The text fields of the body, the last one where a name comes twice; read once and then kept.

    Line endings are those of the browser. Raises `MalformedForm`, or `TooLarge` for a body above the limit.
    """
    return dict(await _fields(request))


async def read_values(request: web.Request, name: str) -> list[str]:
    """The values of all fields of this name, for what may be chosen more than once. Raises as `read_form` does."""
    return [value for field, value in await _fields(request) if field == name]


def choice(text: str | None, kind: Any) -> Any:
    """The text where it is one of those of `kind`, a `Literal`; else None."""
    return text if text in get_args(kind) else None


def whole_number(text: str, *, most: int) -> int:
    """From 1 to `most`. Raises `ValidationFailed`."""
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS or not 1 <= int(text) <= most:
        raise ValidationFailed(f"Please choose a number from 1 to {most}.")
    return int(text)


async def _fields(request: web.Request) -> list[tuple[str, str]]:
    if _FIELDS not in request:
        try:
            request[_FIELDS] = await _parse(request)
        except web.HTTPRequestEntityTooLarge:
            raise TooLarge("That is more than this server accepts at once.") from None
        except (ValueError, LookupError, web.HTTPBadRequest, web.RequestPayloadError):
            # UnicodeDecodeError is a ValueError.
            raise MalformedForm("That form could not be read.") from None
    return request[_FIELDS]


async def _parse(request: web.Request) -> list[tuple[str, str]]:
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise MalformedForm("Forms are read in UTF-8.")
    if request.content_type == "application/x-www-form-urlencoded":
        body = (await request.read()).decode()
        return parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    if not request.can_read_body:
        return []
    raise MalformedForm("That is not a form.")
