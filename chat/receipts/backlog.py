"""What waits for the worker, and what it could not store: for operators, in the metrics and on the command line."""

from collections import Counter
from datetime import UTC, datetime
from typing import NamedTuple

from chat import lifesign
from chat.receipts.consumer import ASIDE, NUMBERS
from chat.receipts.pending import STREAM
from chat.redis import Redis
from chat.web.scrape import Family

# So many are read at once, or moved back by one script, which nothing else in Redis can interrupt.
_AT_ONCE = 1000

# In one step, so that no entry is ever in both streams, or in none.
_MOVE_BACK = """
local entries = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1])
for _, entry in ipairs(entries) do
    local fields = entry[2]
    local kept = {}
    for i = 1, #fields, 2 do
        if fields[i] ~= 'w' then
            kept[#kept + 1] = fields[i]
            kept[#kept + 1] = fields[i + 1]
        end
    end
    redis.call('XADD', KEYS[2], '*', unpack(kept))
    redis.call('XDEL', KEYS[1], entry[1])
end
return #entries
"""


class Backlog(NamedTuple):
    """How many entries wait, for how long the oldest has, and how many are set aside."""

    pending: int
    lag_seconds: float
    set_aside: int


class SetAside(NamedTuple):
    """How many entries are set aside, since when, and how many for which reason. `since` is None where none are."""

    entries: int
    since: datetime | None
    reasons: Counter[str]


async def look(redis: Redis) -> Backlog:
    """What there is at this moment. Raises one of `redis.UNAVAILABLE`."""
    pipeline = redis.pipeline(transaction=False)
    pipeline.xlen(STREAM)
    pipeline.xrange(STREAM, count=1)
    pipeline.xlen(ASIDE)
    pipeline.time()
    pending, oldest, set_aside, (seconds, microseconds) = await pipeline.execute()
    now = seconds + microseconds / 1_000_000
    lag = max(0.0, now - _time_of(oldest[0][0]).timestamp()) if oldest else 0.0
    return Backlog(pending, lag, set_aside)


async def set_aside(redis: Redis) -> SetAside:
    """What is set aside, read piece by piece. Raises one of `redis.UNAVAILABLE`."""
    since = None
    reasons: Counter[str] = Counter()
    start = "-"
    while found := await redis.xrange(ASIDE, min=start, count=_AT_ONCE):
        since = since or _time_of(found[0][0])
        reasons.update(fields[b"w"].decode() for _, fields in found)
        start = f"({found[-1][0].decode()}"
    return SetAside(reasons.total(), since, reasons)


async def move_back(redis: Redis) -> int:
    """Have what is set aside tried again; how many entries. To store one twice changes nothing.

    Raises one of `redis.UNAVAILABLE`; what was moved until then is moved.
    """
    moved = 0
    wanted: int = await redis.xlen(ASIDE)
    while moved < wanted:
        some = int(await redis.register_script(_MOVE_BACK)(keys=[ASIDE, STREAM], args=[_AT_ONCE]))
        if not some:
            break
        moved += some
    return moved


async def metrics(redis: Redis) -> list[Family]:
    """The worker's numbers. Raises one of `redis.UNAVAILABLE`."""
    backlog = await look(redis)
    counted = await redis.hgetall(NUMBERS)  # type: ignore[misc]
    alive = await lifesign.seconds_since(redis) is not None
    return [
        _gauge("chat_worker_up", "1 where a worker has ended a job within 30 seconds.", float(alive)),
        _gauge("chat_receipts_pending", "Entries that wait for the worker.", backlog.pending),
        _gauge("chat_receipts_flush_lag_seconds", "For how long the oldest of them has waited.", backlog.lag_seconds),
        _gauge("chat_receipts_set_aside", "Entries that were tried too often.", backlog.set_aside),
        _counter("chat_receipts_flushed", "Entries stored.", counted.get(b"entries")),
        _counter("chat_receipts_flush_batches", "Transactions in which they were.", counted.get(b"batches")),
        _counter("chat_receipts_rows", "Rows that these have written.", counted.get(b"rows")),
        _counter("chat_receipts_retries", "Entries that were taken again.", counted.get(b"retried")),
    ]


def _gauge(name: str, documentation: str, value: float) -> Family:
    return Family(name, documentation, "gauge", [(name, {"process": "worker"}, value)])


def _counter(name: str, documentation: str, value: bytes | None) -> Family:
    return Family(name, documentation, "counter", [(f"{name}_total", {"process": "worker"}, int(value or 0))])


def _time_of(entry_id: bytes) -> datetime:
    """An entry's name begins with the time at which it was added, by the clock of Redis, in milliseconds."""
    return datetime.fromtimestamp(int(entry_id.split(b"-")[0]) / 1000, UTC)
