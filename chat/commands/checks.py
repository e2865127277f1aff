"""What `chat doctor` looks at; each check says what it found, and what to do where that is wrong."""

import importlib.metadata
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

import asyncpg
import redis.asyncio
from redis.exceptions import RedisError

from chat import lifesign
from chat.commands.ports import is_free
from chat.commands.queries import server_clock, server_facts
from chat.folders import home_folder, resource_folder
from chat.migrations import MigrationError, read_migrations, status
from chat.receipts import backlog
from chat.receipts.backlog import Backlog
from chat.settings import Settings

_OLDEST_POSTGRES = 150000
_OLDEST_REDIS = (6, 2)
_FREE_BYTES = 1024**3
_CLOCK_SECONDS = 2.0
_POOLS_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `wrong` makes the doctor's exit status 1; `note` is worth knowing."""

    level: Literal["fine", "note", "wrong"]
    subject: str
    found: str
    advice: str = ""


def fine(subject: str, found: str) -> Finding:
    """Nothing to do."""
    return Finding("fine", subject, found)


def check_python() -> Finding:
    """Is this Python new enough?"""
    version = platform.python_version()
    if sys.version_info < (3, 11):  # noqa: UP036 - pip can be told to install under an older one
        return Finding("wrong", "Python", version, "install Python 3.11 or newer, then make clean and make setup")
    return fine("Python", version)


def check_packages() -> Finding:
    """Are the packages there in the pinned versions? In an installation without the lock: are they there?"""
    lock = home_folder() / "requirements.lock"
    if not lock.is_file():
        return fine("packages", "installed as a package: there is no lock to compare with")
    differing = []
    for name, pinned in _pins(lock):
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed = "missing"
        if installed != pinned:
            differing.append(f"{name} {installed} (pinned: {pinned})")
    if differing:
        return Finding("wrong", "packages", ", ".join(differing), "run make setup")
    return fine("packages", "as pinned in requirements.lock")


def _pins(lock: Path) -> Iterator[tuple[str, str]]:
    """Name and version of the lock's packages, without those that only some machines need."""
    for line in lock.read_text().splitlines():
        requirement = line.removesuffix("\\").strip()
        if "==" in requirement and ";" not in requirement and not requirement.startswith(("--", "#")):
            name, _, version = requirement.partition("==")
            yield name, version


def check_data_folder(folder: Path) -> Iterator[Finding]:
    """Is the data folder private, writable, and on a disk with room?"""
    if not folder.is_dir():
        yield Finding("note", "data folder", f"{folder} isn't there yet", "chat run makes it")
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o066:
        yield Finding("wrong", "data folder", f"{folder} can be read or written by others", f"chmod go-rw {folder}")
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("wrong", "data folder", f"{folder} can't be written", f"give it to this account: chown {folder}")
    else:
        yield fine("data folder", str(folder))
    free = shutil.disk_usage(folder).free
    shown = f"{free / 1024**3:.1f} GiB free"
    if free < _FREE_BYTES:
        yield Finding("wrong", "disk", shown, f"make room on the disk of {folder}: PostgreSQL stops when it is full")
    else:
        yield fine("disk", shown)


def check_port(settings: Settings, *, running: bool) -> Finding:
    """Is the port ours, or free?"""
    place = f"{settings.host}:{settings.port}"
    if running:
        return fine("port", f"{place} (chat run is under way and chose it)")
    if is_free(settings.host, settings.port):
        return fine("port", f"{place} is free")
    return Finding(
        "note",
        "port",
        f"{place} is taken",
        "fine where that is this chat; else set PORT (chat run takes the next free one by itself)",
    )


async def check_postgres(settings: Settings) -> list[Finding]:
    """Is PostgreSQL there, new enough, durable, migrated, and of our time?"""
    try:
        connection = await asyncpg.connect(settings.database_url, timeout=5)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        advice = "start it, or set DATABASE_URL to postgresql://user:password@host:5432/database"
        return [Finding("wrong", "PostgreSQL", f"can't be used: {error}", advice)]
    try:
        findings = _judge_facts(await server_facts(connection), settings)
        findings.append(await _check_migrations(connection))
        findings.append(await _check_clock(connection))
        return findings
    finally:
        await connection.close()


def _judge_facts(facts: Mapping[str, object], settings: Settings) -> list[Finding]:
    findings = []
    version = str(facts["version"])
    if cast(int, facts["version_number"]) < _OLDEST_POSTGRES:
        findings.append(Finding("wrong", "PostgreSQL", version, "use PostgreSQL 15 or newer"))
    else:
        findings.append(fine("PostgreSQL", version))
    careless = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if facts[name] == "off"]
    if careless:
        advice = f"set {', '.join(f'{name} = on' for name in careless)} in postgresql.conf and reload it"
        findings.append(Finding("wrong", "durability", f"{', '.join(careless)} off: saved isn't saved", advice))
    else:
        findings.append(fine("durability", f"fsync on, synchronous_commit {facts['synchronous_commit']}"))
    if facts["encoding"] != "UTF8":
        advice = "make the database anew with encoding 'UTF8'"
        findings.append(Finding("wrong", "encoding", str(facts["encoding"]), advice))
    wanted = (settings.processes + 1) * settings.database_pool_max
    offered = cast(int, facts["max_connections"])
    if wanted > offered * _POOLS_SHARE:
        found = f"{settings.processes} web and 1 worker may want {wanted} of its {offered} connections"
        findings.append(
            Finding("wrong", "connections", found, "raise max_connections, or lower DATABASE_POOL_MAX or PROCESSES")
        )
    return findings


async def _check_migrations(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    try:
        found = await status(connection, read_migrations(resource_folder("migrations")))
    except MigrationError as error:
        return Finding("wrong", "migrations", str(error), "docs/operations.md says more about migrations")
    if found.pending:
        labels = ", ".join(migration.label for migration in found.pending)
        return Finding("wrong", "migrations", f"pending: {labels}", "run chat migrate up")
    if found.unknown:
        return Finding("note", "migrations", f"unknown: {', '.join(found.unknown)}", "update this installation")
    return fine("migrations", f"all {len(found.applied)} applied")


async def _check_clock(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    before = datetime.now(UTC)
    theirs = await server_clock(connection)
    after = datetime.now(UTC)
    # Theirs was read somewhere between our two.
    away = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    if away > _CLOCK_SECONDS:
        advice = "switch on time synchronisation (systemd-timesyncd, chrony) on both machines"
        return Finding("wrong", "clock", f"{away:.1f} s from the database's", advice)
    return fine("clock", f"within {away + (after - before).total_seconds():.3f} s of the database's")


async def check_redis(settings: Settings, *, expect_worker: bool) -> list[Finding]:
    """Is Redis there, new enough, not forgetting silently, is a worker alive where there should be one, and did it
    store all receipts?"""
    connection = redis.asyncio.Redis.from_url(settings.redis_url, socket_connect_timeout=5, socket_timeout=5)
    try:
        server = await connection.info("server")
        memory = await connection.info("memory")
        silent = await lifesign.seconds_since(connection)
        waiting = await backlog.look(connection)
    except (RedisError, OSError, ValueError) as error:
        advice = "start it, or set REDIS_URL to redis://:password@host:6379/0"
        return [Finding("wrong", "Redis", f"can't be used: {error}", advice)]
    finally:
        await connection.aclose()
    findings = [_judge_version(server), _judge_eviction(memory), _judge_receipts(waiting)]
    return [*findings, _judge_worker(silent)] if expect_worker else findings


def _judge_version(server: Mapping[str, object]) -> Finding:
    version = str(server.get("valkey_version") or server["redis_version"])
    name = "Valkey" if "valkey_version" in server else "Redis"
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST_REDIS:
        return Finding("wrong", "Redis", f"{name} {version}", "use Redis 6.2 or newer, or Valkey")
    return fine("Redis", f"{name} {version}")


def _judge_eviction(memory: Mapping[str, object]) -> Finding:
    policy = str(memory.get("maxmemory_policy", "unknown"))
    if policy.startswith("allkeys"):
        advice = "set maxmemory-policy noeviction: jobs and receipts that wait would be thrown away"
        return Finding("wrong", "eviction", policy, advice)
    return fine("eviction", policy)


def _judge_worker(silent: float | None) -> Finding:
    if silent is None:
        return Finding("wrong", "worker", "none is alive", "start chat worker (chat run does)")
    return fine("worker", f"alive {silent:.0f} s ago")


def _judge_receipts(waiting: Backlog) -> Finding:
    if waiting.set_aside:
        found = f"{waiting.set_aside} entries are set aside: they could not be stored"
        return Finding("wrong", "receipts", found, "chat receipts says why; then chat receipts retry")
    return fine("receipts", f"{waiting.pending} wait for the worker, none is set aside")
