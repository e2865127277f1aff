"""Every number and address that an operator may set, read once from the environment at start."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta
from yarl import URL

Port = Annotated[int, Meta(ge=1, le=65535)]
Count = Annotated[int, Meta(ge=1)]
CountOrOff = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0)]


class SettingsError(Exception):
    """The environment holds a value that the program can't run with; the message says which and why."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one process. Each is read from the variable of the same name in capitals.

    Counts are whole numbers, times are in seconds, sizes in bytes. For a limit, 0 means no limit.
    """

    # Where things are
    database_url: str
    redis_url: str
    host: str = "127.0.0.1"
    port: Port = 8000
    base_url: str = ""
    data_dir: Path = Path("data")
    trusted_proxies: CountOrOff = 0

    # Who may come in
    secret_key: Annotated[str, Meta(min_length=32)]
    registration: Literal["open", "invite", "closed"] = "open"
    session_days: Count = 30
    access_token_seconds: Count = 900
    refresh_token_days: Count = 7
    cors_origins: str = ""
    login_limit: CountOrOff = 5
    login_limit_window: Seconds = 900
    register_limit: CountOrOff = 5
    register_limit_window: Seconds = 3600

    # Conversations
    group_max_members: Annotated[int, Meta(ge=2, le=10_000)] = 1000

    # Messages
    # The database holds no longer ones.
    message_max_length: Annotated[int, Meta(ge=1, le=20_000)] = 4000
    send_limit_per_minute: CountOrOff = 30
    send_burst: Count = 10
    change_limit_per_minute: CountOrOff = 60
    change_burst: Count = 20
    # As many as `chat.messages.writer` has pauses for.
    send_retries: Annotated[int, Meta(ge=0, le=5)] = 3
    history_page: Annotated[int, Meta(ge=1, le=100)] = 50
    history_limit_per_minute: CountOrOff = 60
    search_limit_per_minute: CountOrOff = 30
    body_max_bytes: Count = 1_048_576

    # Receipts: who is told at once, and how those of larger conversations come to the database
    receipts_direct_max: Count = 10
    receipts_flush_seconds: Annotated[int, Meta(ge=1, le=60)] = 10
    receipts_tries: Count = 5

    # Presence and typing
    presence_seconds: Seconds = 30
    presence_grace_seconds: Seconds = 5
    presence_watchers: Count = 1000
    typing_seconds: Seconds = 3

    # Sockets
    connect_limit_per_minute: CountOrOff = 10
    frame_max_bytes: Count = 65_536
    frame_limit_per_second: CountOrOff = 50
    socket_buffer_bytes: Count = 262_144
    heartbeat_interval: Seconds = 15
    heartbeat_timeout: Seconds = 45
    auth_timeout: Seconds = 10

    # PostgreSQL
    database_pool_min: Count = 5
    database_pool_max: Count = 20
    statement_timeout: Seconds = 3
    writers: Count = 2
    writer_batch: Annotated[int, Meta(ge=1, le=1000)] = 128
    writer_queue: Count = 10_000

    # Processes and logs
    processes: Count = 1
    shutdown_seconds: Seconds = 10
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"
    metrics_token: str = ""
    # Set by a process that starts several: its name among them, and where they hand each other their numbers.
    process_name: str = "1"
    metrics_folder: str = ""

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins in `cors_origins`."""
        return tuple(origin.strip() for origin in self.cors_origins.split(",") if origin.strip())


# Their values may hold passwords, and what is wrong at start is written to the log.
_SECRET = {"database_url", "redis_url", "secret_key", "metrics_token"}
_SCHEMES = {
    "database_url": ("postgresql", "postgres"),
    "redis_url": ("redis", "rediss", "unix"),
    "base_url": ("http", "https"),
}
_HOST = re.compile(r"([^:\[\]]*|\[[0-9a-fA-F:.%]+\])(:\d{1,5})?")


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings from `environ`; an empty value counts as not set.

    Raises `SettingsError` with one line for each value that is missing or can't be used.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    types = get_type_hints(Settings, include_extras=True)
    for field in msgspec.structs.fields(Settings):
        variable = field.name.upper()
        raw = environ.get(variable, "").strip()
        if not raw:
            if field.required:
                problems.append(f"{variable} is not set")
            continue
        try:
            values[field.name] = msgspec.convert(raw, types[field.name], strict=False, dec_hook=_to_path)
        except msgspec.ValidationError as error:
            shown = variable if field.name in _SECRET else f"{variable}={raw!r}"
            problems.append(f"{shown} can't be used: {_in_words(error, types[field.name])}")
    problems.extend(_address_problems(values))
    if problems:
        raise SettingsError("; ".join(problems))
    settings = Settings(**values)
    for origin in settings.allowed_origins:
        if not _is_origin(origin):
            raise SettingsError(
                f"CORS_ORIGINS can't be used: {origin!r} is no origin as browsers write it, like https://app.example.org"
            )
    if settings.database_pool_min > settings.database_pool_max:
        raise SettingsError("DATABASE_POOL_MIN is larger than DATABASE_POOL_MAX")
    return settings


def _address_problems(values: Mapping[str, Any]) -> Iterator[str]:
    for name, schemes in _SCHEMES.items():
        address = values.get(name)
        if not address:
            continue
        try:
            parts = urlsplit(address)
        except ValueError:
            yield f"{name.upper()} can't be used: it is no address"
            continue
        # PostgreSQL takes several hosts; its own and those of sockets may be left out.
        hosts = parts.netloc.rpartition("@")[2].split(",")
        if parts.scheme not in schemes:
            yield f"{name.upper()} can't be used: it has to begin with {schemes[0]}://"
        elif not all(_HOST.fullmatch(host) for host in hosts) or (name == "base_url" and not parts.hostname):
            yield f"{name.upper()} can't be used: it names no host and port"


def _is_origin(text: str) -> bool:
    """Whether a browser could say that it shows a page from there: it compares letter by letter."""
    try:
        url = URL(text)
        return url.scheme in ("http", "https") and str(url.origin()) == text and "*" not in text
    except ValueError:
        return False


def _in_words(error: msgspec.ValidationError, type_: Any) -> str:
    """What msgspec says, for somebody who needn't know Python."""
    if get_origin(type_) is Literal:
        return f"it has to be one of {', '.join(get_args(type_))}"
    said = str(error).replace("Expected", "it has to be").removesuffix(", got `str`")
    return said.replace("`int`", "a whole number").replace("`float`", "a number").replace("`str`", "text")


def _to_path(_type: type[Any], value: Any) -> Path:
    """Paths are the only type here that msgspec does not know."""
    return Path(value)
