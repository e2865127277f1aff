"""Where a person may be sent: only to pages of ours."""

import re

# No second slash, no backslash, no dot segment: nothing that a browser might read as another host.
_SEGMENT = r"[A-Za-z0-9_~:@-][A-Za-z0-9_.~:@-]*"
_OWN = re.compile(rf"/(?:{_SEGMENT}(?:/{_SEGMENT})*/?)?(?:\?[A-Za-z0-9_.~:@&=%+,/-]*)?")
_LONGEST = 1000


def own_path(text: str | None) -> str:
    """The path where it leads to a page of ours, else "/"."""
    return text if text and len(text) <= _LONGEST and _OWN.fullmatch(text) else "/"
