"""Somebody else's conversation is like one that doesn't exist: on every route and for every event, the same answer."""

import json
from uuid import UUID, uuid4

import pytest

from chat.db import Pool
from chat.routes import PAGES, SOCKET_EVENTS
from tests.conversations.conftest import SignIn
from tests.device import Connect, Device, sign_in
from tests.factory import Factory, client_id
from tests.plain_browser import Browser, Page
from tests.servers import Serve

SECRET = "the secret of maria and noah"
PERSONAL = {"X-Request-ID", "Date", "Content-Length", "Content-Security-Policy"}
# What an address holds in place of an id, and where it comes from.
MALFORMED = [
    "x",
    "0",
    "-1",
    "null",
    "..%2f..",
    "'%20or%201=1--",
    "%00",
    "%ff",
    "%ed%a0%80",
    "9" * 400,
    "%7B%7D",
]

CONVERSATION_ROUTES = [(route.method, route.path) for route in PAGES if "{conversation_id}" in route.path]
# What else an address may name.
OTHERS = {"user_id": uuid4(), "link_id": uuid4()}
HEADERS: dict[str, dict[str, str]] = {
    "page": {"Accept": "text/html"},
    "pane": {"HX-Request": "true", "HX-Target": "main#pane"},
    "piece": {"HX-Request": "true"},
    "json": {"Accept": "application/json"},
}


async def ask(browser: Browser, method: str, path: str, csrf: str, headers: dict[str, str]) -> Page:
    if method == "GET":
        return await browser.get(f"{path}?before=5", **headers)
    return await browser.post(
        path, {"csrf": csrf, "client_message_id": str(client_id()), "content": "let me in"}, **headers
    )


def what_it_tells(page: Page, *ids: str) -> tuple[int, str, dict[str, str]]:
    """All of an answer that could differ between two ids; tokens and ids of the request left out."""
    text = page.text
    for varying in (*ids, page.headers.get("X-Request-ID", "-")):
        text = text.replace(varying, "…")
    if page.headers.get("Content-Type") == "application/json" and "client_message_id" in text:
        text = json.dumps({**json.loads(text), "client_message_id": "…"})
    return page.status, text, {name: value for name, value in page.headers.items() if name not in PERSONAL}


def test_there_are_routes_to_try() -> None:
    assert len(CONVERSATION_ROUTES) >= 4
    assert {"subscribe", "unsubscribe", "message:send", "conversation:sync", "receipt:read"} <= set(SOCKET_EVENTS)


@pytest.mark.parametrize("way", HEADERS)
async def test_on_every_route_a_foreign_a_random_and_a_left_conversation_are_answered_alike(
    factory: Factory, browse: SignIn, connect: Connect, way: str
) -> None:
    maria, noah, eve = await factory.user("maria"), await factory.user("noah"), await factory.user("eve")
    conversation, left = await factory.direct(maria, noah), await factory.group(maria, eve)
    device = await connect(maria)
    for target in (conversation, left):
        await device.send(target, SECRET)
    await factory.pool.execute("delete from members where user_id = $1", eve)
    spy = await browse(eve)
    csrf = (await spy.get("/settings")).csrf

    for method, path in CONVERSATION_ROUTES:
        answers = []
        for target in (conversation, uuid4(), left):
            answer = await ask(spy, method, path.format(conversation_id=target, **OTHERS), csrf, HEADERS[way])
            assert answer.status == 404, (method, path)
            assert SECRET not in answer.text
            assert "maria" not in answer.text.lower()
            answers.append(what_it_tells(answer, str(target)))
        assert answers[0] == answers[1] == answers[2], (method, path)
    assert [content for _, _, content in await factory.history(conversation)] == [SECRET]


async def test_on_every_route_what_is_no_id_is_answered_with_404_or_400(factory: Factory, browse: SignIn) -> None:
    browser = await browse(await factory.user())
    csrf = (await browser.get("/settings")).csrf

    for method, path in CONVERSATION_ROUTES:
        for text in MALFORMED:
            address = path.replace("{conversation_id}", text)
            answer = await ask(browser, method, address, csrf, HEADERS["page"])
            assert answer.status in (400, 404, 405), (method, address, answer.status)
            assert "Traceback" not in answer.text


async def test_nobody_signed_in_learns_nothing_either(factory: Factory, url: str) -> None:
    conversation = await factory.direct(await factory.user(), await factory.user())
    stranger = Browser(url)
    for target in (conversation, uuid4()):
        page = await stranger.get(f"/c/{target}")
        assert (page.status, page.location) == (303, f"/login?next=/c/{target}")
        assert (await stranger.get(f"/c/{target}/row", Accept="application/json")).status == 401
    await stranger.http.close()


async def test_for_every_event_a_foreign_a_random_and_a_left_conversation_are_answered_alike(
    factory: Factory, connect: Connect
) -> None:
    maria, noah, eve = await factory.user(), await factory.user(), await factory.user()
    foreign, left = await factory.direct(maria, noah), await factory.group(maria, eve)
    hers, spy = await connect(maria), await connect(eve)
    for conversation in (foreign, left):
        await hers.send(conversation, SECRET)
    await factory.pool.execute("delete from members where user_id = $1", eve)

    async def answer(device: Device, event: str, target: object) -> dict[str, object]:
        seen = len(device.frames)
        await device.say(
            event,
            conversation_id=target,
            client_message_id=client_id(),
            content="let me in",
            after_revision=0,
            up_to_seq=1,
        )
        await device.wait_until(lambda: any(frame["type"].endswith("error") for frame in device.frames[seen:]))
        frame = next(frame for frame in device.frames[seen:] if frame["type"].endswith("error"))
        return {name: value for name, value in frame.items() if name != "client_message_id"}

    for event in ("message:send", "subscribe", "conversation:sync", "receipt:read"):
        answers = [await answer(spy, event, target) for target in (foreign, uuid4(), left)]
        assert answers[0] == answers[1] == answers[2], event
        assert answers[0]["code"] == "NOT_FOUND", event
        malformed: tuple[object, ...] = ("no id", 5, None, [], {}, "\0", "9" * 400)
        for text in malformed:
            assert (await answer(spy, event, text))["code"] == "VALIDATION_ERROR", (event, text)

    assert [content for _, _, content in await factory.history(foreign)] == [SECRET]
    assert SECRET not in json.dumps([frame for frame in spy.frames if frame["type"] != "message:received"])


async def test_leaving_the_screen_of_a_foreign_conversation_tells_nothing_of_it(
    factory: Factory, connect: Connect
) -> None:
    foreign = await factory.direct(await factory.user(), await factory.user())
    spy = await connect(await factory.user())

    await spy.say("unsubscribe", conversation_id=foreign)
    await spy.say("message:nonsense")

    await spy.expect("error", message="There is no event called 'message:nonsense'.")
    said = [frame for frame in spy.frames if frame["type"] not in {"auth:success", "system:resync", "error"}]
    assert said == [{"type": "unsubscribed", "conversation_id": str(foreign)}]
    assert len([frame for frame in spy.frames if frame["type"] == "error"]) == 1


@pytest.mark.parametrize(
    "number", ["-1", "1.5", "x", "", "9" * 19, "9" * 5000, "\uff11", "0x10", "1e3", " 1", "+1", "NaN"]
)
async def test_a_place_in_the_history_that_is_none_is_refused(factory: Factory, browse: SignIn, number: str) -> None:
    maria = await factory.user()
    browser = await browse(maria)
    conversation = await factory.direct(maria, await factory.user())

    for name in ("before", "after"):
        assert (await browser.get(f"/c/{conversation}/history?{name}={number}")).status == 422
    assert (await browser.get(f"/c/{conversation}?around={number}")).status == 422


async def test_a_place_beyond_the_history_is_an_empty_page(factory: Factory, browse: SignIn, connect: Connect) -> None:
    maria = await factory.user()
    browser = await browse(maria)
    conversation: UUID = await factory.direct(maria, await factory.user())
    await (await connect(maria)).send(conversation, "only one")

    for place in ("before=0", "before=1", "after=1", f"after={'9' * 18}"):
        page = await browser.get(f"/c/{conversation}/history?{place}")
        assert (page.status, 'class="message' in page.text) == (200, False), place
    assert "only one" in (await browser.get(f"/c/{conversation}/history?before={'9' * 18}")).text
    assert "only one" in (await browser.get(f"/c/{conversation}?around={'9' * 18}")).text
    assert (await browser.get(f"/c/{conversation}/history")).status == 422


async def test_reading_history_is_limited_and_says_when_to_come_back(
    serve: Serve, factory: Factory, pool: Pool
) -> None:
    url = await serve(history_limit_per_minute=3)
    maria = await factory.user()
    conversation = await factory.direct(maria, await factory.user())
    browser = Browser(url)
    browser.token = await sign_in(pool, maria)

    pages = [await browser.get(f"/c/{conversation}/history?before=5", **HEADERS["piece"]) for _ in range(4)]
    await browser.http.close()

    assert [page.status for page in pages] == [200, 200, 200, 429]
    assert 1 <= int(pages[3].headers["Retry-After"]) <= 20
    assert pages[3].headers["HX-Reswap"] == "none"
