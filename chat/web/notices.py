"""What the session keeps from a form to the page after it: one sentence, shown once."""

from aiohttp import web
from aiohttp_session import get_session

_NOTICE = "notice"


async def take_notice(request: web.Request) -> str:
    """What the last form had to say; empty where it said nothing, or the page has been shown since."""
    notice: str = (await get_session(request)).pop(_NOTICE, "")
    return notice


async def redirect_with_notice(request: web.Request, address: str, notice: str) -> web.Response:
    """After a form: on to this address of ours, whose page shows the notice. Raises the redirect."""
    (await get_session(request))[_NOTICE] = notice
    raise web.HTTPSeeOther(address)
