"""Whatever goes wrong becomes an answer that a person or a program can use, and never shows how we are made."""

import math
from urllib.parse import quote, unquote

import aiohttp_jinja2
import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from markupsafe import escape

import chat.db
import chat.redis
from chat.errors import AuthFailed, ChatError, Unavailable
from chat.web.compression import compressed_response
from chat.web.keys import REQUEST_ID
from chat.web.logs import get_logger
from chat.web.pages import PERSONAL, is_htmx, wants_json, wants_pane
from chat.web.paths import is_api
from chat.web.shapes import Error, Problem

log = get_logger()

PAGE = "states/error.html"
PANE = "states/error_pane.html"
SIGN_IN = "/login"
OUTAGE_SECONDS = 5

# HTTP's own refusals in the words of the protocol: code and sentence.
_HTTP = {
    400: ("VALIDATION_ERROR", "This request makes no sense to the server."),
    401: ("AUTH_FAILED", "Sign in first."),
    403: ("FORBIDDEN", "You may not do this."),
    404: ("NOT_FOUND", "There is nothing here."),
    405: ("METHOD_NOT_ALLOWED", "This address has no such method."),
    413: ("PAYLOAD_TOO_LARGE", "That is too large."),
    429: ("RATE_LIMITED", "Too many requests. Wait a little, then try again."),
    503: ("UNAVAILABLE", "A server that this needs is away. Try again in a moment."),
}
_UNEXPECTED = ("INTERNAL_ERROR", "Something broke on our side.")


class Refusal(msgspec.Struct, frozen=True):
    """What an error tells the outside."""

    status: int
    code: str
    message: str
    details: dict[str, str] | None = None
    retry_after: float | None = None
    allow: str | None = None


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn exceptions into answers: JSON for programs, a page or a pane for people.

    Redirects, which aiohttp raises too, pass. What nobody expected is logged, and answered with 500.
    """
    try:
        _check_address(request)
        return await handler(request)
    except web.HTTPException as error:
        if error.status < web.HTTPBadRequest.status_code:
            raise
        return _answer(request, _from_http(error))
    except AuthFailed as error:
        return _ask_to_sign_in(request) or _answer(request, _from_chat(error))
    except ChatError as error:
        return _answer(request, _from_chat(error))
    except UnicodeDecodeError:
        return _answer(request, _from_status(400))
    except Exception as error:
        if _is_outage(error):
            log.warning("http.unavailable", exc_info=error)
            return _answer(request, _from_chat(Unavailable(_HTTP[503][1], retry_after=OUTAGE_SECONDS)))
        log.error("http.failed", exc_info=error)  # noqa: TRY400  (what a log may say of an error: see logs.py)
        return _answer(request, _from_status(500))


def error_body(
    code: str, message: str, *, details: dict[str, str] | None = None, retry_after: float | None = None
) -> bytes:
    """The JSON of an error: `{"error": {"code", "message", "details"?, "retry_after"?}}`, the last in seconds."""
    return msgspec.json.encode(
        Error(
            Problem(
                code,
                message,
                details=details or msgspec.UNSET,
                retry_after=msgspec.UNSET if retry_after is None else retry_after,
            )
        )
    )


def _check_address(request: web.Request) -> None:
    """Refuse addresses that no handler should have to think of: those that aren't UTF-8, or hold a NUL."""
    try:
        address = unquote(request.raw_path, errors="strict")
        address.encode()
    except UnicodeError:
        raise web.HTTPBadRequest from None
    if "\0" in address:
        raise web.HTTPBadRequest


def _is_outage(error: Exception) -> bool:
    """Whether a server that we need is away. asyncpg counts an unusable argument as an error of its interface."""
    return isinstance(error, chat.db.UNAVAILABLE + chat.redis.UNAVAILABLE) and not isinstance(error, ValueError)


def _from_http(error: web.HTTPException) -> Refusal:
    return msgspec.structs.replace(_from_status(error.status), allow=error.headers.get("Allow"))


def _from_status(status: int) -> Refusal:
    known = _HTTP.get(status) or (_HTTP[400] if status < web.HTTPInternalServerError.status_code else _UNEXPECTED)
    return Refusal(status=status, code=known[0], message=known[1])


def _from_chat(error: ChatError) -> Refusal:
    return Refusal(
        status=error.status,
        code=error.code,
        message=error.message,
        details=error.fields or None,
        retry_after=error.retry_after,
    )


def _ask_to_sign_in(request: web.Request) -> web.Response | None:
    """For a person without a session: the sign-in page, and back afterwards. None for a program."""
    if wants_json(request) or is_api(request):
        return None
    if is_htmx(request):
        return web.Response(status=401, headers={**PERSONAL, "HX-Redirect": SIGN_IN})
    back = f"?next={quote(request.rel_url.raw_path_qs, safe='/')}" if request.method == "GET" else ""
    return web.Response(status=303, headers={**PERSONAL, "Location": SIGN_IN + back})


def _answer(request: web.Request, refusal: Refusal) -> web.Response:
    headers = {"Cache-Control": "no-store"} if is_api(request) else dict(PERSONAL)
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(refusal.retry_after))
    if refusal.allow:
        headers["Allow"] = refusal.allow
    if is_api(request) and refusal.status == web.HTTPUnauthorized.status_code:
        headers["WWW-Authenticate"] = "Bearer"
    if wants_json(request) or is_api(request):
        body = error_body(refusal.code, refusal.message, details=refusal.details, retry_after=refusal.retry_after)
        return web.Response(body=body, status=refusal.status, headers={**headers, "Content-Type": "application/json"})
    if is_htmx(request) and not wants_pane(request):
        # The target is some part of a page that expects something else: leave it as it is.
        headers["HX-Reswap"] = "none"
        return web.Response(text=refusal.message, status=refusal.status, headers=headers)
    return _error_page(request, refusal, headers)


def _error_page(request: web.Request, refusal: Refusal, headers: dict[str, str]) -> web.Response:
    """The designed page, which needs neither a session nor the database; bare text where even that fails."""
    context = {
        "message": refusal.message,
        "status": refusal.status,
        "retry_after": None if refusal.retry_after is None else math.ceil(refusal.retry_after),
        "request_id": request.get(REQUEST_ID),
    }
    try:
        if wants_pane(request):
            pane = aiohttp_jinja2.render_string(PANE, request, context)
            text = f"<title>{escape(refusal.message)} · Chat</title>{pane}"
        else:
            text = aiohttp_jinja2.render_string(PAGE, request, context)
    # The last line of defence: a broken template must not hide the error behind another.
    except Exception as error:
        log.error("http.error_page_failed", exc_info=error)  # noqa: TRY400
        return web.Response(text=refusal.message, status=refusal.status, headers=headers)
    return compressed_response(request, text, status=refusal.status, content_type="text/html", headers=headers)
