"""Who is there, of all processes: in Redis, where one script changes it and tells of it.

A sorted set holds when each device's time runs out, a hash for each person what the person's devices have said, and one
hash what others were told of each person who is there. As the script that changes these publishes what is new, a state
and the news of it are never apart, and however many processes sweep, each change is told once.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias
from uuid import UUID

from chat.presence.model import Beat, Kind
from chat.redis import Redis, unless_silent

EXPIRY = "chat:presence:expiry"
DEVICES = "chat:presence:devices:"
STATE = "chat:presence:state"
# Devices that one call tells of, and as many as it finds to be gone: nobody else's commands wait for long.
BATCH = 500
# In a beat without life: every device of the person.
ALL = "*"
# Stands where a process has its mark, so that every process hears of it, also the one that ran the script.
ORIGIN = "0" * 32

Status: TypeAlias = Literal["online", "away", "offline"]

# Times are milliseconds. The names of the keys of a person's devices and of the channels are made here: this needs one
# Redis, not a cluster.
_UPDATE = f"""
local EXPIRY, STATE = KEYS[1], KEYS[2]
local now, longest, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if now == 0 then
    local time = redis.call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
end
-- Whose devices have changed, and when each was last there.
local people, seen = {{}}, {{}}

local function note(user, at)
    if not seen[user] then people[#people + 1], seen[user] = user, 0 end
    seen[user] = math.max(seen[user], at)
end

local function remove(user, device)
    local said = redis.call('HGET', '{DEVICES}' .. user, device)
    redis.call('HDEL', '{DEVICES}' .. user, device)
    redis.call('ZREM', EXPIRY, user .. ':' .. device)
    note(user, said and tonumber(string.match(said, '%d+$')) or 0)
end

for i = 4, #ARGV, 7 do
    local user, device = ARGV[i], ARGV[i + 1]
    local active, heard = now - ARGV[i + 4], now - ARGV[i + 5]
    local life = tonumber(ARGV[i + 6])
    if device == '{ALL}' then
        for _, each in ipairs(redis.call('HKEYS', '{DEVICES}' .. user)) do remove(user, each) end
    elseif life == 0 then
        remove(user, device)
    else
        redis.call('HSET', '{DEVICES}' .. user, device,
            string.format('%s %s %.0f %.0f', ARGV[i + 2], ARGV[i + 3], active, heard))
        redis.call('ZADD', EXPIRY, heard + life, user .. ':' .. device)
        note(user, 0)
    end
end

-- The clock was set back: nobody is believed for longer than a device that has just been heard of.
for _, name in ipairs(redis.call('ZRANGEBYSCORE', EXPIRY, '(' .. (now + longest), '+inf', 'LIMIT', 0, most)) do
    redis.call('ZADD', EXPIRY, 'XX', now + longest, name)
end
local over = redis.call('ZRANGEBYSCORE', EXPIRY, '-inf', now, 'LIMIT', 0, most)
for _, name in ipairs(over) do
    remove(string.sub(name, 1, 36), string.sub(name, 38))
end

for _, user in ipairs(people) do
    local status, kind, latest = 'offline', nil, nil
    for _, said in ipairs(redis.call('HVALS', '{DEVICES}' .. user)) do
        local its_status, its_kind, active = string.match(said, '^(%a+) (%a+) (%-?%d+)')
        if status ~= 'online' then status = its_status end
        if not latest or tonumber(active) > latest then latest, kind = tonumber(active), its_kind end
    end
    local state = kind and status .. ' ' .. kind
    if state ~= (redis.call('HGET', STATE, user) or nil) then
        if state then redis.call('HSET', STATE, user, state) else redis.call('HDEL', STATE, user) end
        redis.call('PUBLISH', 'chat:presence:' .. user, string.format(
            '{ORIGIN}{{"type":"presence:update","user_id":"%s","status":"%s","device":%s,"last_seen":%s}}',
            user, status, kind and '"' .. kind .. '"' or 'null',
            state and 'null' or string.format('%.3f', math.min(seen[user], now) / 1000)))
    end
end
return #over
"""


class State(NamedTuple):
    """What others are told of a person; `device` is the one used last."""

    status: Status
    device: Kind | None


OFFLINE = State("offline", None)


async def update(redis: Redis, beats: Sequence[Beat], *, longest: float, now: float = 0.0) -> int:
    """Take these beats, at most `BATCH`, and let go of devices whose time is over; how many those were. With `BATCH` of
    them there are perhaps more.

    `longest` is how many seconds a device that was just heard of lives; `now` is for tests, in seconds, in place of the
    server's clock. Raises one of `redis.UNAVAILABLE`; to do it again does no harm.
    """
    arguments: list[str | int] = [_milliseconds(now), _milliseconds(longest), BATCH]
    for beat in beats:
        arguments += [str(beat.user_id), beat.device, beat.status, beat.kind]
        arguments += [_milliseconds(beat.idle), _milliseconds(beat.age), _milliseconds(beat.life)]
    return int(await redis.register_script(_UPDATE)(keys=[EXPIRY, STATE], args=arguments))


async def states(redis: Redis, user_ids: Sequence[UUID]) -> list[State]:
    """What others are told of these people, in one command. Raises one of `redis.UNAVAILABLE`."""
    if not user_ids:
        return []
    async with unless_silent(redis):
        found = await redis.hmget(STATE, [str(user_id) for user_id in user_ids])  # type: ignore[misc]
    return [OFFLINE if state is None else State(*state.decode().split()) for state in found]


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
