"""The house rules that a tool can check: where code of a kind lives, and what the docs have to list."""

import ast
import fnmatch
import functools
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec

from chat import events
from chat.migrations import read_migrations
from chat.realtime import frames
from chat.routes import SOCKET_EVENTS
from chat.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 300

# Who may write SQL: the queries of each feature, and what makes or prepares databases.
SQL_PLACES = (
    "chat/**/queries.py",
    "chat/**/*_queries.py",
    "chat/migrations.py",
    "chat/embedded/*.py",
    "chat/seed/*.py",
)
# Who may know aiohttp's server: where requests and sockets come in, and where the application is put together.
SERVER_PLACES = (
    "chat/app.py",
    "chat/routes.py",
    "chat/endpoints.py",
    "chat/commands/web.py",
    "chat/web/*.py",
    "chat/**/api.py",
    "chat/**/*_api.py",
    "chat/**/pages.py",
    "chat/**/*_pages.py",
    "chat/**/socket.py",
    "chat/**/keys.py",
    "chat/accounts/bearer.py",
    "chat/accounts/sessions.py",
    "chat/realtime/connection.py",
    "chat/realtime/newcomers.py",
)
SQL = re.compile(
    r"^\s*(with\s+\w+.*\bas\b|select\b.*\bfrom\b|insert\s+into\b|update\s+\w+.*\bset\b|delete\s+from\b"
    r"|(create|alter|drop|truncate)\s+(table|index|database|type|function)\b|listen\s+\w|notify\s+\w)",
    re.IGNORECASE | re.DOTALL,
)
# A feature's own: its SQL, its pages, its part of the API.
PRIVATE = re.compile(r"(\w+_)?(queries|pages|api)")
TAG = re.compile(r"<[a-zA-Z][^<>]*>", re.DOTALL)
INLINE = re.compile(r"\s(style|on[a-z]+|hx-on[^\s=]*)\s*=", re.IGNORECASE)
HOST = re.compile(r"(?:https?:)?//(?!www\.w3\.org/)[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
# Put together here, so that this file isn't the one that is found.
INDEX_HOSTS = tuple(".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org")))


@functools.cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    """The files of the project that match: those that git knows, and those that it would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    if patterns:
        names = [name for name in names if is_among(name, patterns)]
    return tuple(Path(name) for name in sorted(names))


def is_among(name: str | Path, patterns: tuple[str, ...]) -> bool:
    """Whether the path matches one of the patterns; `**/` stands for any folders, or none."""
    spellings = (form for pattern in patterns for form in (pattern, pattern.replace("**/", "")))
    return any(fnmatch.fnmatch(str(name), form) for form in spellings)


def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def written_by_us(*patterns: str) -> Iterator[Path]:
    return (path for path in tracked(*patterns) if "vendor" not in path.parts)


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each string in a module that isn't a docstring; of f-strings, what is written out."""
    tree = ast.parse(text_of(path))
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value
        if isinstance(node, ast.JoinedStr):
            parts = (part.value for part in node.values if isinstance(part, ast.Constant))
            yield node.lineno, "{}".join(str(part) for part in parts)


def imported(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def test_no_file_is_longer_than_one_can_hold_in_mind() -> None:
    lengths = {path: len(text_of(path).splitlines()) for path in written_by_us("*.py", "*.js", "*.css", "*.html")}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_sql_is_written_in_queries_only() -> None:
    found = [
        f"{path}:{line}: {text.strip()[:60]}"
        for path in tracked("chat/*.py", "workers/*.py")
        if not is_among(path, SQL_PLACES)
        for line, text in literals(path)
        if SQL.match(text)
    ]
    assert found == []


def test_sql_is_recognised() -> None:
    assert SQL.match("\n  select id\n  from users where id = $1")
    assert SQL.match("with moved as (update x set y = 1) select 1")
    assert SQL.match("insert into users values ($1)")
    assert not SQL.match("Select a person from the list above".replace("from", "in"))
    assert not SQL.match("update the page")


def test_only_edges_know_the_server() -> None:
    found = [
        f"{path}:{line}: {name}"
        for path in tracked("chat/*.py", "workers/*.py")
        if not is_among(path, SERVER_PLACES)
        for line, name in imported(path)
        if name.split(".")[0] == "aiohttp" and "web" in name.split(".")[1]
    ]
    assert found == []


def test_no_feature_uses_what_is_private_to_another() -> None:
    features = {path.parent.name for path in tracked("chat/*/actions.py")}
    found = []
    for path in tracked("chat/*/*.py"):
        feature = path.parts[1]
        for line, name in imported(path):
            parts = name.split(".")
            theirs = len(parts) > 2 and parts[0] == "chat" and parts[1] in features - {feature}
            if theirs and feature in features and PRIVATE.fullmatch(parts[2]):
                found.append(f"{path}:{line}: {name}")
    assert found == []


def test_templates_have_no_inline_style_or_script() -> None:
    found = [
        f"{path}: {match.group()[:80]}"
        for path in written_by_us("templates/*.html")
        for match in TAG.finditer(text_of(path))
        if INLINE.search(match.group())
    ]
    assert found == []


def test_templates_and_scripts_ask_nobody_else_for_anything() -> None:
    found = [
        f"{path}: {match.group()}"
        for path in written_by_us("templates/*", "static/*.js", "static/*.css", "static/*.webmanifest")
        for match in HOST.finditer(text_of(path))
    ]
    assert found == []


def test_no_file_names_a_package_index() -> None:
    found = []
    for path in tracked():
        content = (ROOT / path).read_bytes()
        found += [f"{path}: {host}" for host in INDEX_HOSTS if host.encode() in content]
    assert found == []


def test_migrations_can_be_read() -> None:
    migrations = read_migrations(ROOT / "migrations")
    assert [migration.number for migration in migrations] == list(range(1, len(migrations) + 1))


def rows_of(section: str) -> dict[str, str]:
    """What a section of the protocol says of each event, by the event's name in the first column of its table."""
    text = text_of(Path("docs/protocol.md"))
    found = re.search(rf"^## {re.escape(section)}.*?\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, section
    rows = (line.split("|", 2) for line in found[1].splitlines() if line.startswith("| `"))
    return {name.split("`")[1]: row for _, name, row in rows}


def leaves(frame: type[frames.Frame]) -> Iterator[type[frames.Frame]]:
    """Everything that the server says; what is in between only sorts it."""
    for each in frame.__subclasses__():
        yield from leaves(each) if each.__subclasses__() else [each]


def tag_of(told: type[msgspec.Struct]) -> str:
    return str(told.__struct_config__.tag)


def test_all_that_a_device_may_say_is_listed_in_the_protocol_with_its_fields() -> None:
    rows = rows_of("From the device")
    missing = [
        f"{name}: {field}"
        for name, event in SOCKET_EVENTS.items()
        for field in event.payload.__struct_fields__
        if f"`{field}`" not in rows.get(name, "")
    ]
    assert missing == []
    assert set(rows) == set(SOCKET_EVENTS)


def test_what_only_some_tokens_may_say_is_marked_in_the_protocol() -> None:
    text = text_of(Path("docs/protocol.md"))
    marked = set(re.findall(r"^\| `([a-z:]+)` \*write\* \|", text, re.MULTILINE))
    assert marked == {name for name, event in SOCKET_EVENTS.items() if event.writes}


def test_all_that_the_server_says_is_listed_in_the_protocol_with_its_fields() -> None:
    """A row holds the payload for programs in one column, and what pages get in the next."""
    said = [*leaves(frames.Frame), *get_args(frames.ToldAsItIs)]
    rows = rows_of("From the server")
    missing = []
    for told in said:
        payload, page, *_ = rows.get(tag_of(told), "|").split("|")
        listed = page if issubclass(told, frames.PageFrame) else payload
        # What pages are told of a change of a message is written out once.
        listed = rows[tag_of(frames.ReceivedOnPage)] if issubclass(told, frames.MessageOnPage) else listed
        missing += [f"{tag_of(told)}: {field}" for field in told.__struct_fields__ if f"`{field}`" not in listed]
    assert missing == []
    assert set(rows) == set(map(tag_of, said))


def test_each_event_between_processes_is_listed_in_the_protocol() -> None:
    assert set(rows_of("Inside")) == {tag_of(event) for event in get_args(events.Event)}


def test_each_setting_is_listed_in_the_operations_guide() -> None:
    operations = text_of(Path("docs/operations.md"))
    names = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    assert {name for name in names if f"`{name}`" not in operations} == set()


def logged(path: Path) -> Iterator[str]:
    """The events that a module writes into the log; where one of two is chosen, both."""
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.Call) and re.fullmatch(r"log\.\w+|write", ast.unparse(node.func)) and node.args:
            said = (each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant))
            yield from (str(event) for event in said if re.fullmatch(r"\w+\.\w+", str(event)))


def test_each_event_in_the_log_is_listed_in_the_operations_guide() -> None:
    logs = re.search(r"^## Logs\n.*?(?=^## )", text_of(Path("docs/operations.md")), re.DOTALL | re.MULTILINE)
    assert logs is not None
    listed = set(re.findall(r"`(\w+\.\w+)`", "".join(re.findall(r"^\| `.*?\|", logs[0], re.MULTILINE))))
    assert listed == {event for path in tracked("chat/*.py", "workers/*.py") for event in logged(path)}


def test_each_module_that_the_docs_name_is_there() -> None:
    modules = [f"/{path}" for path in tracked("*.py", "*.js", "*.html")]
    named = {
        (str(page), name)
        for page in tracked("README.md", "docs/*.md")
        for name in re.findall(r"`([\w./]+\.(?:py|js|html))`", text_of(page))
    }
    assert [one for one in sorted(named) if not any(module.endswith(f"/{one[1]}") for module in modules)] == []
