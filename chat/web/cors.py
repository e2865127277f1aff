"""Which other sites' pages may use the API: those of `CORS_ORIGINS`, and nobody else's.

Browsers ask (the Fetch standard, "CORS protocol"). A page of an allowed site still needs a token; no cookie of a
session counts for the API, wherever it comes from.
"""

from aiohttp import web
from aiohttp.typedefs import Handler

from chat.web.csrf import check_origin
from chat.web.keys import SERVICES
from chat.web.paths import is_api

# What a script may read of an answer besides its body.
EXPOSED = (
    "X-Request-ID",
    "Retry-After",
    "WWW-Authenticate",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Request-ID",
    "Access-Control-Max-Age": "600",
}


@web.middleware
async def cors_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell browsers which pages may use the API, and answer them when they ask beforehand."""
    if not is_api(request):
        return await handler(request)
    if _is_preflight(request):
        # Browsers send no token with it, so nothing that it is about can be looked up.
        response: web.StreamResponse = web.Response(status=204, headers=_PREFLIGHT if _is_allowed(request) else {})
    else:
        response = await handler(request)
    headers = response.headers
    headers["Vary"] = f"{headers['Vary']}, Origin" if "Vary" in headers else "Origin"
    if _is_allowed(request):
        headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        # For the cookie with the refresh token, which only pages of the same site are sent with.
        headers["Access-Control-Allow-Credentials"] = "true"
        headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED)
    return response


def check_api_origin(request: web.Request) -> None:
    """Raises `Forbidden` where the browser says that a page of a site made this request that may not use the API."""
    if not _is_allowed(request):
        check_origin(request)


def _is_preflight(request: web.Request) -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def _is_allowed(request: web.Request) -> bool:
    return request.headers.get("Origin") in request.app[SERVICES].settings.allowed_origins
