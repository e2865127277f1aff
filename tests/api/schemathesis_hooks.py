"""What schemathesis shall leave out; it imports this file by itself."""

from typing import Any
from urllib.parse import urlencode

import schemathesis

# aiohttp refuses longer lines before it knows which address they are for, and so without JSON.
LONGEST = 4000


@schemathesis.hook
def filter_query(_context: schemathesis.HookContext, query: dict[str, Any] | None) -> bool:
    """Whether the query fits into a line."""
    return not query or len(urlencode(query, doseq=True, errors="replace")) < LONGEST
