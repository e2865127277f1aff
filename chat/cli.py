"""The command line: `chat run | web | worker | migrate | seed | receipts | doctor`.

Only argparse is imported here. Each command is a module that is imported when it is asked for, because the time
from exec to a web process's first answer counts.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

_EPILOGUE = """\
Settings come from the environment; docs/operations.md lists them all. Without DATABASE_URL and REDIS_URL, the
commands use the embedded servers of the data folder.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 1 with a sentence on standard error."""
    parsed = _parser().parse_args(arguments)
    try:
        module = importlib.import_module(f"chat.commands.{parsed.module}")
        return int(module.main(parsed))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        # Imported here: to name the errors of all parts, it has to import them.
        from chat.commands.explain import explain

        sentence = explain(error)
        if sentence is None:
            raise
        print(f"chat: {sentence}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chat", description="A self-hosted chat.", epilog=_EPILOGUE)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_web(commands)
    _add_worker(commands)
    _add_migrate(commands)
    _add_seed(commands)
    _add_receipts(commands)
    _add_doctor(commands)
    return parser


_Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for what it returns


def _add(commands: "_Commands[argparse.ArgumentParser]", name: str, summary: str, more: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}. {more}")
    command.set_defaults(module=name)
    return command


def _add_run(commands: "_Commands[argparse.ArgumentParser]") -> None:
    run = _add(
        commands,
        "run",
        "everything on this machine: servers, migrations, demo data, web and worker",
        "Ctrl-C stops it; the data stays in the folder that it names. With DATABASE_URL or REDIS_URL set, that "
        "server is used and its embedded twin isn't started. PORT, HOST, DATA_DIR and PROCESSES are heeded.",
    )
    run.add_argument("--no-demo", action="store_true", help="begin with an empty chat: the first account is the owner")


def _add_web(commands: "_Commands[argparse.ArgumentParser]") -> None:
    web = _add(
        commands,
        "web",
        "the web server",
        "SIGTERM drains it: it takes no new connections, tells its sockets to come back elsewhere, and ends.",
    )
    web.add_argument(
        "--processes", type=_positive, metavar="N", help="how many share the port (else PROCESSES, else 1)"
    )
    web.add_argument("--shared-port", action="store_true", help=argparse.SUPPRESS)


def _add_worker(commands: "_Commands[argparse.ArgumentParser]") -> None:
    _add(commands, "worker", "the background worker", "SIGTERM lets it finish what it has begun.")


def _add_migrate(commands: "_Commands[argparse.ArgumentParser]") -> None:
    migrate = _add(
        commands,
        "migrate",
        "bring the database's schema up, down, or say where it stands",
        "Several at once take turns. The running version goes on meanwhile.",
    )
    directions = migrate.add_subparsers(title="directions", metavar="DIRECTION", dest="direction", required=True)
    up = directions.add_parser("up", help="apply what is pending", description="Apply what is pending.")
    up.add_argument("--to", type=int, metavar="NUMBER", help="stop after this migration")
    down = directions.add_parser(
        "down",
        help="undo the latest migration",
        description="Undo the latest migration, with the data that it made room for.",
    )
    down.add_argument("--to", type=int, metavar="NUMBER", help="undo all above this number instead (0: all)")
    directions.add_parser(
        "status",
        help="list what is applied and what is pending",
        description="List what is applied and what is pending; exit status 1 where something is pending.",
    )


def _add_seed(commands: "_Commands[argparse.ArgumentParser]") -> None:
    _add(commands, "seed", "add the demo data", "Refused where the database has users already.")


def _add_receipts(commands: "_Commands[argparse.ArgumentParser]") -> None:
    receipts = _add(
        commands,
        "receipts",
        "say which read receipts wait to be stored, and which could not be",
        "Exit status 1 where some are set aside.",
    )
    deeds = receipts.add_subparsers(title="deeds", metavar="DEED", dest="deed")
    deeds.add_parser(
        "retry",
        help="have those tried again that are set aside",
        description="Have those tried again that are set aside. May be repeated: to store one twice changes nothing.",
    )


def _add_doctor(commands: "_Commands[argparse.ArgumentParser]") -> None:
    _add(
        commands,
        "doctor",
        "say what is wrong with this installation, and what to do",
        "Exit status 1 where something is wrong. It changes nothing.",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
