"""Every route and every event, asked by everybody there is: each gets in where it should, and nowhere else.

The rows are generated from the routes, so that a new one without its expectation fails here.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from chat.realtime.connection import NOT_SIGNED_IN
from chat.redis import create_redis
from chat.routes import ROUTES, SOCKET_EVENTS
from chat.services import Services
from chat.settings import Settings
from tests.access.cast import ACTORS, Stage, set_stage
from tests.access.expectations import API, EVENTS, OPERATIONS, PAGES, Expected, Verdict
from tests.factory import Factory
from tests.json_device import JsonDevice

ASKED_BY_HTTP = PAGES | API | OPERATIONS
# What isn't asked so: the socket has its events, and files are for everybody.
ELSEWHERE = {"GET /ws", "GET /static/{version}/{path:.+}"}


def test_every_route_and_every_event_has_its_expectation() -> None:
    # HEAD is answered as GET is, and OPTIONS says nothing of what is there.
    routes = {f"{route.method} {route.path}" for route in ROUTES if route.method not in ("*", "HEAD", "OPTIONS")}

    assert set(ASKED_BY_HTTP) == routes - ELSEWHERE
    assert set(EVENTS) == set(SOCKET_EVENTS)


@pytest.fixture
async def services(settings: Settings, factory: Factory) -> Services:
    return Services(settings, factory.pool, create_redis(settings), lambda _event: None)


@pytest.mark.parametrize("route", ASKED_BY_HTTP)
async def test_a_route_lets_in_whom_it_should(route: str, url: str, factory: Factory, services: Services) -> None:
    expected = ASKED_BY_HTTP[route]
    answered: dict[str, Verdict] = {}
    stage = await set_stage(url, factory, services, visibility="private")
    for actor in ACTORS:
        answered[actor] = await ask(stage, actor, route, expected)
        if not route.startswith("GET"):
            await assert_the_witness_is_untouched(stage, factory, route)
            # What one does may change what the next one finds.
            stage = await set_stage(url, factory, services, visibility="private")

    assert answered == expected.verdicts


@pytest.mark.parametrize("event", EVENTS)
async def test_an_event_is_taken_from_whom_it_should_be(
    event: str, url: str, factory: Factory, services: Services
) -> None:
    expected = EVENTS[event]
    answered: dict[str, Verdict] = {}
    for actor in ACTORS:
        stage = await set_stage(url, factory, services, visibility="private")
        answered[actor] = await say(stage, actor, event, expected)

    assert answered == expected.verdicts


OF_A_CONVERSATION = [route for route in API if "{conversation_id}" in route or "{message_id}" in route]


@pytest.mark.parametrize("actor", ["stranger", "removed"])
async def test_whoever_is_not_in_a_public_room_is_told_so_by_every_route_of_it(
    actor: str, url: str, factory: Factory, services: Services
) -> None:
    stage = await set_stage(url, factory, services, visibility="public")

    answered = {route: await ask(stage, actor, route, API[route]) for route in OF_A_CONVERSATION}

    assert answered == dict.fromkeys(OF_A_CONVERSATION, 403)


@pytest.mark.parametrize("actor", ["stranger", "removed"])
async def test_whoever_is_not_in_a_public_room_is_told_so_for_every_event_of_it(
    actor: str, url: str, factory: Factory, services: Services
) -> None:
    stage = await set_stage(url, factory, services, visibility="public")
    events = [event for event, expected in EVENTS.items() if expected.verdicts["stranger"] == 404]

    answered = {event: await say(stage, actor, event, EVENTS[event]) for event in events}

    assert answered == dict.fromkeys(events, 403)


async def test_whoever_is_in_no_conversation_finds_a_public_room_and_joins_it(
    url: str, factory: Factory, services: Services
) -> None:
    stage = await set_stage(url, factory, services, visibility="public")

    assert await ask(stage, "stranger", "POST /api/rooms/{room_id}/join", Expected(())) == "in"
    assert await ask(stage, "removed", "POST /c/{conversation_id}/join", Expected(())) == "in"


async def ask(stage: Stage, actor: str, route: str, expected: Expected) -> Verdict:
    """The status, or "in" or "sign in"."""
    method, template = route.split(" ")
    path = template.format(**stage.ids) + expected.query
    sent = filled(stage, actor, expected.send)
    by_browser = not path.startswith("/api/")
    answer = await (stage.browse if by_browser else stage.call)(actor, method, path, sent)
    return "in" if isinstance(answer, int) and answer < 400 else answer


async def say(stage: Stage, actor: str, event: str, expected: Expected) -> Verdict:
    """The status of the refusal's code, or "in" or "sign in"."""
    device = JsonDevice(stage.url, stage.tokens[actor] or "", way="frame")
    try:
        await device.knock()
        await device.wait_until(lambda: bool(device.frames))
        if device.frames[0]["type"] == "auth:error":
            return "sign in" if await device.closed() == NOT_SIGNED_IN else device.close_code or "not closed"
        seen = len(device.frames)
        await device.say(event, **filled(stage, actor, expected.send))
        # Whatever was said before has been answered when this is.
        await device.say("unsubscribe", conversation_id=stage.ids["someone"])
        await device.expect("unsubscribed", since=seen, conversation_id=stage.ids["someone"])
        refusals = [frame for frame in device.frames[seen:] if frame["type"] in ("error", "message:error")]
        return STATUS[refusals[0]["code"]] if refusals else "in"
    finally:
        await device.close()


STATUS = {"NOT_FOUND": 404, "NOT_IN_CONVERSATION": 403, "FORBIDDEN": 403, "CONFLICT": 409, "VALIDATION_ERROR": 422}


def filled(stage: Stage, actor: str, sent: Mapping[str, object]) -> dict[str, Any]:
    """What is sent, with what the stage has in the place of each name."""
    names = dict(stage.ids) | {"own": stage.names[actor], "own_token": stage.tokens[actor] or ""}

    def fill(value: object) -> object:
        if isinstance(value, list):
            return [fill(each) for each in value]
        return value.format(**names) if isinstance(value, str) else value

    return {key: fill(value) for key, value in sent.items()}


async def assert_the_witness_is_untouched(stage: Stage, factory: Factory, route: str) -> None:
    """Nobody ends a session or a token of somebody else, whatever the answer looked like."""
    if "deactivate" in route:
        return
    for table in ("sessions", "personal_tokens"):
        owned = await factory.pool.fetchval(f"select count(*) from {table} where user_id = $1", stage.people["witness"])
        assert owned == 1
