"""From a template and its variables to a response: the whole page, or only what htmx swaps in."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
import msgspec
from aiohttp import web
from markupsafe import escape

from chat.errors import ChatError
from chat.settings import Settings
from chat.web.compression import compressed_response
from chat.web.csrf import csrf_token
from chat.web.headers import csp_nonce
from chat.web.keys import SHELL_CONTEXT, VIEWER
from chat.web.static import STATIC, StaticFiles

SHELL = "chat.html"
PANE = "pane.html"
PERSONAL = {"Cache-Control": "no-store", "Vary": "HX-Request, HX-Target, HX-History-Restore-Request"}


class AskableUndefined(jinja2.ChainableUndefined):
    """A variable that isn't there: it, and what it would hold, may be asked for and count as false.

    To print it is an error: a page must not have silent gaps.
    """

    __slots__ = ()

    def __str__(self) -> str:
        """The error, in place of Jinja's empty string."""
        self._fail_with_undefined_error()

    def __iter__(self) -> Iterator[Any]:
        """The error, in place of Jinja's empty list."""
        self._fail_with_undefined_error()


def setup_templates(
    app: web.Application, *, folder: Path, static: StaticFiles, settings: Settings
) -> jinja2.Environment:
    """Set up the templates in `folder`; they are read once, when first used, and know `static` and `settings`."""
    app[STATIC] = static
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(folder),
        default_helpers=False,
        autoescape=True,
        undefined=AskableUndefined,
        auto_reload=False,
        cache_size=-1,
    )
    environment.globals["static"] = static.url
    environment.globals["settings"] = settings
    return environment


def wants_json(request: web.Request) -> bool:
    """Whether the client is a program that asks for JSON."""
    accept = request.headers.get("Accept", "")
    return "application/json" in accept and "text/html" not in accept


def is_htmx(request: web.Request) -> bool:
    """Whether htmx asks, and not the browser for a page of its own."""
    return request.headers.get("HX-Request") == "true"


def wants_part(request: web.Request, id_: str) -> bool:
    """Whether htmx asks for what stands in the element with this id; it names the target as `main#pane`."""
    return is_htmx(request) and request.headers.get("HX-Target", "").rpartition("#")[2] == id_


def wants_pane(request: web.Request) -> bool:
    """Whether htmx asks for what stands in `#pane`, or goes back to a page."""
    return goes_back(request) or wants_part(request, "pane")


def goes_back(request: web.Request) -> bool:
    """Whether htmx asks for a page that the person goes back to: it looks for `#pane` itself in the answer."""
    return "HX-History-Restore-Request" in request.headers


def go_to(request: web.Request, address: str) -> web.Response:
    """After a form: on to this address of ours, in the pane where htmx sent the form. Else raises the redirect."""
    if not is_htmx(request):
        raise web.HTTPSeeOther(address)
    # The source decides which target htmx names in its headers, and so whether it is answered with the pane alone.
    place = {"path": address, "source": "#pane", "target": "#pane", "swap": "innerHTML"}
    return web.Response(headers=PERSONAL | {"HX-Location": msgspec.json.encode(place).decode()})


async def render_page(
    request: web.Request, template: str, context: Mapping[str, Any], *, title: str, error: ChatError | None = None
) -> web.Response:
    """A page for somebody who is signed in: `template` inside the shell with the sidebar, or alone for htmx.

    `template` is the pane of `templates/chat.html`, and `context` must hold its `view`. `error` is what was wrong
    with a form that the page shows again.
    """
    if wants_pane(request):
        pane = _render(request, PANE if goes_back(request) else template, {**context, "pane": template})
        return _respond(request, f"<title>{escape(title)} · Chat</title>{pane}", error)
    shell = await request.app[SHELL_CONTEXT](request, request[VIEWER])
    page = {**shell, **context, "title": title, "pane": template}
    return _respond(request, _render(request, SHELL, page), error)


def render_document(
    request: web.Request, template: str, context: Mapping[str, Any], *, title: str, error: ChatError | None = None
) -> web.Response:
    """A document of its own, without the sidebar: `template` extends `layout.html`. `error` as in `render_page`."""
    return _respond(request, _render(request, template, {**context, "title": title}), error)


def render_partial(
    request: web.Request, template: str, context: Mapping[str, Any], *, error: ChatError | None = None
) -> web.Response:
    """A piece of a page, for a target other than the pane. `error` as in `render_page`."""
    return _respond(request, _render(request, template, context), error)


def _render(request: web.Request, template: str, context: Mapping[str, Any]) -> str:
    own = {
        "viewer": request.get(VIEWER),
        "csrf_token": csrf_token(request),
        "csp_nonce": csp_nonce(request),
    }
    return aiohttp_jinja2.render_string(template, request, {**own, **context})


def _respond(request: web.Request, text: str, error: ChatError | None = None) -> web.Response:
    status, headers = (error.status, PERSONAL | error.headers) if error else (200, PERSONAL)
    return compressed_response(request, text, status=status, content_type="text/html", headers=headers)
