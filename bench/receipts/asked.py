"""What a read asks of the servers: PostgreSQL's statements and rows, Valkey's commands, as these count themselves.

Of one message and of 1,000 at once, in conversations of 10, 100 and 1,000; a difference at once ends the run.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from bench.device import connect_all, read_frame
from bench.figures import Figure
from bench.filling import fill
from bench.people import Person, make_group, make_people
from bench.stage import Stage, open_pool
from bench.statements import Asked, CommandCounts, StatementLog, each
from chat.db import create_pool
from chat.receipts.flush import flush
from chat.redis import create_redis

PEOPLE = (10, 100, 1000)
COVERED = (1, 1000)
# And one before them: the first of everything costs more.
EACH = 50
PATIENCE = 20.0
SETTLE_SECONDS = 0.3
_OTHERS = """
    select count(*) from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class Costs:
    """What one read asked at once, what the worker's flush asked for all of them, and rows for each in the end."""

    at_once: Asked
    flush: Asked
    rows: float


@dataclass(frozen=True, slots=True)
class Group:
    """A conversation, who has written all of it, and who reads it; both have it on screen."""

    database_url: str
    conversation_id: UUID
    writer: Person
    reader: Person


async def measure(stage: Stage) -> list[Figure]:
    """The counts of reads that cover 1,000 messages, with those of one message as their reference."""
    figures = []
    for people in PEOPLE:
        group = await _group(stage, people)
        log = await StatementLog.of(stage.postgres, group.database_url)
        one = await _ask(stage, group, log, covered=COVERED[0], behind=0)
        many = await _ask(stage, group, log, covered=COVERED[1], behind=COVERED[0] * (EACH + 1))
        assert one.at_once == many.at_once, f"{one.at_once} for {COVERED[0]}, but {many.at_once} for {COVERED[1]:,}"
        figures += _figures(people, one, many)
    return figures


def _figures(people: int, one: Costs, many: Costs) -> list[Figure]:
    def figure(what: str, value: float, reference: float, note: str) -> Figure:
        name = f"{what} for a read of {COVERED[1]:,} messages, {people:,} people"
        return Figure(name, value, "", reference=reference, aim=1, note=note)

    statements, commands = many.at_once.statements.total(), many.at_once.commands.total()
    by_flush = (
        f"and the flush, for all {EACH + 1} reads together, {many.flush.statements.total()} statements"
        f" and {many.flush.commands.total()} commands"
    )
    if not many.flush.statements:
        by_flush = ""
    return [
        figure("database statements", statements, one.at_once.statements.total(), by_flush),
        figure("rows written", many.rows, one.rows, ""),
        figure(
            "Redis commands",
            commands,
            one.at_once.commands.total(),
            ", ".join(f"{times} {name}" for name, times in sorted(many.at_once.commands.items())),
        ),
    ]


async def _group(stage: Stage, count: int) -> Group:
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, count)
        conversation_id = await make_group(pool, people)
        await fill(pool, [conversation_id], ["Hello there"], (EACH + 1) * sum(COVERED))
        await pool.execute("vacuum analyze")
    return Group(database_url, conversation_id, people[0], people[1])


async def _ask(stage: Stage, group: Group, log: StatementLog, *, covered: int, behind: int) -> Costs:
    """Let one person read `covered` messages at a time, and have all of it stored."""
    watch = await asyncpg.connect(group.database_url)
    await _alone(watch)
    await watch.execute("select pg_stat_reset()")
    commands = CommandCounts(stage.valkey)
    web = stage.web(group.database_url)
    web.start()
    at_once = await _read(stage, web.url, group, log, commands, covered=covered, behind=behind)
    web.kill()
    await _alone(watch)
    flushed = await _flush(stage, group.database_url, log, commands)
    await _alone(watch)
    rows = await watch.fetchval("select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables")
    await watch.close()
    return Costs(at_once, flushed, int(rows) / (EACH + 1))


async def _read(
    stage: Stage, url: str, group: Group, log: StatementLog, commands: CommandCounts, *, covered: int, behind: int
) -> Asked:
    """One read after another, each when other processes know the one before: what comes together would share a
    command."""
    writer, reader = await connect_all(
        url, (group.writer, group.reader), lambda _: _ignore, open_=[[group.conversation_id]] * 2
    )
    async with create_redis(stage.settings(group.database_url)) as redis, redis.pubsub() as news:
        await news.subscribe(f"chat:conversation:{group.conversation_id}")
        for number in range(EACH + 1):
            if number == 1:
                await asyncio.sleep(SETTLE_SECONDS)
                log.take()
                await commands.take()
            reader.write(read_frame(group.conversation_id, behind + covered * (number + 1)))
            async with asyncio.timeout(PATIENCE):
                async for told in news.listen():
                    if told["type"] == "message" and b'"receipt:updated"' in told["data"]:
                        break
        await asyncio.sleep(SETTLE_SECONDS)
    for device in (writer, reader):
        device.close()
    return Asked(each(log.take(), EACH), each(await commands.take(), EACH))


async def _flush(stage: Stage, database_url: str, log: StatementLog, commands: CommandCounts) -> Asked:
    """Store what waits in Redis, as the worker does; what that asked of the servers."""
    settings = stage.settings(database_url)
    async with create_redis(settings) as redis, await create_pool(settings) as pool:
        log.take()
        await commands.take()
        await flush(pool, redis, settings, is_ending=lambda: False)
        asked = Asked(log.take(), await commands.take())
    await commands.close()
    return asked


async def _alone(connection: asyncpg.Connection) -> None:
    """Wait until all other connections have ended: then the server has counted what they wrote."""
    async with asyncio.timeout(PATIENCE):
        while await connection.fetchval(_OTHERS):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)


def _ignore(_frame: bytes) -> None:
    """What the two are told."""
