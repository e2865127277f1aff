"""Errors: an answer in the caller's own language, nothing about our insides, and no need for a database."""

from typing import Any

import aiohttp_jinja2
import asyncpg
import pytest
import redis.exceptions
from aiohttp import web
from structlog.testing import capture_logs

from chat.errors import AuthFailed, NotFound, RateLimited, ValidationFailed
from tests.web.small_app import Person, make_app, raising, raw_status, running

JSON = {"Accept": "application/json"}
PANE = {"HX-Request": "true", "HX-Target": "main#pane"}
RESULTS = {"HX-Request": "true", "HX-Target": "div#people-results"}
SECRET = "what somebody wrote"


async def get(error: Exception, headers: dict[str, str], *, viewer: Person | None = None) -> tuple[Any, str]:
    """The answer of a page that fails in this way, and its text."""
    async with running(make_app({"/page": raising(error)}, viewer=viewer)) as client:
        answer = await client.get(
            "/page?a=1&b=2", headers={"Accept-Encoding": "identity", **headers}, allow_redirects=False
        )
        return answer, (await answer.read()).decode()


async def test_a_program_gets_the_shape_of_the_protocol() -> None:
    error = ValidationFailed("Check the form.", fields={"email": "That is no address."})
    answer, _ = await get(error, JSON)
    assert answer.status == 422
    assert answer.content_type == "application/json"
    assert await answer.json() == {
        "error": {
            "code": "VALIDATION_ERROR",
            "message": "Check the form.",
            "details": {"email": "That is no address."},
        }
    }


async def test_a_limit_says_when_to_come_back_in_header_and_body() -> None:
    answer, _ = await get(RateLimited("Slow down.", retry_after=1.25), JSON)
    assert answer.status == 429
    assert answer.headers["Retry-After"] == "2"
    assert (await answer.json())["error"]["retry_after"] == 1.25


async def test_a_person_gets_a_designed_page_without_a_session() -> None:
    answer, page = await get(NotFound("There is no such conversation."), {"Accept": "text/html"})
    assert answer.status == 404
    assert page.lstrip().startswith("<!doctype html>")
    assert "nothing here</h1>" in page
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_refusal_without_a_page_of_its_own_says_its_sentence() -> None:
    _, page = await get(ValidationFailed("The name is too long."), {"Accept": "text/html"})
    assert "The name is too long." in page


async def test_htmx_gets_the_pane_alone() -> None:
    answer, page = await get(NotFound("There is no such conversation."), PANE, viewer=Person())
    assert answer.status == 404
    assert page.startswith("<title>There is no such conversation. · Chat</title>")
    assert "<!doctype" not in page
    assert "<h1>There is no such conversation.</h1>" in page


async def test_another_part_of_a_page_is_left_as_it_is() -> None:
    answer, text = await get(RateLimited("Slow down.", retry_after=1), RESULTS, viewer=Person())
    assert answer.status == 429
    assert answer.headers["HX-Reswap"] == "none"
    assert text == "Slow down."


async def test_somebody_signed_out_is_sent_to_sign_in_and_back() -> None:
    answer, _ = await get(AuthFailed("Sign in first."), {"Accept": "text/html"})
    assert answer.status == 303
    assert answer.headers["Location"] == "/login?next=/page%3Fa%3D1%26b%3D2"
    answer, _ = await get(AuthFailed("Sign in first."), PANE)
    assert answer.headers["HX-Redirect"] == "/login"
    answer, _ = await get(AuthFailed("Sign in first."), JSON)
    assert answer.status == 401
    assert (await answer.json())["error"]["code"] == "AUTH_FAILED"


async def test_what_nobody_expected_shows_and_logs_no_values() -> None:
    with capture_logs() as logs:
        answer, page = await get(ValueError(SECRET), {"Accept": "text/html"})
    assert answer.status == 500
    assert SECRET not in page
    assert "Traceback" not in page
    identifier = answer.headers["X-Request-ID"]
    assert identifier in page
    failed = [log for log in logs if log["event"] == "http.failed"]
    assert [log["log_level"] for log in failed] == ["error"]


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("no database"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.QueryCanceledError("statement timeout"),
        asyncpg.InterfaceError("connection is closed"),
        redis.exceptions.ConnectionError("no redis"),
        TimeoutError(),
    ],
)
async def test_an_outage_is_told_apart_from_a_fault(error: Exception) -> None:
    answer, page = await get(error, {"Accept": "text/html"})
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"
    assert "be right back</h1>" in page
    answer, _ = await get(error, JSON)
    assert (await answer.json())["error"]["code"] == "UNAVAILABLE"


async def test_an_unusable_argument_is_a_fault_and_no_outage() -> None:
    # asyncpg says "interface error" for a closed connection and for a value that it can't encode.
    answer, _ = await get(asyncpg.DataError("invalid input"), JSON)
    assert answer.status == 500


async def test_addresses_and_methods_that_do_not_exist_get_the_same_care() -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="here")

    async with running(make_app({"/page": page})) as client:
        missing = await client.get("/nothing", headers=JSON)
        wrong = await client.post("/page", headers=JSON)
        codes = [(await answer.json())["error"]["code"] for answer in (missing, wrong)]
    assert [missing.status, wrong.status] == [404, 405]
    assert codes == ["NOT_FOUND", "METHOD_NOT_ALLOWED"]
    assert wrong.headers["Allow"] == "GET,HEAD"


async def test_redirects_pass() -> None:
    answer, _ = await get(web.HTTPSeeOther("/elsewhere"), {})
    assert answer.status == 303
    assert answer.headers["Location"] == "/elsewhere"


@pytest.mark.parametrize("target", [b"/page%ff", b"/page?q=%ff%fe", b"/page%00", b"/page?q=%ED%A0%80", b"/page?q=\xff"])
async def test_an_address_that_is_no_text_is_refused(target: bytes) -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="here")

    async with running(make_app({"/page": page})) as client:
        assert await raw_status(client, b"/page?q=%C3%A9%20%E2%9C%93") == 200
        assert await raw_status(client, target) == 400


async def test_a_broken_error_page_still_answers() -> None:
    app = make_app({"/page": raising(NotFound("There is nothing."))})

    async def break_templates(_app: web.Application) -> None:
        aiohttp_jinja2.get_env(app).loader = None

    app.on_startup.append(break_templates)
    async with running(app) as client:
        answer = await client.get("/page")
        assert answer.status == 404
        assert await answer.text() == "There is nothing."
