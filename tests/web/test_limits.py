"""How often one may do something: in any stretch of time, on all processes together; what is repeated counts once."""

from collections.abc import AsyncIterator, Awaitable
from uuid import UUID, uuid4

import aiohttp
import msgspec
import pytest
from aiohttp import web

from chat.embedded.server import free_port
from chat.errors import RateLimited
from chat.redis import create_redis
from chat.settings import Settings
from chat.web import windows
from chat.web.limits import Limit, Limiter
from chat.web.metrics import REGISTRY
from chat.web.throttle import THROTTLE, RedisThrottle, RequestThrottle, tell_what_is_left
from chat.web.windows import MemoryWindows
from tests.clock import pass_time
from tests.servers import serving

GUESSES = Limit("guesses", 3, 60)


@pytest.fixture
async def processes(settings: Settings) -> AsyncIterator[list[RedisThrottle]]:
    """Two processes that know nothing of each other."""
    clients = [create_redis(settings), create_redis(settings)]
    yield [RedisThrottle(client) for client in clients]
    for client in clients:
        await client.aclose()


@pytest.fixture
async def limiters(settings: Settings) -> AsyncIterator[list[Limiter]]:
    clients = [create_redis(settings), create_redis(settings)]
    yield [Limiter(client) for client in clients]
    for client in clients:
        await client.aclose()


async def wait_of(take: Awaitable[object]) -> float:
    """The seconds that a refused try has to wait; 0 where it was let in."""
    try:
        await take
    except RateLimited as error:
        return error.retry_after or 0
    return 0


async def test_no_edge_of_a_minute_lets_twice_as_many_pass(processes: list[RedisThrottle], redis_url: str) -> None:
    one, other = processes

    async def read(process: RedisThrottle) -> float:
        return await wait_of(process.take("history:maria", per_minute=3))

    assert [await read(process) for process in (one, other, one)] == [0] * 3
    pass_time(redis_url, 21)
    assert await read(other) == 0
    pass_time(redis_url, 40)
    # A window that began with the first of them would be empty now, and let three more pass.
    assert [await read(one), await read(other)] == [0, 0]
    assert 18 < await read(one) <= 20


async def test_a_bucket_gives_its_burst_at_once_and_then_one_by_one(
    processes: list[RedisThrottle], redis_url: str
) -> None:
    one, other = processes

    async def send(process: RedisThrottle) -> float:
        return await wait_of(process.take("send:maria", per_minute=30, burst=4))

    assert [await send(process) for process in (one, other, one, other)] == [0] * 4
    assert 1.5 < await send(one) <= 2
    pass_time(redis_url, 2)
    assert await send(other) == 0
    assert 1.5 < await send(one) <= 2
    pass_time(redis_url, 1000)
    assert [await send(process) for process in (one, other, one, other)] == [0] * 4
    assert await send(other) > 0


async def test_it_is_said_how_many_are_left_and_when_all_of_them_are_there_again(
    processes: list[RedisThrottle], redis_url: str
) -> None:
    throttle = processes[0]

    sent = [await throttle.take("send:maria", per_minute=30, burst=3) for _ in range(2)]
    read = [await throttle.take("history:maria", per_minute=3)]
    pass_time(redis_url, 20)
    read.append(await throttle.take("history:maria", per_minute=3))
    read.append(await throttle.take("history:maria", per_minute=3))

    assert [allowance and (allowance.limit, allowance.remaining) for allowance in (*sent, *read)] == [
        (3, 2),
        (3, 1),
        (3, 2),
        (3, 2),
        (3, 1),
    ]
    resets = [allowance.reset for allowance in (*sent, *read) if allowance]
    assert resets == pytest.approx([2, 4, 20, 20, 40], abs=0.5)


async def test_a_repeat_is_counted_once_on_whichever_process_and_a_refused_one_not_at_all(
    processes: list[RedisThrottle],
) -> None:
    one, other = processes
    first, late = uuid4(), uuid4()

    async def send(process: RedisThrottle, once: UUID | None = None) -> float:
        return await wait_of(process.take("send:maria", per_minute=3, once=once))

    assert await send(one, first) == 0
    assert [await send(process, first) for process in (one, other, one, other)] == [0] * 4
    assert [await send(one), await send(other)] == [0, 0]

    assert await send(other, late) > 0
    assert await send(other, late) > 0
    assert await send(one, first) == 0
    # Of somebody else it is another one.
    assert await wait_of(one.take("send:noah", per_minute=1, once=first)) == 0
    assert await wait_of(one.take("send:noah", per_minute=1, once=late)) > 0


async def test_without_redis_everything_passes_and_the_metric_counts(settings: Settings) -> None:
    def failures() -> float:
        return REGISTRY.get_sample_value("chat_rate_limiter_errors_total") or 0

    client = create_redis(_without_redis(settings))
    throttle = RedisThrottle(client)
    before = failures()

    answers = [await throttle.take("send:maria", per_minute=1, burst=1) for _ in range(3)]
    answers += [await throttle.take("history:maria", per_minute=1) for _ in range(3)]
    await client.aclose()

    assert answers == [None] * 6
    # Asked once, and then left alone for a moment.
    assert failures() == before + 1


async def test_tries_are_counted_for_any_stretch_of_time_by_all_processes(
    limiters: list[Limiter], redis_url: str
) -> None:
    one, other = limiters
    await one.hit(GUESSES, "karin")
    pass_time(redis_url, 50)
    await one.hit(GUESSES, "karin")
    await other.hit(GUESSES, "karin")
    pass_time(redis_url, 15)

    assert await wait_of(other.hit(GUESSES, "karin")) == 0
    assert 44 < await wait_of(one.hit(GUESSES, "karin")) <= 45
    assert await wait_of(one.hit(GUESSES, "noah")) == 0


@pytest.mark.parametrize("redis_is_away", [False, True])
async def test_a_try_that_is_taken_back_makes_room_for_one_and_whoever_gets_in_begins_anew(
    settings: Settings, redis_is_away: bool
) -> None:
    client = create_redis(_without_redis(settings) if redis_is_away else settings)
    limiter = Limiter(client)
    tries = [await limiter.hit(GUESSES, "karin") for _ in range(3)]
    assert await wait_of(limiter.hit(GUESSES, "karin")) > 0

    await limiter.forgive(GUESSES, "karin", tries[1])
    await limiter.forgive(GUESSES, "karin", tries[1])
    assert await wait_of(limiter.hit(GUESSES, "karin")) == 0
    assert await wait_of(limiter.hit(GUESSES, "karin")) > 0

    await limiter.clear(GUESSES, "karin")
    assert [await wait_of(limiter.hit(GUESSES, "karin")) for _ in range(3)] == [0] * 3
    assert 59 < await wait_of(limiter.hit(GUESSES, "karin")) <= 60
    await client.aclose()


async def test_memory_forgets_names_that_nobody_tries_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("chat.web.windows.time.monotonic", lambda: now)
    memory = MemoryWindows()
    for number in range(windows.TIDY_ABOVE + 1):
        await memory.let_in(f"name {number}", amount=1, seconds=10, try_id="a")
    now += 9
    assert await memory.let_in("name 5", amount=1, seconds=10, try_id="b") == pytest.approx(1)
    assert len(memory) > windows.TIDY_ABOVE

    now += 2
    await memory.let_in("somebody", amount=1, seconds=10, try_id="c")
    for number in range(windows.TIDY_ABOVE + 1, 3 * windows.TIDY_ABOVE):
        await memory.let_in(f"name {number}", amount=1, seconds=0.001, try_id="a")
        now += 0.01

    assert len(memory) < windows.TIDY_ABOVE * 3


async def test_answers_in_json_tell_what_is_left(processes: list[RedisThrottle]) -> None:
    async def answer(request: web.Request) -> web.Response:
        await RequestThrottle(request).take("send:maria", per_minute=30, burst=5)
        return web.json_response({}) if "json" in request.query else web.Response(text="<p>", content_type="text/html")

    async def free(_request: web.Request) -> web.Response:
        return web.json_response({})

    app = web.Application()
    app[THROTTLE] = processes[0]
    app.add_routes([web.get("/limited", answer), web.get("/free", free)])
    app.on_response_prepare.append(tell_what_is_left)
    told = []
    async with serving(app) as url, aiohttp.ClientSession() as http:
        for path in ("/limited?json", "/limited", "/free", "/limited?json"):
            async with http.get(url + path) as got:
                told.append([got.headers.get(f"X-RateLimit-{name}") for name in ("Limit", "Remaining", "Reset")])

    assert told == [["5", "4", "2"], [None] * 3, [None] * 3, ["5", "2", "6"]]


def _without_redis(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}")
