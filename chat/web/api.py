"""What every endpoint of the JSON API is made of: who asks, what was asked, and the shape of the answer.

`chat/routes.py` lists the endpoints. The models named there check what comes in, and are what the OpenAPI document
shows (`chat/web/openapi.py`), so the two can't differ.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from types import NoneType
from typing import Annotated, Any, Generic, Protocol, TypeVar, get_args, get_type_hints
from uuid import UUID

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, UnsetType

from chat.errors import ChatError, Forbidden, TooLarge, ValidationFailed
from chat.services import Services
from chat.web.compression import compress_response
from chat.web.cursors import Part, encode_cursor
from chat.web.keys import SERVICES, VIEWER, SignedIn
from chat.web.paths import path_id
from chat.web.tokens import Scope

Limit = Annotated[int, Meta(ge=1, le=100, description="How many items a page has at most.")]
Cursor = Annotated[str, Meta(max_length=1000, description="`next_cursor` of the page before.")]
Seq = Annotated[int, Meta(ge=0, le=2**53, description="A sequence number.")]
PAGE = 50

JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}
_LONGEST_PROBLEM = 200
_UNKNOWN = re.compile(r"^Object contains unknown field `(.*?)`(?: - at `\$\.?(.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(.*?)`(?: - at `\$\.?(.*)`)?$", re.DOTALL)
_WRONG = re.compile(r"^(.*?)(?: - at `(?:key in )?\$\.?(.*)`)?$", re.DOTALL)
_JSON_TYPES = {"`str`": "a string", "`int`": "an integer", "`bool`": "true or false", "`float`": "a number"}

Item = TypeVar("Item")
Body = TypeVar("Body")
Query = TypeVar("Query")


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client may send: a body, or the parameters of a query. A field that nobody knows is refused."""


class PageQuery(Model, frozen=True):
    """Which page of a list."""

    limit: Limit = PAGE
    cursor: Cursor | UnsetType = UNSET


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """A part of a list. `next_cursor` leads to the part that follows, and is null at the end."""

    items: list[Item]
    next_cursor: str | None
    has_more: bool


class MalformedRequest(ChatError):
    """The request can't be read: its body is not JSON, or its address is not text."""

    code = "VALIDATION_ERROR"
    status = 400


class UnsupportedMediaType(ChatError):
    """The body says of itself that it is something other than JSON."""

    code = "VALIDATION_ERROR"
    status = 415


class ApiViewer(SignedIn, Protocol):
    """Who asks, and what the token that came with the request allows; `chat.accounts` has the whole of it."""

    @property
    def scopes(self) -> Collection[str]:
        """Each is a `Scope`."""


class Authenticate(Protocol):
    """Finds out who asks, by the `Authorization` header and nothing else: never by a cookie."""

    def __call__(self, request: web.Request, /) -> Awaitable[ApiViewer]:
        """Raises `AuthFailed` where there is no token, or it isn't valid."""


AUTHENTICATE = web.AppKey("authenticate", Authenticate)


@dataclass(frozen=True, slots=True)
class Call(Generic[Body, Query]):
    """One request as a handler gets it: authenticated, and with its body and query checked."""

    request: web.Request
    body: Body
    query: Query

    @property
    def services(self) -> Services:
        """What every action needs."""
        return self.request.app[SERVICES]

    @property
    def viewer(self) -> SignedIn:
        """Who asks; only where the endpoint has a scope."""
        return self.request[VIEWER]

    def id(self, name: str) -> UUID:
        """The id that stands in the address under this name. Raises `NotFound` for what is none."""
        return path_id(self.request, name)


@dataclass(frozen=True)
class Endpoint:
    """One line of the API: "GET /api/users/me", and what answers.

    `answers` names the type of the body per status, None for an empty one. What the handler's `Call` is made of says
    what may be sent, and its docstring describes the endpoint. `refusals` are the errors beside those that follow from
    the rest (see `chat.web.openapi`). An endpoint that isn't `public` needs a token.
    """

    route: str
    handler: Callable[[Call[Any, Any]], Awaitable[web.Response]]
    answers: Mapping[int, Any]
    _: KW_ONLY
    refusals: tuple[type[ChatError], ...] = ()
    public: bool = False

    @property
    def method(self) -> str:
        """GET, POST, PUT, PATCH or DELETE."""
        return self.route.partition(" ")[0]

    @property
    def path(self) -> str:
        """With the names of its parts in braces."""
        return self.route.partition(" ")[2]

    @property
    def scope(self) -> Scope | None:
        """What the token has to allow; None where no token is needed."""
        if self.public:
            return None
        return "read" if self.method == "GET" else "write"

    @cached_property
    def takes(self) -> tuple[Any, Any]:
        """The models of the body and of the query; None where nothing is taken."""
        body, query = get_args(get_type_hints(self.handler)["call"])
        return tuple(None if model is NoneType else model for model in (body, query))  # type: ignore[return-value]


def routes(endpoints: Iterable[Endpoint]) -> list[web.RouteDef]:
    """The endpoints as aiohttp wants them. Each address also answers OPTIONS with the methods that it has."""
    endpoints = list(endpoints)
    methods: dict[str, list[str]] = {}
    for endpoint in endpoints:
        known = methods.setdefault(endpoint.path, ["OPTIONS"])
        known.extend(["GET", "HEAD"] if endpoint.method == "GET" else [endpoint.method])
    return [
        *(web.route(endpoint.method, endpoint.path, _serve(endpoint)) for endpoint in endpoints),
        *(web.head(endpoint.path, _serve(endpoint)) for endpoint in endpoints if endpoint.method == "GET"),
        *(web.options(path, _tell_methods(", ".join(sorted(allowed)))) for path, allowed in methods.items()),
    ]


def answer(value: Any, *, status: int = 200) -> web.Response:
    """A value as JSON."""
    return web.Response(body=msgspec.json.encode(value), status=status, headers=JSON)


def no_content() -> web.Response:
    """Done, and nothing to say."""
    return web.Response(status=204, headers={"Cache-Control": "no-store"})


def page_of(found: list[Item], *, limit: int, cursor: Callable[[Item], str]) -> Page[Item]:
    """A page from what a query found that asked for one item more than `limit`; `cursor` makes one from the last."""
    items, has_more = found[:limit], len(found) > limit
    return Page(items, cursor(items[-1]) if has_more else None, has_more)


def page_of_part(part: Part[Any, Any], items: list[Item]) -> Page[Item]:
    """A part of a list as a page of these items."""
    return Page(items, None if part.after is None else encode_cursor(part.after), part.after is not None)


def _serve(endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.Response]]:
    body_model, query_model = endpoint.takes
    body = None if body_model is None else msgspec.json.Decoder(body_model)

    async def serve(request: web.Request) -> web.Response:
        # All of it has to be here before anybody looks who asks: else a request could be begun with a token, and
        # finished when that has long been revoked.
        sent = await _read(request)
        if endpoint.scope is not None:
            await _authenticate(request, endpoint.scope)
        call = Call(
            request,
            None if body is None else _parse_body(request, sent, body),
            None if query_model is None else _parse_query(request, query_model),
        )
        response = await endpoint.handler(call)
        compress_response(request, response)
        return response

    return serve


def _tell_methods(allowed: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def tell(_request: web.Request) -> web.Response:
        return web.Response(status=204, headers={"Allow": allowed})

    return tell


async def _read(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise TooLarge("That is more than this server accepts at once.") from None
    except (web.HTTPBadRequest, web.RequestPayloadError, ValueError):
        # What can't be unpacked, where the body says that it is compressed.
        raise MalformedRequest("The body can't be read.") from None


async def _authenticate(request: web.Request, scope: Scope) -> None:
    viewer = await request.app[AUTHENTICATE](request)
    if scope not in viewer.scopes:
        raise Forbidden(f"This token doesn't allow to {scope}.")
    request[VIEWER] = viewer


def _parse_body(request: web.Request, sent: bytes, decoder: "msgspec.json.Decoder[Any]") -> Any:
    """Raises `UnsupportedMediaType`, `MalformedRequest`, or `ValidationFailed` that names the field.

    No body at all is as good as an empty object.
    """
    if sent and request.content_type != "application/json":
        raise UnsupportedMediaType("The body has to be application/json.")
    try:
        return decoder.decode(sent or b"{}")
    except msgspec.ValidationError as error:
        raise _refused(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedRequest("The body is not JSON in UTF-8.") from None


def _parse_query(request: web.Request, model: type[Model]) -> Model:
    """Raises `ValidationFailed` that names the parameter."""
    parameters = dict(request.query)
    if len(parameters) < len(request.query):
        twice = next(name for name in parameters if len(request.query.getall(name)) > 1)
        raise _refusal(twice, "Given more than once.")
    try:
        return msgspec.convert(parameters, model, strict=False)
    except msgspec.ValidationError as error:
        raise _refused(error) from None


def _refused(error: msgspec.ValidationError) -> ValidationFailed:
    """What msgspec says, with the field that it speaks of."""
    said = str(error)[:_LONGEST_PROBLEM]
    if unknown := _UNKNOWN.match(said):
        return _refusal(_join(unknown[2], unknown[1]), "There is no such field.")
    if missing := _MISSING.match(said):
        return _refusal(_join(missing[2], missing[1]), "This field is missing.")
    wrong = _WRONG.match(said)
    sentence, where = (wrong[1], wrong[2]) if wrong else (said, None)
    for python, json in _JSON_TYPES.items():
        sentence = sentence.replace(python, json)
    return _refusal(where or "", sentence.replace("`", "") + ".")


def _refusal(where: str, sentence: str) -> ValidationFailed:
    if not where:
        return ValidationFailed(sentence)
    return ValidationFailed(f"{where}: {sentence}", fields={where: sentence})


def _join(where: str | None, name: str) -> str:
    return f"{where}.{name}" if where else name
