"""The migration runner: plain SQL files, up and down, one run at a time, safe beside the running version."""

import asyncio
import hashlib
import itertools
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from chat.db import Connection

Report = Callable[[str], None]

_FILE = re.compile(r"(?P<number>\d{4})_(?P<name>[a-z0-9_]+)\.(?P<direction>up|down)\.sql")
_MARKER = "-- no-transaction"
_LOCK_KEY = 0x63686174  # "chat" in ASCII
_LOCK_WAIT = 60.0
_STATEMENT_LOCK_TIMEOUT = "2s"
_LOCK_TRIES = 8


class MigrationError(Exception):
    """The migrations and the database don't fit together; the message says how, and what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema, read from its two files."""

    number: int
    name: str
    up: str
    down: str

    @property
    def label(self) -> str:
        """The number and the name, as in the files' names."""
        return f"{self.number:04}_{self.name}"

    def script(self, direction: str) -> str:
        """The SQL of one way, `up` or `down`."""
        return self.up if direction == "up" else self.down

    @property
    def checksum(self) -> str:
        """SHA-256 of the way up, in hexadecimal; line endings don't count."""
        return hashlib.sha256(self.up.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Status:
    """What a database has had, and what it waits for; `unknown` was applied by a newer version of the program."""

    applied: tuple[Migration, ...]
    pending: tuple[Migration, ...]
    unknown: tuple[str, ...]


def read_migrations(folder: Path) -> list[Migration]:
    """All migrations of the folder in their order.

    Raises `MigrationError` for a file that is misnamed, lacks its twin, or opens without a line on why.
    """
    files: dict[tuple[int, str], dict[str, str]] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _FILE.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is named NNNN_name.up.sql or NNNN_name.down.sql")
        text = "\n".join(path.read_text(encoding="utf-8").splitlines()) + "\n"
        if not text.startswith("--"):
            raise MigrationError(f"{path.name}: a migration opens with a comment that says why")
        files.setdefault((int(match["number"]), match["name"]), {})[match["direction"]] = text
    migrations: list[Migration] = []
    for (number, name), texts in files.items():
        if texts.keys() != {"up", "down"}:
            missing = ({"up", "down"} - texts.keys()).pop()
            raise MigrationError(f"{number:04}_{name}.{missing}.sql is missing")
        if migrations and migrations[-1].number == number:
            raise MigrationError(f"two migrations have the number {number:04}: {migrations[-1].name} and {name}")
        migrations.append(Migration(number, name, texts["up"], texts["down"]))
    return migrations


async def status(connection: Connection, migrations: list[Migration]) -> Status:
    """Compare the database with the files.

    Raises `MigrationError` where an applied migration has been changed since, or one was left out.
    """
    recorded = await _recorded(connection)
    applied = []
    for migration in migrations:
        if migration.number not in recorded:
            continue
        label, checksum = recorded.pop(migration.number)
        if label != migration.label or checksum != migration.checksum:
            raise MigrationError(
                f"{migration.label} is not the migration that this database had as {label}: it was changed after "
                "it was applied. Restore the file, and put the change into a new migration"
            )
        applied.append(migration)
    pending = [migration for migration in migrations if migration not in applied]
    if applied and pending and pending[0].number < applied[-1].number:
        raise MigrationError(
            f"{pending[0].label} was never applied, but {applied[-1].label} was: "
            "give it a number above the others, so that every database takes the same way"
        )
    return Status(tuple(applied), tuple(pending), tuple(label for label, _ in recorded.values()))


async def migrate_up(
    database_url: str, migrations: list[Migration], *, target: int | None = None, report: Report
) -> list[Migration]:
    """Apply what is pending, up to the number `target` if given, and return it.

    Each migration and its record are one transaction, except those marked `-- no-transaction`. Raises
    `MigrationError`; what was applied before the one that failed stays.
    """
    async with _locked(database_url, report) as connection:
        found = await status(connection, migrations)
        if found.unknown:
            report(f"the database has had what this version doesn't know: {', '.join(found.unknown)}")
        todo = [migration for migration in found.pending if target is None or migration.number <= target]
        for migration in todo:
            await _run(connection, migration, "up", report)
        return todo


async def migrate_down(
    database_url: str, migrations: list[Migration], *, target: int, report: Report
) -> list[Migration]:
    """Undo, newest first, every applied migration with a number above `target`, and return them.

    Raises `MigrationError`, among others where the database is ahead of the files.
    """
    async with _locked(database_url, report) as connection:
        found = await status(connection, migrations)
        if found.unknown:
            raise MigrationError(
                f"this version doesn't know {', '.join(found.unknown)}: go down with the version that applied it"
            )
        todo = [migration for migration in reversed(found.applied) if migration.number > target]
        for migration in todo:
            await _run(connection, migration, "down", report)
        return todo


@asynccontextmanager
async def _locked(database_url: str, report: Report) -> AsyncIterator[Connection]:
    """A connection that holds the migration lock, so that several release commands take turns."""
    connection: Connection = await asyncpg.connect(
        database_url,
        server_settings={
            "application_name": "chat migrate",
            # Reading a big table takes what it takes; waiting for a lock holds up everybody behind it.
            "statement_timeout": "0",
            "lock_timeout": _STATEMENT_LOCK_TIMEOUT,
        },
    )
    try:
        deadline = time.monotonic() + _LOCK_WAIT
        told = False
        while not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK_KEY):
            if not told:
                report("another migration is running; waiting for it")
                told = True
            if time.monotonic() > deadline:
                raise MigrationError(
                    f"another migration has been running for {_LOCK_WAIT:.0f} s; try again when it has ended "
                    "(it is in pg_stat_activity under the application_name 'chat migrate')"
                )
            await asyncio.sleep(0.2)
        await connection.execute(
            """
            create table if not exists schema_migrations (
                number integer primary key,
                name text not null,
                checksum text not null,
                applied_at timestamptz not null default now()
            )
            """
        )
        yield connection
    finally:
        # The lock goes with the connection.
        await connection.close()


async def _recorded(connection: Connection) -> dict[int, tuple[str, str]]:
    """Number to label and checksum of what the database has had; empty before the first migration."""
    if await connection.fetchval("select to_regclass('schema_migrations')") is None:
        return {}
    rows = await connection.fetch("select number, name, checksum from schema_migrations order by number")
    return {row["number"]: (f"{row['number']:04}_{row['name']}", row["checksum"]) for row in rows}


async def _run(connection: Connection, migration: Migration, direction: str, report: Report) -> None:
    """Carry out one way of one migration, trying again where somebody holds a lock that it needs."""
    script = migration.script(direction)
    for attempt in range(1, _LOCK_TRIES + 1):
        try:
            if _without_transaction(script):
                for statement in _statements(script, migration.label):
                    await connection.execute(statement)
                await _record(connection, migration, direction)
            else:
                async with connection.transaction():
                    await connection.execute(script)
                    await _record(connection, migration, direction)
        except asyncpg.LockNotAvailableError:
            if attempt == _LOCK_TRIES:
                raise MigrationError(
                    f"{migration.label}: a lock that it needs was held for all of {_LOCK_TRIES} tries; "
                    "look for a long transaction in pg_stat_activity, then run it again"
                ) from None
            report(f"{migration.label}: waiting for a lock (try {attempt} of {_LOCK_TRIES})")
            await asyncio.sleep(min(0.25 * 2**attempt, 10))
        except asyncpg.PostgresError as error:
            raise MigrationError(f"{migration.label} ({direction}): {error}{_place(error, script)}") from error
        else:
            report(f"{direction:4} {migration.label}")
            return


async def _record(connection: Connection, migration: Migration, direction: str) -> None:
    if direction == "up":
        await connection.execute(
            "insert into schema_migrations (number, name, checksum) values ($1, $2, $3)",
            migration.number,
            migration.name,
            migration.checksum,
        )
    else:
        await connection.execute("delete from schema_migrations where number = $1", migration.number)


def _without_transaction(script: str) -> bool:
    """Whether the comment that opens the script holds the marker, as `create index concurrently` needs.

    Such a script may stop half way, so each of its statements has to be one that can be repeated.
    """
    opening = itertools.takewhile(lambda line: line.startswith("--"), script.splitlines())
    return _MARKER in (line.strip() for line in opening)


def _statements(script: str, label: str) -> Iterator[str]:
    """The statements of a script without a transaction: each is sent alone, and ends its line with ';'."""
    if "$$" in script:
        raise MigrationError(f"{label}: a body in $$ needs a transaction; leave out the marker, or split the file")
    for part in re.split(r";[ \t]*\n", script):
        if any(line.strip() and not line.lstrip().startswith("--") for line in part.splitlines()):
            yield part


def _place(error: asyncpg.PostgresError, script: str) -> str:
    """In which line of the file, as far as PostgreSQL says."""
    position = getattr(error, "position", None)
    return f", line {script.count(chr(10), 0, int(position)) + 1}" if position else ""
