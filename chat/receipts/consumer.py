"""How the worker takes receipts over from Redis: an entry is let go of only when it is stored.

Every entry that a worker takes is marked as taken, in a consumer group. One that isn't let go of, because its worker
died or the database didn't take it, is taken again after a while; after so many tries it is set aside, where an
operator sees it and moves it back. Each step is one script, so no entry is ever in two places, or in none.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from chat.conversations.unflushed import DELIVERED, READ
from chat.receipts.model import Receipt
from chat.receipts.pending import STREAM
from chat.redis import Redis

ASIDE = "chat:receipts:set-aside"
# Why something could not be stored, for some time: what is set aside says so.
FAILURE = "chat:receipts:failure"
# What the worker counts. Web processes tell it in their metrics, for the worker has no address of its own.
NUMBERS = "chat:receipts:flush"

# A sequence number that the database could not hold was never one.
_FURTHEST = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GROUP, _CONSUMER = "flush", "worker"

# What a Redis that is full refuses is called by pcall: that must not keep the worker from making room.
_TAKE = f"""
redis.pcall('XGROUP', 'CREATE', KEYS[1], '{_GROUP}', '0', 'MKSTREAM')
local count, tries = tonumber(ARGV[1]), tonumber(ARGV[3])
local why = redis.call('GET', KEYS[4]) or 'the worker ended before it was stored'
local entries, retried, aside = {{}}, 0, 0
for _, found in ipairs(redis.call('XPENDING', KEYS[1], '{_GROUP}', 'IDLE', ARGV[2], '-', '+', count)) do
    local id, entry = found[1], nil
    if found[4] >= tries then
        entry = redis.call('XRANGE', KEYS[1], id, id)[1]
        if entry and type(redis.pcall('XADD', KEYS[2], '*', 'w', why, unpack(entry[2]))) == 'string' then
            redis.call('XACK', KEYS[1], '{_GROUP}', id)
            redis.call('XDEL', KEYS[1], id)
            aside = aside + 1
        end
    else
        entry = redis.call('XCLAIM', KEYS[1], '{_GROUP}', '{_CONSUMER}', ARGV[2], id)[1]
        if entry then
            entries[#entries + 1] = entry
            retried = retried + 1
        end
    end
    if not entry then redis.call('XACK', KEYS[1], '{_GROUP}', id) end
end
if #entries < count then
    local new = redis.call(
        'XREADGROUP', 'GROUP', '{_GROUP}', '{_CONSUMER}', 'COUNT', count - #entries, 'STREAMS', KEYS[1], '>')
    for _, entry in ipairs(new and new[1][2] or {{}}) do entries[#entries + 1] = entry end
end
if retried > 0 then redis.pcall('HINCRBY', KEYS[3], 'retried', retried) end
return {{entries, aside}}
"""

# What waits in the hashes goes where it isn't beyond what was stored: a later step may have come meanwhile.
_ACKNOWLEDGE = f"""
local count = tonumber(ARGV[1])
redis.call('XACK', KEYS[1], '{_GROUP}', unpack(ARGV, 3, count + 2))
redis.call('XDEL', KEYS[1], unpack(ARGV, 3, count + 2))
local function clear(key, user, stored)
    local waiting = redis.call('HGET', key, user)
    if waiting and tonumber(waiting) <= tonumber(stored) then redis.call('HDEL', key, user) end
end
for i = count + 3, #ARGV, 4 do
    clear('{DELIVERED}' .. ARGV[i], ARGV[i + 1], ARGV[i + 2])
    clear('{READ}' .. ARGV[i], ARGV[i + 1], ARGV[i + 3])
end
redis.pcall('HINCRBY', KEYS[2], 'entries', count)
redis.pcall('HINCRBY', KEYS[2], 'batches', 1)
redis.pcall('HINCRBY', KEYS[2], 'rows', ARGV[2])
"""


class Entry(NamedTuple):
    """One step of a member, with the time at which it was made."""

    id: bytes
    receipt: Receipt
    at: datetime


class Taken(NamedTuple):
    """What was taken, how many of these can't be understood, and how many older ones were set aside in its place."""

    entries: list[Entry]
    unreadable: int
    set_aside: int


async def take(redis: Redis, *, most: int, again_after: float, tries: int) -> Taken:
    """Take at most so many entries: first those that were taken `again_after` seconds ago and not let go of, unless
    they have been taken `tries` times."""
    found, set_aside = await redis.register_script(_TAKE)(
        keys=[STREAM, ASIDE, NUMBERS, FAILURE], args=[most, int(again_after * 1000), tries]
    )
    entries = [entry for id_, fields in found if (entry := _entry(id_, fields)) is not None]
    return Taken(entries, len(found) - len(entries), set_aside)


async def acknowledge(redis: Redis, *, entries: Sequence[Entry], stored: Sequence[Receipt], rows: int) -> None:
    """These entries, and with them how far each of these members has come, are stored in so many rows."""
    arguments: list[bytes | str | int] = [len(entries), rows, *(entry.id for entry in entries)]
    for receipt in stored:
        arguments += [str(receipt.conversation_id), str(receipt.user_id), receipt.delivered, receipt.read]
    await redis.register_script(_ACKNOWLEDGE)(keys=[STREAM, NUMBERS], args=arguments)


async def note_failure(redis: Redis, why: str, *, seconds: float) -> None:
    """Why entries could not be stored: whoever finds them set aside within so many seconds is told."""
    await redis.set(FAILURE, why, px=int(seconds * 1000))


def _entry(id_: bytes, fields: Sequence[bytes]) -> Entry | None:
    """None where another version of the product wrote something else."""
    named: Mapping[bytes, bytes] = dict(zip(fields[::2], fields[1::2], strict=True))
    try:
        conversation_id, user_id = (UUID(named[name].decode()) for name in (b"c", b"u"))
        delivered, read, at = (int(named[name]) for name in (b"d", b"r", b"t"))
        if max(delivered, read) > _FURTHEST:
            return None
        receipt = Receipt(conversation_id, user_id, delivered=delivered, read=read)
        return Entry(id_, receipt, _EPOCH + timedelta(microseconds=at))
    except (KeyError, ValueError, OverflowError):
        return None
