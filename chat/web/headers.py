"""The headers that tell a browser how little a page of ours may do."""

import secrets

from aiohttp import web

from chat.web.keys import CSP_NONCE, REQUEST_ID
from chat.web.proxies import is_secure

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{nonce}; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
_POLICY_WITHOUT_NONCE = _POLICY.format(nonce="")
_FOR_DOCUMENTS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
# No browser shows these as a document, and they hold no secret. A first visit fetches two dozen of them, and half of
# it would be headers.
_NO_DOCUMENTS = frozenset({"text/css", "text/javascript"})
_HSTS = "max-age=31536000"


def csp_nonce(request: web.Request) -> str:
    """The nonce that allows this response's own `<style>`; the same for the whole request."""
    nonce = request.get(CSP_NONCE)
    if nonce is None:
        nonce = secrets.token_urlsafe(16)
        request[CSP_NONCE] = nonce
    return nonce


def setup_headers(app: web.Application) -> None:
    """Add the headers to every response, error pages and refused upgrades included."""
    app.on_response_prepare.append(_add_headers)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if response.content_type not in _NO_DOCUMENTS:
        _add_policies(request, response)
        identifier = request.get(REQUEST_ID)
        if identifier:
            headers["X-Request-ID"] = identifier
    if is_secure(request):
        headers.setdefault("Strict-Transport-Security", _HSTS)
    # aiohttp puts its name and version here; both are nobody's business.
    headers.popall("Server", None)


def _add_policies(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _FOR_DOCUMENTS.items():
        response.headers.setdefault(name, value)
    nonce = request.get(CSP_NONCE)
    policy = _POLICY.format(nonce=f" 'nonce-{nonce}'") if nonce else _POLICY_WITHOUT_NONCE
    response.headers.setdefault("Content-Security-Policy", policy)
