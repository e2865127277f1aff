"""An application with the web layer alone, so that each of its parts can be met through real requests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler

from chat.folders import resource_folder
from chat.services import Services
from chat.settings import Settings
from chat.web.errors import answer_errors
from chat.web.headers import setup_headers
from chat.web.keys import SERVICES, SHELL_CONTEXT, VIEWER, SignedIn
from chat.web.observe import observe
from chat.web.pages import setup_templates
from chat.web.static import StaticFiles, favicon, manifest, static_file

Client = TestClient[web.Request, web.Application]

SETTINGS = Settings(database_url="postgresql://nowhere", redis_url="redis://nowhere", secret_key="s" * 32)


@dataclass(frozen=True)
class Person:
    """Somebody signed in, as pages see them."""

    id: UUID = field(default_factory=uuid4)
    username: str = "ada"
    display_name: str = "Ada <Lovelace>"
    invisible: bool = False
    role: str = "member"
    initials: str = "AL"
    hue: int = 3
    mark: str = "mark"


def make_app(routes: Mapping[str, Handler], *, viewer: Person | None = None, **changes: Any) -> web.Application:
    """An application with these pages (path → handler); `changes` are settings."""
    settings = msgspec.structs.replace(SETTINGS, **changes)
    app = web.Application(middlewares=[observe, answer_errors, _sign_in(viewer)])
    nowhere: Any = SimpleNamespace()
    app[SERVICES] = Services(settings=settings, pool=nowhere, redis=nowhere, emit=lambda _event: None)
    app[SHELL_CONTEXT] = _shell
    static = StaticFiles(resource_folder("static"))
    setup_templates(app, folder=resource_folder("templates"), static=static, settings=settings)
    setup_headers(app)
    app.router.add_get("/static/{version}/{path:.+}", static_file)
    app.router.add_get("/favicon.ico", favicon)
    app.router.add_get("/manifest.webmanifest", manifest)
    for path, handler in routes.items():
        app.router.add_get(path, handler)
    return app


@asynccontextmanager
async def running(app: web.Application) -> AsyncIterator[Client]:
    """A client of the application, served for real; redirects are not followed, bodies not unpacked."""
    async with TestClient(TestServer(app, access_log=None), auto_decompress=False) as client:
        yield client


async def raw_status(client: Client, target: bytes) -> int:
    """The status of a GET for exactly these bytes: clients tidy up addresses before they send them."""
    assert client.port is not None
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"GET %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % target)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1])


def raising(error: Exception) -> Callable[[web.Request], Any]:
    """A handler that fails."""

    async def handler(_request: web.Request) -> web.Response:
        raise error

    return handler


async def _shell(_request: web.Request, _viewer: SignedIn) -> Mapping[str, Any]:
    return {"conversations": [], "requests": 0, "list_version": ""}


def _sign_in(viewer: Person | None) -> Any:
    @web.middleware
    async def sign_in(request: web.Request, handler: Handler) -> web.StreamResponse:
        if viewer is not None:
            request[VIEWER] = viewer
        return await handler(request)

    return sign_in
