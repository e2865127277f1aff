"""The OpenAPI document of the JSON API, made of the endpoints' own models: what checks requests describes them."""

import inspect
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

import msgspec

from chat import __version__
from chat.errors import (
    AuthFailed,
    ChatError,
    Forbidden,
    NotFound,
    TokenExpired,
    TooLarge,
    Unavailable,
    ValidationFailed,
)
from chat.web.api import Endpoint, MalformedRequest, UnsupportedMediaType
from chat.web.shapes import Error

Json: TypeAlias = dict[str, Any]

INTRODUCTION = """\
Programs have the same rights here as the people whom they act for, and go through the same checks.

Get an access token from `POST /api/auth/login`, or make a personal token in the settings page, and send it with each \
request: `Authorization: Bearer …`. No cookie of a browser's session counts here.

Ids are UUIDs, times are ISO 8601 in UTC, names are in snake case. Every list is a page: `items`, `has_more`, and \
`next_cursor`, to be sent as `cursor` for what follows. Fields that an endpoint doesn't know are refused.

Each answer that is no success has the shape `Error`. `RATE_LIMITED` and `UNAVAILABLE` may succeed later: \
`retry_after`, and the header `Retry-After`, say after how many seconds. `X-RateLimit-Limit`, `X-RateLimit-Remaining` \
and `X-RateLimit-Reset` tell what is left of the limits on sending, changing messages, reading and searching.
"""

_REF = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")
# Whom a message is from is a user like any other.
_NAMES = {"Sender": "User"}
_GENERIC = re.compile(r"(\w+)_(\w+)_")


def describe(sections: Mapping[str, list[Endpoint]]) -> Json:
    """The document; the endpoints under each heading have it as their tag."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Chat", "version": __version__, "description": INTRODUCTION},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": heading} for heading in sections],
        "paths": _paths(sections),
        "components": {
            "schemas": _schemas([endpoint for endpoints in sections.values() for endpoint in endpoints]),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token, or a personal token. One for reading only can't change anything.",
                }
            },
        },
    }


def refusals_of(endpoint: Endpoint) -> Iterator[type[ChatError]]:
    """Every error that the endpoint may answer with: its own, and those that follow from what it is."""
    body, query = endpoint.takes
    yield MalformedRequest
    if not endpoint.public:
        yield from (AuthFailed, TokenExpired, Forbidden)
    if _PARAMETER.search(endpoint.path):
        yield NotFound
    if body is not None:
        yield from (TooLarge, UnsupportedMediaType, ValidationFailed)
    elif query is not None:
        yield ValidationFailed
    yield from endpoint.refusals
    yield Unavailable


def _paths(sections: Mapping[str, list[Endpoint]]) -> Json:
    paths: Json = {}
    for heading, endpoints in sections.items():
        for endpoint in endpoints:
            paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, heading)
    return paths


def _operation(endpoint: Endpoint, heading: str) -> Json:
    name = endpoint.handler.__name__
    body, query = endpoint.takes
    first, *others = name.split("_")
    description = inspect.getdoc(endpoint.handler) or ""
    operation: Json = {
        "operationId": first + "".join(word.title() for word in others),
        "tags": [heading],
        "summary": name.replace("_", " ").capitalize(),
        "description": description,
        "responses": _successes(endpoint) | _failures(endpoint),
    }
    if endpoint.public:
        operation["security"] = []
    parameters = [*_path_parameters(endpoint.path), *_query_parameters(query)]
    if parameters:
        operation["parameters"] = parameters
    if body is not None:
        operation["requestBody"] = {"required": _is_needed(body), "content": _content(body)}
    return operation


def _is_needed(body: Any) -> bool:
    """Whether there has to be a body: where everything in it may be left out, so may the whole."""
    (schema,), components = msgspec.json.schema_components([body], ref_template="{name}")
    return "$ref" not in schema or bool(components[schema["$ref"]]["required"])


def _successes(endpoint: Endpoint) -> Json:
    return {
        str(status): {"description": HTTPStatus(status).phrase}
        | ({} if type_ is None else {"content": _content(type_)})
        for status, type_ in endpoint.answers.items()
    }


def _failures(endpoint: Endpoint) -> Json:
    by_status: dict[int, list[str]] = {}
    for error in dict.fromkeys(refusals_of(endpoint)):
        meaning = (inspect.getdoc(error) or "").partition("\n")[0]
        by_status.setdefault(error.status, []).append(f"`{error.code}`: {meaning}")
    return {
        str(status): {"description": "\n\n".join(meanings), "content": _content(Error)}
        for status, meanings in sorted(by_status.items())
    }


def _path_parameters(path: str) -> Iterator[Json]:
    for name in _PARAMETER.findall(path):
        schema = {"type": "string", "format": "uuid"} if name.endswith("_id") else {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(model: type[msgspec.Struct] | None) -> Iterator[Json]:
    if model is None:
        return
    _, components = msgspec.json.schema_components([model], ref_template=_REF)
    schema = components[model.__name__]
    for name, field in schema["properties"].items():
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            **({"description": description} if (description := field.pop("description", None)) else {}),
            "schema": field,
        }


def _content(type_: Any) -> Json:
    (schema,), _ = msgspec.json.schema_components([type_], ref_template=_REF)
    return {"application/json": {"schema": _renamed(schema)}}


def _schemas(endpoints: list[Endpoint]) -> Json:
    types = {
        type_: None
        for endpoint in endpoints
        for type_ in (endpoint.takes[0], *endpoint.answers.values(), Error)
        if type_ is not None
    }
    _, components = msgspec.json.schema_components(types, ref_template=_REF)
    for schema in components.values():
        _complete(schema)
    return {_name(name): _renamed(schema) for name, schema in sorted(components.items())}


def _complete(schema: Json) -> None:
    """In answers every field is there, whatever it has when nobody gives it a value; requests may leave some out."""
    if "properties" in schema and schema.get("additionalProperties") is not False:
        always = [name for name, field in schema["properties"].items() if "default" in field]
        schema["required"] = [*schema.get("required", []), *always]
        for name in always:
            del schema["properties"][name]["default"]


def _name(name: str) -> str:
    """`Page_User_`, as msgspec calls the page of users, is `UserPage`."""
    if generic := _GENERIC.fullmatch(name):
        return f"{_name(generic[2])}{generic[1]}"
    return _NAMES.get(name, name)


def _renamed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_renamed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    renamed = {key: _renamed(value) for key, value in schema.items() if key != "title"}
    if isinstance(ref := renamed.get("$ref"), str):
        renamed["$ref"] = _REF.format(name=_name(ref.rpartition("/")[2]))
    return renamed
