"""The document of the API: all that there is, and nothing that there isn't."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chat.endpoints import ENDPOINTS
from chat.web.openapi import describe
from tests.api.conftest import MakeProgram

DOCUMENT = describe(ENDPOINTS)
# What programs were promised, and what there is today; an empty pair of braces is any part of an address.
SPECIFIED = {
    *("POST /api/auth/register", "POST /api/auth/login", "POST /api/auth/refresh", "POST /api/auth/logout"),
    *("GET /api/users/me", "PATCH /api/users/me", "GET /api/users/search", "GET /api/users/{}"),
    *("GET /api/conversations", "POST /api/conversations"),
    *("GET /api/conversations/{}", "PATCH /api/conversations/{}", "DELETE /api/conversations/{}"),
    *("GET /api/conversations/{}/members", "POST /api/conversations/{}/members"),
    *("DELETE /api/conversations/{}/members/{}", "GET /api/conversations/{}/messages"),
    *("POST /api/conversations/{}/messages", "PATCH /api/messages/{}", "DELETE /api/messages/{}"),
    *("PUT /api/messages/{}/reactions/{}", "DELETE /api/messages/{}/reactions/{}"),
    *("POST /api/conversations/{}/read", "GET /api/rooms", "POST /api/rooms/{}/join", "POST /api/rooms/{}/leave"),
}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each as "GET /api/…", with what the document says of it."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


def test_everything_that_was_specified_is_there() -> None:
    described = {re.sub(r"{\w+}", "{}", route) for route, _ in operations()}
    assert SPECIFIED - described == set()


def test_each_endpoint_is_described_with_all_that_it_needs() -> None:
    endpoints = {endpoint.route: endpoint for each in ENDPOINTS.values() for endpoint in each}
    described = dict(operations())
    assert set(described) == set(endpoints)
    names = [operation["operationId"] for operation in described.values()]
    assert len(set(names)) == len(names)
    for route, operation in described.items():
        endpoint = endpoints[route]
        assert operation["description"].endswith((".", ")")), route
        in_path = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", route))
        assert {str(status) for status in endpoint.answers} <= set(operation["responses"])
        assert ("security" in operation) == endpoint.public
        assert ("401" in operation["responses"]) or endpoint.public
        assert {"400", "503"} <= set(operation["responses"])


def test_every_reference_leads_to_a_shape_and_every_shape_is_referred_to() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    referred = {node["$ref"].removeprefix("#/components/schemas/") for node in nodes(DOCUMENT) if "$ref" in node}
    assert referred == set(schemas)


def test_what_is_sent_is_closed_and_what_is_answered_is_whole() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["NewMessage"]["additionalProperties"] is False
    assert schemas["NewMessage"]["required"] == ["content", "client_message_id"]
    assert set(schemas["Message"]["properties"]) - set(schemas["Message"]["required"]) == {"status"}
    assert schemas["Message"]["properties"]["created_at"] == {"type": "string", "format": "date-time"}
    assert set(schemas["MessagePage"]["required"]) == {"items", "next_cursor", "has_more"}
    assert not [node for node in nodes(schemas) if "Sender" in str(node.get("$ref"))]


async def test_the_document_is_served_to_everybody(program: MakeProgram) -> None:
    answer = await (await program(None)).get("/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert json.loads(answer.body) == json.loads(json.dumps(DOCUMENT))


async def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(program: MakeProgram) -> None:
    answer = await (await program(None)).get("/docs")
    page = answer.body.decode()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Set-Cookie" not in answer.headers
    # It names the host that it was asked for by.
    assert answer.headers["Cache-Control"].startswith("private")
    for route, operation in operations():
        assert f'id="{operation["operationId"]}"' in page, route
    answered = {
        name for name, schema in DOCUMENT["components"]["schemas"].items() if "additionalProperties" not in schema
    }
    anchors = set(re.findall(r'id="([\w-]+)"', page))
    assert answered <= anchors
    assert {link for link in re.findall(r'href="#([\w-]+)"', page) if link not in anchors} == set()
    sources = re.findall(r'(?:src|href)="([^"#][^"]*)"', page)
    assert sources
    assert [source for source in sources if not source.startswith("/")] == []
    assert "<script" not in page


@pytest.mark.parametrize("method", ["post", "patch"])
async def test_the_examples_are_what_the_models_take(program: MakeProgram, method: str) -> None:
    page = (await (await program(None)).get("/docs")).body.decode()
    examples = re.findall(rf"curl -X {method.upper()} (\S+)[^<]*?--json '([^<]+?)'</code>", page)
    assert examples
    models = {
        endpoint.path: endpoint.takes[0]
        for each in ENDPOINTS.values()
        for endpoint in each
        if endpoint.method == method.upper()
    }
    for address, body in examples:
        path = address.partition("/api")[1] + address.partition("/api")[2]
        msgspec.json.decode(unescape(body), type=models[path])


def test_the_guide_names_every_error() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    codes = {
        code
        for _, operation in operations()
        for response in operation["responses"].values()
        for code in re.findall(r"`([A-Z_]+)`:", response["description"])
    }
    assert len(codes) >= 8
    assert {code for code in codes if f"`{code}`" not in guide} == set()
