"""Addresses: those of the API, the ids in ours, and where a person may be sent."""

import re
from uuid import UUID

from aiohttp import web

from chat.errors import NotFound

# No second slash, no backslash, no dot segment: nothing that a browser might read as another host.
_SEGMENT = r"[A-Za-z0-9_~:@-][A-Za-z0-9_.~:@-]*"
_OWN = re.compile(rf"/(?:{_SEGMENT}(?:/{_SEGMENT})*/?)?(?:\?[A-Za-z0-9_.~:@&=%+,/-]*)?")
_LONGEST = 1000


def own_path(text: str | None) -> str:
    """The path where it leads to a page of ours, else "/"."""
    return text if text and len(text) <= _LONGEST and _OWN.fullmatch(text) else "/"


def is_api(request: web.Request) -> bool:
    """Whether the request is for the JSON API: it never looks at the cookie of a session, and always answers JSON."""
    return request.rel_url.raw_path.startswith("/api/")


def path_id(request: web.Request, name: str) -> UUID:
    """The id that stands in the request's address under this name. Raises `NotFound` for what is none."""
    try:
        return UUID(request.match_info[name])
    except ValueError:
        raise NotFound("There is nothing here.") from None
