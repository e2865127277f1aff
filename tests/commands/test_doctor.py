"""`chat doctor`: says that a healthy installation is, and of another what to do."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from tests.commands.conftest import Outcome, RunChat
from tests.commands.processes import wait_until
from tests.servers import WorkerProcess


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that the embedded servers' account can reach."""
    path = Path(tempfile.mkdtemp(prefix="chat-tests-", dir="/var/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def wrong(outcome: Outcome) -> dict[str, str]:
    """What was found wrong, with what was found."""
    lines = [line.removeprefix("BAD   ") for line in outcome.printed.splitlines() if line.startswith("BAD")]
    return {line.split("  ")[0]: line.partition("  ")[2].strip() for line in lines}


def advice(outcome: Outcome, subject: str) -> str:
    """What it says to do about it."""
    lines = outcome.printed.splitlines()
    place = next(number for number, line in enumerate(lines) if line[6:].startswith(subject))
    return lines[place + 1].partition("→ ")[2]


def test_an_installation_of_its_own_is_wrong_until_it_is_migrated_and_then_healthy(chat: RunChat, folder: Path) -> None:
    own: dict[str, str | None] = {"DATABASE_URL": None, "REDIS_URL": None, "SECRET_KEY": None, "DATA_DIR": str(folder)}

    before = chat("doctor", **own)
    assert (before.status, list(wrong(before))) == (1, ["migrations"]), before
    assert advice(before, "migrations") == "run chat migrate up"
    assert before.printed.endswith("\n1 to put right.\n")

    assert chat("migrate", "up", **own).status == 0
    after = chat("doctor", **own)
    assert (after.status, wrong(after)) == (0, {}), after
    assert after.printed.endswith("\nNothing is wrong.\n")


def test_of_named_servers_it_sees_what_is_careless_and_whether_a_worker_lives(
    chat: RunChat, redis_url: str, start_worker: Callable[[], WorkerProcess]
) -> None:
    # The tests' own PostgreSQL is quick, and would not survive a power cut.
    silent = chat("doctor")
    assert silent.status == 1
    assert wrong(silent)["worker"] == "none is alive"
    assert wrong(silent)["durability"].endswith("off: saved isn't saved")
    assert "fsync = on" in advice(silent, "durability")

    worker = start_worker()
    with redis.Redis.from_url(redis_url) as connection:
        wait_until(lambda: connection.exists("chat:worker:alive"), worker.printed)
    assert list(wrong(chat("doctor"))) == ["durability"]


def test_receipts_that_are_set_aside_are_noticed(chat: RunChat, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        connection.xadd("chat:receipts:set-aside", {"w": "ConnectionRefusedError"})

    found = chat("doctor")

    assert wrong(found)["receipts"].startswith("1 entries are set aside")
    assert "chat receipts retry" in advice(found, "receipts")


def test_servers_that_are_away_are_told_apart(chat: RunChat) -> None:
    nobody = chat("doctor", DATABASE_URL="postgresql://127.0.0.1:1/chat", REDIS_URL="redis://127.0.0.1:1")

    assert nobody.status == 1
    assert set(wrong(nobody)) == {"PostgreSQL", "Redis"}
    assert advice(nobody, "PostgreSQL").startswith("start it, or set DATABASE_URL")
    assert advice(nobody, "Redis").startswith("start it, or set REDIS_URL")


def test_a_refused_password_and_a_wrong_name_are_said(chat: RunChat, database_url: str) -> None:
    parts = urlsplit(database_url)
    password = parts.password
    assert password is not None

    stranger = chat("doctor", DATABASE_URL=database_url.replace(password, "wrong-secret"))
    elsewhere = chat("doctor", DATABASE_URL=parts._replace(path="/no_such_database").geturl())

    assert "PostgreSQL" in wrong(stranger)
    assert "wrong-secret" not in stranger.printed + stranger.complained
    assert "no_such_database" in wrong(elsewhere)["PostgreSQL"]


def test_wrong_settings_are_the_first_thing_to_put_right(chat: RunChat) -> None:
    found = chat("doctor", PORT="high", SECRET_KEY="short")

    assert found.status == 1
    assert wrong(found)["setup"].startswith("PORT='high' can't be used")
    assert "short" not in found.printed
    assert "Traceback" not in found.complained


def test_too_few_connections_for_all_processes_are_noticed(chat: RunChat) -> None:
    greedy = chat("doctor", PROCESSES="40", DATABASE_POOL_MAX="20")

    assert "40 web and 1 worker may want 820" in wrong(greedy)["connections"]
    assert "max_connections" in advice(greedy, "connections")


def test_a_data_folder_that_others_can_read_is_noticed(chat: RunChat, folder: Path) -> None:
    folder.chmod(0o755)

    found = chat("doctor", DATA_DIR=str(folder))

    assert wrong(found)["data folder"] == f"{folder} can be read or written by others"
    assert advice(found, "data folder") == f"chmod go-rw {folder}"
    folder.chmod(0o700)
