"""Around every request: its id, its line in the log, its numbers."""

import asyncio
import re
import secrets
from time import perf_counter

from aiohttp import web
from aiohttp.typedefs import Handler

from chat.web import metrics
from chat.web.keys import REQUEST_ID
from chat.web.logs import get_logger, request_id

log = get_logger()

SWITCHING_PROTOCOLS = 101
CLIENT_LEFT = 499
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Asked every few seconds by monitors: counted, but no lines that everybody would have to filter out.
_PROBES = frozenset({"/health/live", "/health/ready", "/healthz", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost middleware: gives the request its id, and logs and counts how it ended."""
    identifier = _identifier(request)
    request[REQUEST_ID] = identifier
    token = request_id.set(identifier)
    started = perf_counter()
    status = web.HTTPInternalServerError.status_code
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as answer:
        status = answer.status
        raise
    except asyncio.CancelledError:
        status = CLIENT_LEFT
        raise
    else:
        return response
    finally:
        _record(request, status, perf_counter() - started)
        request_id.reset(token)


def route_name(request: web.Request) -> str:
    """The template of the request's route (`/c/{conversation_id}`), or "unmatched"."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"


def _identifier(request: web.Request) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if _SANE_ID.fullmatch(given) else secrets.token_hex(8)


def _record(request: web.Request, status: int, seconds: float) -> None:
    route = route_name(request)
    method = request.method if request.method in _METHODS else "other"
    metrics.http_requests.labels(route, method, str(status)).inc()
    if status == SWITCHING_PROTOCOLS:
        return
    metrics.http_latency.labels(route).observe(seconds)
    write = log.debug if route in _PROBES else log.info
    write("http.request", method=method, route=route, status=status, ms=round(seconds * 1000, 2))
