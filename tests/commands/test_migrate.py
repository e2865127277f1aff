"""`chat migrate`: up, down and where the schema stands."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from chat.folders import resource_folder
from chat.migrations import MigrationError, migrate_down, migrate_up, read_migrations, status
from tests.commands.conftest import RunChat

MIGRATIONS = read_migrations(resource_folder("migrations"))
LAST = MIGRATIONS[-1]

# Everything that a schema is made of, as text, in an order that hangs on nothing but names.
DESCRIBE = """
    select 'column ' || table_name || '.' || column_name || ' ' || udt_name || ' ' || is_nullable || ' '
        || coalesce(column_default, '') || coalesce(generation_expression, '')
    from information_schema.columns where table_schema = 'public'
    union all
    select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    from pg_constraint where connamespace = 'public'::regnamespace
    union all
    select 'index ' || indexdef from pg_indexes where schemaname = 'public'
    union all
    select 'options ' || relname || ' ' || coalesce(reloptions::text, '')
    from pg_class where relnamespace = 'public'::regnamespace
    union all
    select 'function ' || pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
    union all
    select 'trigger ' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all
    select 'type ' || typname from pg_type where typnamespace = 'public'::regnamespace
    order by 1
"""


async def schema_of(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [record[0] for record in await connection.fetch(DESCRIBE)]
    finally:
        await connection.close()


def quiet(_line: str) -> None:
    """Nobody listens."""


async def test_down_and_up_again_gives_the_same_schema(database_url: str) -> None:
    before = await schema_of(database_url)
    assert any("messages" in line for line in before)

    undone = await migrate_down(database_url, MIGRATIONS, target=0, report=quiet)
    empty = await schema_of(database_url)
    done = await migrate_up(database_url, MIGRATIONS, report=quiet)

    assert [migration.number for migration in undone] == [migration.number for migration in reversed(MIGRATIONS)]
    assert done == MIGRATIONS
    assert {line for line in empty if "schema_migrations" not in line} == set()
    assert await schema_of(database_url) == before


async def test_each_step_alone_leads_back_to_where_it_began(database_url: str) -> None:
    after = {LAST.number: await schema_of(database_url)}
    for migration in reversed(MIGRATIONS):
        await migrate_down(database_url, MIGRATIONS, target=migration.number - 1, report=quiet)
        after[migration.number - 1] = await schema_of(database_url)

    for migration in MIGRATIONS:
        assert await migrate_up(database_url, MIGRATIONS, target=migration.number, report=quiet) == [migration]
        assert await schema_of(database_url) == after[migration.number], migration.label


async def test_several_at_once_take_turns(database_url: str) -> None:
    await migrate_down(database_url, MIGRATIONS, target=0, report=quiet)

    done = await asyncio.gather(*(migrate_up(database_url, MIGRATIONS, report=quiet) for _ in range(3)))

    assert sorted(len(one) for one in done) == [0, 0, len(MIGRATIONS)]


async def test_one_that_fails_leaves_nothing_of_itself(database_url: str, tmp_path: Path) -> None:
    for migration in MIGRATIONS:
        for way in ("up", "down"):
            (tmp_path / f"{migration.label}.{way}.sql").write_text(migration.script(way))
    number = LAST.number + 1
    (tmp_path / f"{number:04}_broken.up.sql").write_text(
        "-- Fails half way.\ncreate table half (id int);\nselect 1/0;\n"
    )
    (tmp_path / f"{number:04}_broken.down.sql").write_text("-- Undoes it.\ndrop table half;\n")
    before = await schema_of(database_url)

    with pytest.raises(MigrationError, match=rf"{number:04}_broken \(up\): division by zero"):
        await migrate_up(database_url, read_migrations(tmp_path), report=quiet)

    assert await schema_of(database_url) == before


async def test_a_migration_that_was_changed_after_it_was_applied_is_refused(database_url: str, tmp_path: Path) -> None:
    for migration in MIGRATIONS:
        for way in ("up", "down"):
            changed = "\n-- One more thing.\n" if migration is LAST and way == "up" else ""
            (tmp_path / f"{migration.label}.{way}.sql").write_text(migration.script(way) + changed)

    with pytest.raises(MigrationError, match="it was changed after it was applied"):
        await migrate_up(database_url, read_migrations(tmp_path), report=quiet)


async def test_a_database_that_is_ahead_can_be_used_and_not_taken_down(database_url: str) -> None:
    older = MIGRATIONS[:-1]

    assert await migrate_up(database_url, older, report=quiet) == []
    connection = await asyncpg.connect(database_url)
    assert (await status(connection, older)).unknown == (LAST.label,)
    await connection.close()
    with pytest.raises(MigrationError, match="go down with the version that applied it"):
        await migrate_down(database_url, older, target=0, report=quiet)


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("1_x.up.sql", "-- Why.\n", "is named NNNN_name.up.sql"),
        ("0001_X.up.sql", "-- Why.\n", "is named NNNN_name.up.sql"),
        ("0001_x.up.sql", "select 1;\n", "opens with a comment that says why"),
        ("0001_x.up.sql", "-- Why.\n", "0001_x.down.sql is missing"),
    ],
)
def test_a_file_that_is_no_migration_is_refused(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(MigrationError, match=complaint):
        read_migrations(tmp_path)


def test_the_command_goes_up_and_down_and_tells_where_it_stands(chat: RunChat) -> None:
    labels = [migration.label for migration in MIGRATIONS]

    assert chat("migrate", "status").printed == "".join(f"applied  {label}\n" for label in labels)
    assert chat("migrate", "up").printed == "nothing to do: the database is up to date\n"
    assert chat("migrate", "down").printed == f"down {LAST.label}\n"
    behind = chat("migrate", "status")
    assert (behind.status, behind.printed.splitlines()[-1]) == (1, f"pending  {LAST.label}")
    assert chat("migrate", "up").printed == f"up   {LAST.label}\n"
    assert chat("migrate", "status").status == 0
    unknown = chat("migrate", "down", "--to", "99")
    assert (unknown.status, unknown.complained) == (
        1,
        "chat: there is no migration with the number 99; chat migrate status lists them\n",
    )


def test_nothing_but_the_database_has_to_be_set_for_it(chat: RunChat) -> None:
    assert chat("migrate", "status", REDIS_URL=None, SECRET_KEY=None, DATA_DIR=None).status == 0


def test_a_database_that_nobody_has_used_is_all_pending(
    chat: RunChat, make_database: Callable[[], str], run_statement: Callable[[str], None]
) -> None:
    url = make_database()
    name = url.rpartition("/")[2].partition("?")[0]
    run_statement(f"drop database {name}")
    run_statement(f"create database {name}")

    found = chat("migrate", "status", DATABASE_URL=url)

    assert (found.status, found.printed.splitlines()[0]) == (1, f"pending  {MIGRATIONS[0].label}")
