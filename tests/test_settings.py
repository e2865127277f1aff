"""Settings: the numbers of the spec as defaults, and each wrong value refused with a sentence that names it."""

from pathlib import Path

import msgspec
import pytest

from chat.settings import Settings, SettingsError, load

NEEDED = {
    "DATABASE_URL": "postgresql://chat:hidden@localhost/chat",
    "REDIS_URL": "redis://localhost",
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
}


def refusal(**changes: str) -> str:
    """What is said about these values."""
    with pytest.raises(SettingsError) as refused:
        load(NEEDED | changes)
    return str(refused.value)


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = load(NEEDED)

    assert settings.message_max_length == 4000
    assert settings.history_page == 50
    assert (settings.login_limit, settings.login_limit_window) == (5, 15 * 60)
    assert (settings.register_limit, settings.register_limit_window) == (5, 60 * 60)
    assert (settings.send_limit_per_minute, settings.send_burst) == (30, 10)
    assert settings.history_limit_per_minute == 60
    assert settings.connect_limit_per_minute == 10
    assert settings.frame_max_bytes == 65_536
    assert settings.heartbeat_interval == 15
    assert (settings.database_pool_min, settings.database_pool_max) == (5, 20)
    assert (settings.statement_timeout, settings.send_retries) == (3, 3)
    assert settings.registration == "open"


def test_each_is_read_from_the_variable_of_its_name() -> None:
    settings = load(
        NEEDED | {"PORT": " 80 ", "REGISTRATION": "closed", "HEARTBEAT_INTERVAL": "0.5", "DATA_DIR": "/srv/chat"}
    )

    assert (settings.port, settings.registration, settings.heartbeat_interval) == (80, "closed", 0.5)
    assert settings.data_dir == Path("/srv/chat")


def test_an_empty_value_counts_as_not_set() -> None:
    assert load(NEEDED | {"PORT": "", "HISTORY_PAGE": "  "}) == load(NEEDED)
    assert refusal(SECRET_KEY="") == "SECRET_KEY is not set"


def test_what_is_missing_is_said_all_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        load({"PORT": "high"})

    said = str(refused.value)
    assert "DATABASE_URL is not set; REDIS_URL is not set; " in said
    assert "SECRET_KEY is not set" in said
    assert "PORT='high' can't be used" in said


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *[("PORT", value) for value in ("0", "65536", "-1", "80.5", "http", "8000 8001", "\u0668")],
        *[("HISTORY_PAGE", value) for value in ("0", "101")],
        *[("MESSAGE_MAX_LENGTH", value) for value in ("0", "-5", "4e3x", "lots")],
        *[("LOGIN_LIMIT", value) for value in ("-1", "five")],
        *[("LOGIN_LIMIT_WINDOW", value) for value in ("0", "-1", "soon", "nan")],
        *[("HEARTBEAT_TIMEOUT", value) for value in ("0", "-0.1")],
        *[("WRITER_BATCH", value) for value in ("0", "1001")],
        ("REGISTRATION", "everyone"),
        ("REGISTRATION", "Open"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("PROCESSES", "0"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "yes"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(variable: str, value: str) -> None:
    said = refusal(**{variable: value})

    assert said.startswith(f"{variable}={value!r} can't be used: ")
    assert len(said) > len(f"{variable}={value!r} can't be used: ")


def test_a_secret_is_never_repeated() -> None:
    assert "too-short" not in (said := refusal(SECRET_KEY="too-short"))
    assert said.startswith("SECRET_KEY can't be used: ")
    assert "hidden" not in refusal(PORT="x")


def test_other_sites_are_named_with_commas_between() -> None:
    settings = load(NEEDED | {"CORS_ORIGINS": "https://app.example.org, http://localhost:3000,"})
    assert settings.allowed_origins == ("https://app.example.org", "http://localhost:3000")
    assert load(NEEDED).allowed_origins == ()


@pytest.mark.parametrize(
    "origin",
    [
        *("*", "null", "app.example.org", "//app.example.org", "ftp://app.example.org", "https://", "https://*.org"),
        *("https://app.example.org/", "https://app.example.org/path", "https://App.example.org"),
        *("https://app.example.org:443", "https://me@app.example.org", "https://app.example.org:x"),
    ],
)
def test_a_site_that_no_browser_would_name_so_is_refused(origin: str) -> None:
    assert refusal(CORS_ORIGINS=f"https://other.example.org,{origin}").startswith("CORS_ORIGINS can't be used")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://localhost/chat"),
        ("DATABASE_URL", "localhost"),
        ("DATABASE_URL", "postgresql://localhost:x/chat"),
        ("DATABASE_URL", "postgresql://me:hidden@one,two:x/chat"),
        ("DATABASE_URL", "postgresql://[::1/chat"),
        ("REDIS_URL", "http://localhost"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://:hidden@localhost:port"),
        ("BASE_URL", "chat.example.org"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "https://chat.example.org:x"),
        ("BASE_URL", "ftp://chat.example.org"),
    ],
)
def test_what_is_no_address_is_refused_before_anything_connects(variable: str, value: str) -> None:
    said = refusal(**{variable: value})

    assert said.startswith(f"{variable} can't be used: it ")
    assert "hidden" not in said


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "postgres://me:p%40ss@db.example.org:5433/chat?sslmode=require"),
        ("DATABASE_URL", "postgresql:///chat?host=%2Fvar%2Frun%2Fpostgresql&port=5433"),
        ("DATABASE_URL", "postgresql://one:5432,two/chat"),
        ("DATABASE_URL", "postgresql://[2001:db8::1]:5432/chat"),
        ("REDIS_URL", "rediss://user:secret@redis.example.org:6380/1"),
        ("REDIS_URL", "unix:///run/redis.sock?db=2"),
        ("BASE_URL", "https://chat.example.org/"),
        ("BASE_URL", "http://127.0.0.1:8000"),
    ],
)
def test_addresses_of_all_kinds_are_taken(variable: str, value: str) -> None:
    assert getattr(load(NEEDED | {variable: value}), variable.lower()) == value


def test_a_pool_is_not_smaller_than_itself() -> None:
    assert refusal(DATABASE_POOL_MIN="21") == "DATABASE_POOL_MIN is larger than DATABASE_POOL_MAX"
    assert refusal(DATABASE_POOL_MAX="4") == "DATABASE_POOL_MIN is larger than DATABASE_POOL_MAX"
    assert load(NEEDED | {"DATABASE_POOL_MIN": "30", "DATABASE_POOL_MAX": "30"}).database_pool_min == 30


def test_settings_of_a_running_process_stay_as_they_are() -> None:
    settings = load(NEEDED)
    with pytest.raises(AttributeError):
        settings.port = 1  # type: ignore[misc]
    assert isinstance(msgspec.structs.replace(settings, port=1), Settings)
