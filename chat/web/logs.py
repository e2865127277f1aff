"""Logs: one line an event on standard output, as JSON or as text, each with the id of the request behind it.

What people write, tokens and passwords never get here. So query strings and bodies are not logged, and of an
exception its type and the places it went through, but its message only where that can't quote a value.
"""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import jinja2
import msgspec

# structlog's renderer for consoles, which is not used here, imports rich wherever that is installed, among
# development tools for one: 40 ms and 3 MB at every start. This tells it that there is none.
_rich = sys.modules.get("rich")
sys.modules["rich"] = _rich  # type: ignore[assignment]
import structlog  # noqa: E402
from structlog.typing import FilteringBoundLogger, Processor, WrappedLogger  # noqa: E402

if _rich is None:
    del sys.modules["rich"]

# The id of the request (or the socket) on whose behalf the code runs; travels to jobs with their arguments.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# The messages of these name files, addresses, types and variables. Those of others (a KeyError, a refused
# query argument, a failed parse) quote the value.
_TELLING = (OSError, ImportError, AttributeError, NameError, TypeError, NotImplementedError, jinja2.TemplateError)
_FRAMES = 12


def configure_logging(*, level: str, form: str) -> None:
    """Set up logging for this process: `level` as in the settings, `form` "json" or "text".

    The standard library's loggers, those of the packages that we use, are written in the same form.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=_processors(form),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_StandardOutput,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Forwarder()]
    root.setLevel(number)
    # Its lines hold whole addresses, query strings included; ours are in observe.py.
    logging.getLogger("aiohttp.access").disabled = True


def get_logger() -> FilteringBoundLogger:
    """A logger; the first argument of its methods is the event's name, the rest are keywords."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def describe_error(error: BaseException) -> dict[str, Any]:
    """What a log may say of an exception: its type, where it was raised, and what caused it; never a value."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    described: dict[str, Any] = {
        "error": type(error).__qualname__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, _TELLING):
        described["reason"] = str(error)
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate:
        described["sqlstate"] = sqlstate
        described["constraint"] = getattr(error, "constraint_name", None)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        described["cause"] = describe_error(cause)
    return described


def _processors(form: str) -> list[Processor]:
    return [
        _add_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _describe_exception,
        _render_json if form == "json" else _render_text,
    ]


def _add_request_id(_logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    identifier = request_id.get()
    if identifier is not None:
        event.setdefault("request_id", identifier)
    return event


def _describe_exception(_logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()[1]
    elif isinstance(raised, tuple):
        raised = raised[1]
    if isinstance(raised, BaseException):
        event["exception"] = describe_error(raised)
    return event


def _leading(event: Mapping[str, Any]) -> tuple[str, str, str]:
    return event["timestamp"], event["level"], event["event"]


def _render_json(_logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]) -> bytes:
    timestamp, level, name = _leading(event)
    first = {"timestamp": timestamp, "level": level, "event": name}
    return msgspec.json.encode({**first, **event}, enc_hook=str)


def _render_text(_logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]) -> bytes:
    timestamp, level, name = _leading(event)
    rest = " ".join(f"{key}={value}" for key, value in event.items() if key not in {"timestamp", "level", "event"})
    line = f"{timestamp[11:23]} {level:<7} {name} {rest}".rstrip()
    return line.replace("\r", "\\r").replace("\n", "\\n").encode("utf-8", "replace")


class _StandardOutput:
    """Where lines go. A full disk or a closed pipe costs the line, not the request that it is about."""

    def msg(self, line: bytes) -> None:
        """Write one line, at once."""
        with suppress(OSError, ValueError):
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()

    debug = info = warning = error = critical = log = msg


class _Forwarder(logging.Handler):
    """Writes what the standard library's loggers say in our form."""

    def __init__(self) -> None:
        super().__init__()
        self._logger = get_logger()

    def emit(self, record: logging.LogRecord) -> None:
        self._logger.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)
