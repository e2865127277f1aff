"""Logs: one line an event, whole and in one form, and never a word that somebody wrote."""

import json
import subprocess
import sys
import textwrap
from collections.abc import MutableMapping
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from chat.web.logs import describe_error, request_id
from tests.web.small_app import make_app, raising, running

SECRET = "what somebody wrote"


def run(program: str, *, form: str = "json", level: str = "info") -> list[str]:
    """The lines that a program writes to standard output once logging is set up."""
    source = f"from chat.web.logs import *\nconfigure_logging(level={level!r}, form={form!r})\n"
    finished = subprocess.run(
        [sys.executable, "-c", source + textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    return finished.stdout.splitlines()


def test_an_event_is_one_line_of_json() -> None:
    program = """
        from uuid import UUID
        request_id.set("abcdefgh")
        get_logger().info("message.sent", conversation=UUID(int=1), ms=1.5, text="two\\nlines")
    """
    (line,) = run(program)
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert list(event) == ["level", "event", "conversation", "ms", "text", "request_id"]
    assert event["event"] == "message.sent"
    assert event["level"] == "info"
    assert event["request_id"] == "abcdefgh"
    assert event["conversation"] == "00000000-0000-0000-0000-000000000001"


def test_text_is_one_line_as_well() -> None:
    (line,) = run('get_logger().warning("bus.lost", reason="a\\nb")', form="text")
    assert line[13:] == "warning bus.lost reason=a\\nb"


def test_the_level_is_that_of_the_settings() -> None:
    program = 'get_logger().info("quiet"); get_logger().warning("loud")'
    assert [json.loads(line)["event"] for line in run(program, level="warning")] == ["loud"]


def test_other_packages_speak_in_the_same_form() -> None:
    program = """
        import logging
        logging.getLogger("arq").warning("job %s", 7)
        try:
            raise KeyError("what somebody wrote")
        except KeyError:
            logging.getLogger("asyncio").exception("failed")
        logging.getLogger("aiohttp.access").info("GET /?token=secret")
    """
    first, second = [json.loads(line) for line in run(program)]
    assert (first["event"], first["level"], first["logger"]) == ("job 7", "warning", "arq")
    assert second["exception"]["error"] == "KeyError"
    assert SECRET not in json.dumps(second)


def test_a_full_disk_costs_the_line_and_not_the_request() -> None:
    program = """
        import sys
        sys.stdout = open("/dev/full", "w")
        get_logger().info("lost")
        sys.stderr.write("still here")
    """
    source = "from chat.web.logs import *\nconfigure_logging(level='info', form='json')\n"
    finished = subprocess.run(
        [sys.executable, "-c", source + textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert finished.stderr.startswith("still here")


def test_an_error_is_described_without_the_values_that_it_quotes() -> None:
    with pytest.raises(asyncpg.UniqueViolationError) as caught:
        store_twice()
    described = describe_error(caught.value)
    assert described["error"] == "UniqueViolationError"
    assert described["sqlstate"] == "23505"
    assert described["cause"]["error"] == "KeyError"
    assert "test_logs.py" in described["at"][-1]
    assert SECRET not in json.dumps(described)
    assert describe_error(ConnectionRefusedError(111, "refused"))["reason"] == "[Errno 111] refused"


def store_twice() -> None:
    try:
        {"a": 1}[SECRET]
    except KeyError as error:
        raise asyncpg.UniqueViolationError(f"Key (email)=({SECRET}) already exists.") from error


async def observed(path: str, headers: dict[str, str] | None = None) -> tuple[Any, MutableMapping[str, Any]]:
    """A request's answer and its line in the log."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=request_id.get())

    app = make_app({"/c/{conversation_id}": page, "/broken": raising(ValueError(SECRET))})
    with capture_logs() as logs:
        async with running(app) as client:
            answer = await client.get(path, headers=headers)
            await answer.read()
    (line,) = [log for log in logs if log["event"] == "http.request"]
    return answer, line


async def test_a_request_is_one_line_without_what_was_asked_for() -> None:
    answer, line = await observed(f"/c/00000000-0000-0000-0000-000000000001?q={SECRET}")
    assert line["route"] == "/c/{conversation_id}"
    assert (line["method"], line["status"]) == ("GET", 200)
    assert 0 <= line["ms"] < 5000
    assert SECRET not in str(line)
    assert await answer.text() == answer.headers["X-Request-ID"]


async def test_an_unexpected_failure_is_still_one_line() -> None:
    _, line = await observed("/broken")
    assert line["status"] == 500
    _, line = await observed("/nowhere/at/all")
    assert (line["route"], line["status"]) == ("unmatched", 404)


@pytest.mark.parametrize("given", ["0af7651916cd43dd8448eb211c80319c", "req-1.2_x"])
async def test_the_id_that_a_proxy_gave_is_kept(given: str) -> None:
    answer, _ = await observed("/c/1", {"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["short", "x" * 65, 'a"quote"and spaces', "{jndi:ldap://x}"])
async def test_an_id_that_is_no_id_is_replaced(given: str) -> None:
    answer, _ = await observed("/c/1", {"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] != given
    assert len(answer.headers["X-Request-ID"]) == 16
