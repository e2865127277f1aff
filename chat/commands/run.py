"""`chat run`: everything on this machine, from servers to demo data, until Ctrl-C."""

import asyncio
import json
import os
import secrets
import socket
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from chat.accounts.queries import any_user
from chat.commands.ports import reserve_next, shown_address
from chat.commands.siblings import web_programs
from chat.commands.supervisor import Program, keep_running, keep_servers_running
from chat.commands.until import EarlyEnd, until_signalled
from chat.db import create_pool
from chat.embedded.folder import write_private
from chat.embedded.installation import Installation
from chat.folders import home_folder, resource_folder
from chat.migrations import migrate_up, read_migrations
from chat.settings import Settings, load

if TYPE_CHECKING:
    from chat.seed import Login

_READY_SECONDS = 30.0
_POLL = 0.02
_SHOWN_LOGINS = 2
_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}


def main(arguments: Namespace) -> int:
    """Run until told to end; 0 then."""
    early_end = EarlyEnd()
    installation = Installation(os.environ, home=home_folder())
    try:
        _start_servers(installation)
        environ, held = _choose_port(installation.environment())
        with held:
            installation.announce()
            early_end.only_remember()
            work = _prepare_and_keep_running(installation, load(environ), environ, demo=not arguments.no_demo)
            asyncio.run(until_signalled(work, early_end))
    except KeyboardInterrupt:
        pass
    finally:
        installation.stop()
    _say(f"Stopped. The data is kept in {installation.folder.path}")
    return 0


def _start_servers(installation: Installation) -> None:
    folder = installation.folder
    if folder.moved_from is not None:
        _say(f"Data goes to {folder.path}: the servers run as nobody, who can't enter {folder.moved_from.parent}")
    if installation.servers:
        names = " and ".join(server.name for server in installation.servers)
        started = monotonic()
        installation.start()
        _say(f"{names} started in {monotonic() - started:.1f} s")


def _choose_port(environ: dict[str, str]) -> tuple[dict[str, str], socket.socket]:
    """The environment with a port that is free, and the socket that holds it."""
    settings = load(environ)
    port, held = reserve_next(settings.host, settings.port)
    if port != settings.port:
        _say(f"Port {settings.port} is taken; using {port}")
    # A person reads these lines; a log collector isn't near.
    return {"LOG_FORMAT": "text", **environ, "PORT": str(port)}, held


async def _prepare_and_keep_running(
    installation: Installation, settings: Settings, environ: dict[str, str], *, demo: bool
) -> None:
    await migrate_up(settings.database_url, read_migrations(resource_folder("migrations")), report=_say)
    logins = await _demo_logins(settings, installation.folder.path / "demo-logins.json", demo=demo)
    with web_programs(environ, settings.processes, prefixed=True) as programs:
        programs.append(Program("worker", ("worker",), environ))
        async with asyncio.TaskGroup() as group:
            group.create_task(keep_running(programs, patience=settings.shutdown_seconds + 2, report=_say))
            group.create_task(keep_servers_running(installation.servers, report=_say))
            group.create_task(_greet(settings, installation.folder.path, logins))


async def _demo_logins(settings: Settings, remembered: Path, *, demo: bool) -> list[tuple[str, str]]:
    """The logins of the demo data: made now where nobody has an account yet, else as remembered from then."""
    pool = await create_pool(settings)
    async with pool:
        if await any_user(pool):
            return _read_logins(remembered)
        if not demo:
            return []
        # Imported here: later starts don't need it.
        from chat.seed import seed
        from chat.seed.people import PASSWORD

        started = monotonic()
        password = PASSWORD if settings.host in _THIS_MACHINE else secrets.token_urlsafe(9)
        made: Sequence[Login] = await seed(pool, password=password)
        _say(f"Demo data added in {monotonic() - started:.1f} s")
    logins = [(login.email, login.password) for login in made[:_SHOWN_LOGINS]]
    write_private(remembered, json.dumps(logins) + "\n")
    return logins


def _read_logins(remembered: Path) -> list[tuple[str, str]]:
    try:
        return [(email, password) for email, password in json.loads(remembered.read_text())]
    except FileNotFoundError:
        return []


async def _greet(settings: Settings, data_folder: Path, logins: list[tuple[str, str]]) -> None:
    """Say where the chat is, as soon as it answers."""
    deadline = monotonic() + _READY_SECONDS
    while not await _answers(settings):
        if monotonic() > deadline:
            _say(f"The web process doesn't answer after {_READY_SECONDS:.0f} s; its lines above say why")
            return
        await asyncio.sleep(_POLL)
    lines = ["", f"  The chat is ready:  {shown_address(settings.host, settings.port)}"]
    for number, (email, password) in enumerate(logins):
        lines.append(f"  {'' if number else 'Demo logins:':<18}  {email}  {password}")
    if not logins:
        lines.append("  Register there; the first account becomes the owner.")
    elif settings.host not in _THIS_MACHINE and _are_known_to_everybody(logins):
        lines.append("  Warning: these passwords are in our source, and the network can reach this address.")
    lines += [f"  {'Data:':<18}  {data_folder}", f"  {'Stop:':<18}  Ctrl-C", ""]
    _say("\n".join(lines))


def _are_known_to_everybody(logins: list[tuple[str, str]]) -> bool:
    # Imported here, as above.
    from chat.seed.people import PASSWORD

    return any(password == PASSWORD for _, password in logins)


async def _answers(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    try:
        reader, writer = await asyncio.open_connection(host, settings.port)
    except OSError:
        return False
    try:
        writer.write(b"GET /health/live HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()


def _say(sentence: str) -> None:
    print(sentence, flush=True, file=sys.stdout)
