"""The command line: what there is, and how it says no."""

import pytest

from chat.cli import main
from tests.commands.conftest import RunChat

COMMANDS = ["run", "web", "worker", "migrate", "seed", "receipts", "doctor"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        *[[name] for name in COMMANDS],
        *[["migrate", way] for way in ("up", "down", "status")],
        ["receipts", "retry"],
    ],
)
def test_each_command_explains_itself(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])

    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"usage: {' '.join(['chat', *arguments])}")
    assert len(printed.splitlines()) >= 5


def test_all_commands_are_listed(chat: RunChat) -> None:
    help_ = chat("--help")

    assert help_.status == 0
    assert all(f"\n    {name}" in help_.printed for name in COMMANDS)
    assert "docs/operations.md" in help_.printed


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such"],
        ["migrate"],
        ["migrate", "sideways"],
        ["migrate", "up", "--to", "x"],
        ["web", "--processes", "0"],
    ],
)
def test_what_is_no_command_is_refused_with_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "usage: chat" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["web", "worker", "seed"])
def test_wrong_settings_are_refused_in_one_sentence(chat: RunChat, command: str) -> None:
    refused = chat(command, MESSAGE_MAX_LENGTH="many", LOG_LEVEL="loud")

    assert refused.status == 1
    assert refused.complained.startswith("chat: MESSAGE_MAX_LENGTH='many' can't be used: ")
    assert "LOG_LEVEL='loud' can't be used" in refused.complained
    assert len(refused.complained.splitlines()) == 1


@pytest.mark.parametrize("command", [["web"], ["seed"], ["migrate", "status"]])
def test_a_database_that_cannot_be_reached_is_said_in_a_sentence(chat: RunChat, command: list[str]) -> None:
    refused = chat(*command, DATABASE_URL="postgresql://127.0.0.1:1/chat")

    assert refused.status == 1
    assert "Traceback" not in refused.complained
    assert "chat: a server can't be reached" in refused.complained


@pytest.mark.parametrize("command", [["web"], ["worker"], ["migrate", "status"], ["doctor"]])
def test_an_address_that_is_none_is_said_in_a_sentence(chat: RunChat, command: list[str]) -> None:
    refused = chat(*command, DATABASE_URL="mysql://me:hidden@localhost/chat")

    said = refused.complained + refused.printed
    assert refused.status == 1
    assert "DATABASE_URL can't be used: " in said
    assert "Traceback" not in said
    assert "hidden" not in said


def test_seed_adds_the_team_once(chat: RunChat) -> None:
    first = chat("seed")
    again = chat("seed")

    assert (first.status, again.status) == (0, 1)
    assert all("@" in line and len(line.split()) == 2 for line in first.printed.splitlines())
    assert len(first.printed.splitlines()) >= 10
    assert again.complained == "chat: this database has users already; demo data is for an empty one\n"
