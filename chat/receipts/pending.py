"""Receipts of larger conversations on their way to the database: in Redis, until the worker has stored them.

Two things are kept. A hash for each conversation holds how far its members have come beyond what the database knows:
whoever shows what was read counts that in. A stream holds every step, for the worker, which lets go of a step only
when it is stored. Both change in one script, so neither is ever without the other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chat.conversations.unflushed import DELIVERED, READ
from chat.receipts.model import Receipt
from chat.redis import Redis

# Each entry a step, in letters because a million may wait: `c` conversation, `u` person, `d` and `r` delivered and read
# up to, `t` when, in microseconds of Unix time. Of those that are set aside `w` says why.
STREAM = "chat:receipts:pending"
# With more than this waiting no worker has worked for long: what comes now goes to the database at once.
MOST = 1_000_000

# Answers for each receipt what was news, and how far the person has come by what waits here; nothing where the stream
# is full. The keys of a conversation are made here: this needs one Redis, not a cluster.
_ADD = f"""
if redis.call('XLEN', KEYS[1]) + (#ARGV - 2) / 4 > tonumber(ARGV[1]) then return false end
local function raise(key, user, up_to)
    local before = tonumber(redis.call('HGET', key, user) or 0)
    if up_to <= before then return 0, before end
    redis.call('HSET', key, user, up_to)
    return 1, up_to
end
local answers = {{}}
for i = 3, #ARGV, 4 do
    local conversation, user = ARGV[i], ARGV[i + 1]
    local is_delivered, delivered = raise('{DELIVERED}' .. conversation, user, tonumber(ARGV[i + 2]))
    local is_read, read = raise('{READ}' .. conversation, user, tonumber(ARGV[i + 3]))
    if is_delivered + is_read > 0 then
        redis.call('XADD', KEYS[1], '*', 'c', conversation, 'u', user, 'd', delivered, 'r', read, 't', ARGV[2])
    end
    answers[#answers + 1] = {{is_delivered, is_read, delivered, read}}
end
return answers
"""


class Full(Exception):
    """No worker has taken anything for long."""


class Added(NamedTuple):
    """What was news of a receipt, and how far its person has come by what waits here."""

    is_delivered: bool
    is_read: bool
    delivered_up_to: int
    read_up_to: int


# Of a receipt that isn't here.
NOTHING = Added(is_delivered=False, is_read=False, delivered_up_to=0, read_up_to=0)


async def add(redis: Redis, receipts: Sequence[Receipt], *, at: datetime) -> list[Added]:
    """Have these stored soon: all of them in one step. What was read has to be delivered, too.

    Raises `Full`, and one of `redis.UNAVAILABLE`, after which they may have been taken or not: to store them otherwise
    does no harm.
    """
    arguments: list[str | int] = [MOST, int(at.timestamp() * 1_000_000)]
    for receipt in receipts:
        arguments += [str(receipt.conversation_id), str(receipt.user_id), receipt.delivered, receipt.read]
    answers = await redis.register_script(_ADD)(keys=[STREAM], args=arguments)
    if answers is None:
        raise Full
    return [Added(bool(is_delivered), bool(is_read), up_to, read) for is_delivered, is_read, up_to, read in answers]
