"""What the servers were asked to do: PostgreSQL's statements from its own log, Valkey's commands from its counters."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import redis.asyncio

from chat.embedded.postgres import EmbeddedPostgres
from chat.embedded.valkey import EmbeddedValkey

_ENTRY = re.compile(rb"^\d{4}-\d\d-\d\d ", re.MULTILINE)
_STATEMENT = re.compile(r"LOG:  duration: [\d.]+ ms  (parse|execute|statement)\b[^:]*: (.*)", re.DOTALL)
# Of a statement's text, so much is enough to tell it from others.
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """What one deed asked of the servers: how often each statement and each command."""

    statements: Counter[str]
    commands: Counter[str]


def each(total: Counter[str], times: int) -> Counter[str]:
    """How often for each of so many; what came less often than that came by the clock."""
    counts: Counter[str] = Counter()
    for name, count in total.items():
        whole, rest = divmod(count, times)
        assert rest * 10 <= times, f"neither with each of {times} nor by the clock: {count} of {name}"
        counts[name] = whole
    return +counts


class StatementLog:
    """The statements of one database since the last look. Use `await StatementLog.of(postgres, database_url)` before
    the connections that are to be listened to are opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = 0

    @classmethod
    async def of(cls, postgres: EmbeddedPostgres, database_url: str) -> "StatementLog":
        """Have the server log all statements there from now on."""
        connection = await asyncpg.connect(database_url)
        try:
            name = await connection.fetchval("select current_database()")
            await connection.execute(f"alter database {name} set log_min_duration_statement = 0")
        finally:
            await connection.close()
        return cls(postgres.log)

    def take(self) -> Counter[str]:
        """How often each statement was parsed or carried out: with asyncpg, that is a round trip each."""
        with self._path.open("rb") as log:
            log.seek(self._seen)
            written = log.read()
        self._seen += len(written)
        taken: Counter[str] = Counter()
        for entry in _ENTRY.split(written):
            if found := _STATEMENT.search(entry.decode()):
                taken[f"{'parse: ' if found[1] == 'parse' else ''}{' '.join(found[2].split())[:_SHOWN]}"] += 1
        return taken


class CommandCounts:
    """The commands of Valkey since the last look, those that scripts gave included."""

    def __init__(self, valkey: EmbeddedValkey) -> None:
        self._redis = redis.asyncio.Redis.from_url(valkey.url)

    async def take(self) -> Counter[str]:
        """How often each command was given, this look left out."""
        counted = await self._redis.info("commandstats")
        await self._redis.config_resetstat()
        taken = Counter({name.removeprefix("cmdstat_"): stats["calls"] for name, stats in counted.items()})
        for own in ("info", "config|resetstat"):
            del taken[own]
        return taken

    async def close(self) -> None:
        """Disconnect."""
        await self._redis.aclose()
