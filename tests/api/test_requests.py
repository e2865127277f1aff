"""Whatever is wrong with a request: an answer in JSON that says what, whoever asks and however."""

import json
from base64 import urlsafe_b64encode
from typing import Any
from uuid import uuid4

import pytest

from chat.endpoints import ENDPOINTS
from chat.errors import RateLimited
from chat.web.api import Endpoint
from tests.api.conftest import MakeProgram
from tests.device import sign_in
from tests.factory import Factory
from tests.servers import Serve

ALL = [endpoint for endpoints in ENDPOINTS.values() for endpoint in endpoints]
IDS = {"conversation_id", "message_id", "room_id", "user_id"}
DEEP = b"[" * 100_000
LISTS = ("/conversations", "/users/search", "/rooms", "/conversations/{}/members", "/conversations/{}/messages")


def address(endpoint: Endpoint, id_: object) -> str:
    """An address of the endpoint, with this id in every place for one."""
    return endpoint.path.removeprefix("/api").format_map(dict.fromkeys(IDS, id_) | {"emoji": "%F0%9F%91%8D"})


@pytest.mark.parametrize("endpoint", ALL, ids=lambda endpoint: endpoint.route)
async def test_without_a_token_only_signing_in_is_open(program: MakeProgram, endpoint: Endpoint) -> None:
    answer = await (await program(None)).ask(endpoint.method, address(endpoint, uuid4()))
    if endpoint.public:
        assert answer.status in {401, 422}
    else:
        assert answer.refusal == (401, "AUTH_FAILED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic YWRhOmFkYQ==", "Bearer nothing", "bearer \u00e9"]
)
async def test_what_is_no_token_is_refused(program: MakeProgram, authorization: str) -> None:
    nobody = await program(None)
    answer = await nobody.ask("GET", "/users/me", Authorization=authorization)
    assert answer.refusal == (401, "AUTH_FAILED")


async def test_the_cookie_of_a_session_opens_nothing(program: MakeProgram, factory: Factory) -> None:
    ada = await factory.user("ada")
    nobody = await program(None)
    cookie = f"chat_session={await sign_in(factory.pool, ada)}"
    async with nobody.http.get(f"{nobody.url}/settings", headers={"Cookie": cookie}) as answer:
        assert answer.status == 200
    assert (await nobody.ask("GET", "/users/me", Cookie=cookie)).refusal == (401, "AUTH_FAILED")


async def test_a_token_for_reading_changes_nothing(program: MakeProgram, factory: Factory) -> None:
    ada = await factory.user("ada")
    reader, writer = await program(ada, "read"), await program(ada, "write")
    assert (await reader.get("/users/me")).status == 200
    assert (await reader.patch("/users/me", display_name="Changed")).refusal == (403, "FORBIDDEN")
    assert (await writer.get("/users/me")).refusal == (403, "FORBIDDEN")
    assert (await writer.patch("/users/me", display_name="Changed")).status == 200


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*", "image/png"])
async def test_errors_are_json_whatever_is_accepted(program: MakeProgram, factory: Factory, accept: str) -> None:
    of_ada = await program(await factory.user("ada"))
    for method, path, refusal in (
        ("GET", "/nothing", (404, "NOT_FOUND")),
        ("GET", "/", (404, "NOT_FOUND")),
        ("GET", "/users/me/", (404, "NOT_FOUND")),
        ("POST", "/users/me", (405, "METHOD_NOT_ALLOWED")),
        ("GET", f"/users/{uuid4()}", (404, "NOT_FOUND")),
        ("GET", "/users/search?limit=x", (422, "VALIDATION_ERROR")),
    ):
        answer = await of_ada.ask(method, path, Accept=accept)
        assert answer.refusal == refusal
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", (422, "VALIDATION_ERROR")),
        (b"{}", (422, "VALIDATION_ERROR")),
        (b"null", (422, "VALIDATION_ERROR")),
        (b"[]", (422, "VALIDATION_ERROR")),
        (b"{", (400, "VALIDATION_ERROR")),
        (b"{'content': 'x'}", (400, "VALIDATION_ERROR")),
        (b'{"content": "\xff"}', (400, "VALIDATION_ERROR")),
        (b'{"content": "\\ud800"}', (400, "VALIDATION_ERROR")),
        (b"\xff\xfe{\x00}\x00", (400, "VALIDATION_ERROR")),
        (b'{"content": ' + DEEP, (422, "VALIDATION_ERROR")),
        (b'{"x": ' + DEEP, (422, "VALIDATION_ERROR")),
        (b'{"content": "x", "client_message_id": 1}', (422, "VALIDATION_ERROR")),
        (b'{"content": "x", "client_message_id": "' + b"a" * 36 + b'"}', (422, "VALIDATION_ERROR")),
        (b'{"content": ' + b"9" * 5000 + b"}", (422, "VALIDATION_ERROR")),
    ],
    ids=range(14),
)
async def test_a_body_that_cannot_be_is_refused(
    program: MakeProgram, factory: Factory, body: bytes, refusal: tuple[int, str]
) -> None:
    ada, _, conversation = await factory.pair()
    path = f"/conversations/{conversation}/messages"
    of_ada = await program(ada)
    sound = json.dumps({"content": "x", "client_message_id": str(uuid4())}).encode()
    assert (await of_ada.send("POST", path, sound, **{"Content-Type": "application/json"})).status == 201
    assert (await of_ada.send("POST", path, body, **{"Content-Type": "application/json"})).refusal == refusal
    assert len(await factory.history(conversation)) == 1


async def test_a_body_that_is_too_large_is_refused(program: MakeProgram, factory: Factory, serve: Serve) -> None:
    of_ada = await program(await factory.user("ada"), address=await serve(body_max_bytes=1000))
    assert (await of_ada.patch("/users/me", display_name="x" * 900)).refusal == (422, "VALIDATION_ERROR")
    assert (await of_ada.patch("/users/me", display_name="x" * 1000)).refusal == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    "type_", ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", "nonsense"]
)
async def test_what_says_of_itself_that_it_is_no_json_is_refused(
    program: MakeProgram, factory: Factory, type_: str
) -> None:
    of_ada = await program(await factory.user("ada"))
    body = b'{"display_name": "Changed"}'
    answer = await of_ada.send("PATCH", "/users/me", body, **{"Content-Type": type_})
    assert answer.refusal == (415, "VALIDATION_ERROR")
    assert (
        await of_ada.send("PATCH", "/users/me", body, **{"Content-Type": "application/json; charset=utf-8"})
    ).status == 200


async def test_a_compressed_body_that_cannot_be_unpacked_is_refused(program: MakeProgram, factory: Factory) -> None:
    of_ada = await program(await factory.user("ada"))
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await of_ada.send("PATCH", "/users/me", b"nonsense", **headers)).status == 400


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"content": "x"}, "client_message_id", "This field is missing."),
        ({"content": 5, "client_message_id": str(uuid4())}, "content", "Expected a string, got an integer."),
        ({"content": "x", "client_message_id": "5"}, "client_message_id", "Invalid UUID."),
        ({"content": "x", "client_message_id": str(uuid4()), "text": "y"}, "text", "There is no such field."),
        ({"content": "x", "client_message_id": str(uuid4()), "": 1}, "", "There is no such field."),
    ],
)
async def test_an_error_names_the_field_and_what_is_wrong_with_it(
    program: MakeProgram, factory: Factory, body: dict[str, Any], field: str, said: str
) -> None:
    ada, _, conversation = await factory.pair()
    answer = await (await program(ada)).post(f"/conversations/{conversation}/messages", **body)
    assert answer.refusal == (422, "VALIDATION_ERROR")
    assert answer.json["error"].get("details", {"": said}) == {field: said}


@pytest.mark.parametrize("wrong", ["nothing", "1", "%20", "%C3%A9", "x" * 500, "..", "0" * 32 + "g"])
async def test_an_id_that_is_none_is_not_found(program: MakeProgram, factory: Factory, wrong: str) -> None:
    of_ada = await program(await factory.user("ada"))
    for endpoint in ALL:
        if "_id}" in endpoint.path and endpoint.method in {"GET", "DELETE", "PUT"}:
            answer = await of_ada.ask(endpoint.method, address(endpoint, wrong))
            assert answer.refusal == (404, "NOT_FOUND"), endpoint.route


@pytest.mark.parametrize("target", ["/users/%00", "/users/%ff", "/users/search?q=%00", "/users/search?q=%ff"])
async def test_an_address_that_is_no_text_is_refused(program: MakeProgram, factory: Factory, target: str) -> None:
    of_ada = await program(await factory.user("ada"))
    assert (await of_ada.ask("GET", target)).refusal == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "query",
    ["limit=5&limit=6", "unknown=1", "limit=5&unknown=1", "cursor=", "cursor=%F0%9F%91%8D", "cursor=" + "x" * 1001],
)
async def test_a_query_that_cannot_be_is_refused_everywhere(program: MakeProgram, factory: Factory, query: str) -> None:
    ada = await factory.user("ada")
    group, of_ada = await factory.group(ada), await program(ada)
    for path in LISTS:
        assert (await of_ada.ask("GET", f"{path.format(group)}?limit=5")).status == 200
        assert (await of_ada.ask("GET", f"{path.format(group)}?{query}")).refusal == (422, "VALIDATION_ERROR"), path


@pytest.mark.parametrize(
    "place",
    [
        *('{"before": -1}', '{"type": "Older", "before": -1}', '{"type": "Newer", "after": 99999999999999999999}'),
        *('{"type": "Else"}', "{}", "[]", "null", "5", '"x"', "{", "[" * 700),
        *('{"activity_at": "2026-01-01T00:00:00", "id": "5"}', '{"rank": 99999999999, "name": "", "user_id": "x"}'),
        '{"rank": 1, "name": "\\u0000", "user_id": "01a1fd50-6082-75f2-a465-7e3ca002527d"}',
        '{"name_key": "\\u0000", "id": "01a1fd50-6082-75f2-a465-7e3ca002527d"}',
        '{"display_name": "\\u0000", "username": "x"}',
    ],
)
async def test_a_cursor_that_nobody_was_given_is_refused_everywhere(
    program: MakeProgram, factory: Factory, place: str
) -> None:
    ada = await factory.user("ada")
    group, of_ada = await factory.group(ada), await program(ada)
    for path in LISTS:
        for cursor in (
            urlsafe_b64encode(place.encode()).decode(),
            urlsafe_b64encode(place.encode()).decode().rstrip("="),
        ):
            answer = await of_ada.get(path.format(group), cursor=cursor)
            assert answer.refusal == (422, "VALIDATION_ERROR"), path
            assert list(answer.json["error"]["details"]) == ["cursor"]


@pytest.mark.parametrize(
    "at",
    ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00"],
)
async def test_times_beyond_the_ends_of_the_calendar_are_refused(
    program: MakeProgram, factory: Factory, at: str
) -> None:
    ada = await factory.user("ada")
    group, of_ada = await factory.group(ada), await program(ada)
    place = f'{{"activity_at": "{at}", "id": "{uuid4()}"}}'
    answer = await of_ada.get("/conversations", cursor=urlsafe_b64encode(place.encode()).decode())
    assert answer.refusal == (422, "VALIDATION_ERROR")
    assert (await of_ada.patch(f"/conversations/{group}", muted_until=at)).refusal == (422, "VALIDATION_ERROR")
    for sound in ("1900-01-01T00:00:00Z", "9999-01-01T00:00:00Z"):
        assert (await of_ada.patch(f"/conversations/{group}", muted_until=sound)).json["muted_until"] == sound


async def test_a_long_answer_is_compressed_for_those_who_take_it(program: MakeProgram, factory: Factory) -> None:
    ada, _, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "One of many", factory.later()) for _ in range(50)])
    of_ada = await program(ada)
    path = f"/conversations/{conversation}/messages"
    plain = await of_ada.ask("GET", path, **{"Accept-Encoding": "identity"})
    packed = await of_ada.ask("GET", path, **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json == plain.json
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 4
    assert "Accept-Encoding" in plain.headers["Vary"]


async def test_asking_for_the_head_alone_gets_the_head(program: MakeProgram, factory: Factory) -> None:
    of_ada = await program(await factory.user("ada"))
    whole, head = await of_ada.get("/users/me"), await of_ada.ask("HEAD", "/users/me")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert (await (await program(None)).ask("HEAD", "/users/me")).status == 401


async def test_every_change_of_conversations_may_come_too_fast_and_is_documented_so(
    serve: Serve, program: MakeProgram, factory: Factory
) -> None:
    ada, bo = await factory.user(), await factory.user()
    room = await factory.room(ada, bo)
    of_ada = await program(ada, address=await serve(change_limit_per_minute=1, change_burst=1))
    assert (await of_ada.patch(f"/conversations/{room}", topic="Spent")).status == 200
    one, member = f"/conversations/{room}", f"/conversations/{room}/members/{bo}"
    asked = {
        "POST /api/conversations": await of_ada.post("/conversations", kind="group", user_ids=[bo]),
        "PATCH /api/conversations/{conversation_id}": await of_ada.patch(one, topic="Again"),
        "DELETE /api/conversations/{conversation_id}": await of_ada.delete(one),
        "POST /api/conversations/{conversation_id}/members": await of_ada.post(f"{one}/members", user_ids=[bo]),
        "PATCH /api/conversations/{conversation_id}/members/{user_id}": await of_ada.patch(member, role="admin"),
        "DELETE /api/conversations/{conversation_id}/members/{user_id}": await of_ada.delete(member),
        "POST /api/rooms/{room_id}/join": await of_ada.post(f"/rooms/{room}/join"),
        "POST /api/rooms/{room_id}/leave": await of_ada.post(f"/rooms/{room}/leave"),
    }

    assert {route: answer.refusal for route, answer in asked.items()} == dict.fromkeys(asked, (429, "RATE_LIMITED"))
    direct = await of_ada.post("/conversations", kind="direct", user_id=bo)
    shared = await of_ada.patch(one, read_receipts_enabled=False)
    assert direct.refusal == shared.refusal == (429, "RATE_LIMITED")
    assert {endpoint.route for endpoint in ALL if RateLimited in endpoint.refusals} >= set(asked)
