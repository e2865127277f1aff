"""The OpenAPI document, as it is and as a page for people."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from uuid import UUID

import aiohttp_jinja2
import msgspec
from aiohttp import web
from markupsafe import Markup, escape

from chat.web.api import Endpoint
from chat.web.compression import compressed_response
from chat.web.openapi import Json, describe
from chat.web.proxies import public_origin

PAGE = "api/docs.html"
# A short while: the document changes with the version, and its page should follow soon.
_HEADERS = {"Cache-Control": "private, max-age=300"}
_EXAMPLES: dict[str, Any] = {"integer": 1, "number": 1.5, "boolean": True, "array": [], "object": {}}
_EXAMPLE_ID = str(UUID("01a1fd50-6082-75f2-a465-7e3ca002527d"))


class ApiDocs:
    """Of the endpoints under these headings. Made when somebody first asks for it."""

    def __init__(self, sections: Mapping[str, list[Endpoint]]) -> None:
        self._sections = sections

    @cached_property
    def document(self) -> Json:
        """The OpenAPI document."""
        return describe(self._sections)

    @cached_property
    def _encoded(self) -> str:
        return msgspec.json.format(msgspec.json.encode(self.document), indent=1).decode()

    async def json(self, request: web.Request) -> web.Response:
        """GET /api/openapi.json."""
        return compressed_response(
            request, self._encoded, status=200, content_type="application/json", headers=_HEADERS
        )

    async def page(self, request: web.Request) -> web.Response:
        """GET /api/docs."""
        context = {
            "title": "API",
            "document": self.document,
            "origin": public_origin(request),
            "prose": prose,
            "example": lambda schema: example(schema, self.document["components"]["schemas"]),
        }
        text = aiohttp_jinja2.render_string(PAGE, request, context)
        return compressed_response(request, text, status=200, content_type="text/html", headers=_HEADERS)


def prose(text: str) -> Markup:
    """Paragraphs with `code` in them, as HTML."""
    paragraphs = (" ".join(paragraph.split()).split("`") for paragraph in text.strip().split("\n\n"))
    return Markup("").join(
        Markup("<p>{}</p>").format(
            Markup("").join(
                Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
                for number, part in enumerate(parts)
            )
        )
        for parts in paragraphs
    )


def example(schema: Json, schemas: Json) -> str:
    """What a request of this schema may look like: what it needs, and whatever has an example of its own."""
    return msgspec.json.encode(_example(schema, schemas)).decode()


def _example(schema: Json, schemas: Json) -> Any:
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "examples" in schema:
        return schema["examples"][0]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], schemas)
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        return {
            name: _example(field, schemas)
            for name, field in schema["properties"].items()
            if name in schema.get("required", ()) or "examples" in field
        }
    if schema.get("format") == "uuid":
        return _EXAMPLE_ID
    return _EXAMPLES.get(schema.get("type", ""), "…")
