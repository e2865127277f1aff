"""`chat migrate`: the schema up, down, or where it stands."""

import asyncio
import os
from argparse import Namespace

import asyncpg

from chat.commands.errors import CommandError
from chat.embedded.installation import servers
from chat.folders import home_folder, resource_folder
from chat.migrations import Migration, Status, migrate_down, migrate_up, read_migrations, status


def main(arguments: Namespace) -> int:
    """Carry out one direction; 1 where `status` finds something pending."""
    migrations = read_migrations(resource_folder("migrations"))
    # A release command needs the database only, so nothing else has to be set for it.
    with servers(os.environ, home=home_folder(), needed=["DATABASE_URL"]) as environ:
        url = environ["DATABASE_URL"]
        if arguments.direction == "up":
            return asyncio.run(_up(url, migrations, arguments.to))
        if arguments.direction == "down":
            return asyncio.run(_down(url, migrations, arguments.to))
        return asyncio.run(_status(url, migrations))


async def _up(url: str, migrations: list[Migration], target: int | None) -> int:
    _known(migrations, target)
    if not await migrate_up(url, migrations, target=target, report=print):
        print("nothing to do: the database is up to date")
    return 0


async def _down(url: str, migrations: list[Migration], target: int | None) -> int:
    _known(migrations, target)
    if target is None:
        found = await _look(url, migrations)
        # One step: to the last but one of those that were applied.
        target = found.applied[-2].number if len(found.applied) > 1 else 0
    if not await migrate_down(url, migrations, target=target, report=print):
        print("nothing to do: nothing above that was applied")
    return 0


async def _status(url: str, migrations: list[Migration]) -> int:
    found = await _look(url, migrations)
    for migration in found.applied:
        print(f"applied  {migration.label}")
    for label in found.unknown:
        print(f"unknown  {label} (applied by another version)")
    for migration in found.pending:
        print(f"pending  {migration.label}")
    return 1 if found.pending else 0


async def _look(url: str, migrations: list[Migration]) -> Status:
    connection = await asyncpg.connect(url)
    try:
        return await status(connection, migrations)
    finally:
        await connection.close()


def _known(migrations: list[Migration], target: int | None) -> None:
    if target is not None and target != 0 and target not in [migration.number for migration in migrations]:
        raise CommandError(f"there is no migration with the number {target}; chat migrate status lists them")
