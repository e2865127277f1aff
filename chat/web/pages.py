"""From a template and its variables to a response: the whole page, or only what htmx swaps in."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import escape

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
    environment.globals["js_modules"] = static.js_modules
    environment.globals["settings"] = settings
    return environment


def wants_pane(request: web.Request) -> bool:
    """Whether htmx asks for what stands in `#pane`: it names the target as `main#pane`, or goes back to a page."""
    if goes_back(request):
        return True
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-Target", "").rpartition("#")[2] == "pane"


def goes_back(request: web.Request) -> bool:
    """Whether htmx asks for a page that the person goes back to: it looks for `#pane` itself in the answer."""
    return "HX-History-Restore-Request" in request.headers


async def render_page(
    request: web.Request, template: str, context: Mapping[str, Any], *, title: str, status: int = 200
) -> web.Response:
    """A page: `template` inside the shell with the sidebar, alone for htmx, or as a document of its own.

    Signed in, `template` is the pane of `templates/chat.html`, and `context` must hold its `view`. Where
    nobody is signed in, `template` is rendered as it is, and extends `layout.html`.
    """
    viewer = request.get(VIEWER)
    if viewer is None:
        return render_document(request, template, context, title=title, status=status)
    if wants_pane(request):
        pane = _render(request, PANE if goes_back(request) else template, {**context, "pane": template})
        return _respond(request, f"<title>{escape(title)} · Chat</title>{pane}", status)
    shell = await request.app[SHELL_CONTEXT](request, viewer)
    page = {**shell, **context, "title": title, "pane": template}
    return _respond(request, _render(request, SHELL, page), status)


def render_document(
    request: web.Request, template: str, context: Mapping[str, Any], *, title: str, status: int = 200
) -> web.Response:
    """A document of its own, without the sidebar: `template` extends `layout.html`."""
    return _respond(request, _render(request, template, {**context, "title": title}), status)


def render_partial(
    request: web.Request, template: str, context: Mapping[str, Any], *, status: int = 200
) -> web.Response:
    """A piece of a page, for a target other than the pane."""
    return _respond(request, _render(request, template, context), status)


def _render(request: web.Request, template: str, context: Mapping[str, Any]) -> str:
    own = {
        "viewer": request.get(VIEWER),
        "csrf_token": csrf_token(request),
        "csp_nonce": csp_nonce(request),
    }
    return aiohttp_jinja2.render_string(template, request, {**own, **context})


def _respond(request: web.Request, text: str, status: int) -> web.Response:
    return compressed_response(request, text, status=status, content_type="text/html", headers=PERSONAL)
