"""Conversations over the API: begun, listed, changed and deleted."""

import asyncio
from itertools import chain
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import MakeProgram
from tests.factory import Factory
from tests.program import each


async def test_a_conversation_is_told_as_its_member_sees_it(program: MakeProgram, factory: Factory) -> None:
    ada, bo, conversation = await factory.pair()
    of_ada, of_bo = await program(ada), await program(bo)
    message = (
        await of_ada.post(f"/conversations/{conversation}/messages", content="Hello", client_message_id=uuid4())
    ).json
    shown = (await of_bo.get(f"/conversations/{conversation}")).json
    assert shown == {
        "id": str(conversation),
        "kind": "direct",
        "name": "Ada",
        "topic": None,
        "visibility": "private",
        "other_id": str(ada),
        "members_count": 2,
        "last_message": {name: value for name, value in message.items() if name != "status"},
        "last_seq": 1,
        "revision": 1,
        "unread": 1,
        "mentions": 0,
        "read_up_to": 0,
        "unread_from": None,
        "delivered_up_to": 0,
        "role": "member",
        "notify": "all",
        "muted_until": None,
        "read_receipts_enabled": None,
        "archived_at": None,
        "created_at": shown["created_at"],
        "updated_at": shown["updated_at"],
    }
    assert (await of_bo.get("/conversations")).json["items"] == [shown]
    own = (await of_ada.get(f"/conversations/{conversation}")).json
    assert (own["name"], own["unread"], own["last_message"]) == ("Bo", 0, message)


async def test_two_people_have_one_direct_conversation(program: MakeProgram, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    of_ada, of_bo = await program(ada), await program(bo)
    answers = await asyncio.gather(
        *(of_ada.post("/conversations", kind="direct", user_id=bo) for _ in range(4)),
        *(of_bo.post("/conversations", kind="direct", user_id=ada) for _ in range(4)),
    )
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert [answer.json["name"] for answer in answers] == ["Bo"] * 4 + ["Ada"] * 4
    assert await factory.pool.fetchval("select count(*) from conversations") == 1


async def test_groups_and_rooms_are_made_once_for_each_id_of_the_client(program: MakeProgram, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    of_ada = await program(ada)
    for body in (
        {"kind": "group", "user_ids": [bo], "name": "Two of us"},
        {"kind": "room", "name": "Workshop", "visibility": "public", "topic": "Wood"},
    ):
        key = uuid4()
        first, again = [await of_ada.post("/conversations", **body, client_conversation_id=key) for _ in range(2)]
        assert (first.status, again.json) == (201, first.json)
        made = first.json
        assert (made["kind"], made["name"], made["role"]) == (body["kind"], body["name"], "owner")
        assert made["topic"] == body.get("topic")
        assert made["last_message"]["content_type"] == "system"
    assert len((await of_ada.get("/conversations")).json["items"]) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "direct"}, "user_id"),
        ({"kind": "direct", "user_id": "ada"}, "user_id"),
        ({"kind": "group", "user_ids": []}, "user_ids"),
        ({"kind": "group", "user_ids": ["nobody"]}, "user_ids[0]"),
        ({"kind": "group", "user_ids": [str(uuid4())]}, "user_ids"),
        ({"kind": "room", "visibility": "public", "name": "   "}, "name"),
        ({"kind": "room", "visibility": "public", "name": "x" * 10_000}, "name"),
        ({"kind": "room", "visibility": "public", "name": "Board\0"}, "name"),
        ({"kind": "room", "visibility": "public", "name": "Board", "topic": "x" * 251}, "topic"),
        ({"kind": "room", "visibility": "secret", "name": "Board"}, "visibility"),
        ({"kind": "room", "name": "Board"}, "visibility"),
        ({"kind": "channel", "name": "Board"}, "kind"),
        ({"name": "Board"}, "kind"),
        ({"kind": "room", "name": "Board", "visibility": "public", "owner": "me"}, "owner"),
    ],
)
async def test_what_makes_no_conversation_is_refused_and_the_field_named(
    program: MakeProgram, factory: Factory, body: dict[str, object], field: str
) -> None:
    of_ada = await program(await factory.user("ada"))
    answer = await of_ada.post("/conversations", **body)
    assert answer.refusal == (422, "VALIDATION_ERROR")
    assert list(answer.json["error"]["details"]) == [field]
    assert (await of_ada.get("/conversations")).json["items"] == []


async def test_a_room_cannot_look_like_another(program: MakeProgram, factory: Factory) -> None:
    of_ada = await program(await factory.user("ada"))
    assert (await of_ada.post("/conversations", kind="room", name="Board", visibility="private")).status == 201
    answer = await of_ada.post("/conversations", kind="room", name="BOARD", visibility="public")
    assert answer.refusal == (409, "CONFLICT")


async def test_the_list_is_read_to_its_end_the_latest_activity_first(program: MakeProgram, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    made = [await factory.group(ada, bo, name=f"Group {number}") for number in range(11)]
    for conversation in made:
        await factory.say(conversation, [(bo, "Hello", factory.later())])
    of_ada = await program(ada)
    pages = await of_ada.pages("/conversations", limit=4)
    assert [len(page) for page in pages] == [4, 4, 3]
    assert each(chain(*pages), "id") == [str(conversation) for conversation in reversed(made)]
    first = (await of_ada.get("/conversations", limit=4)).json
    # What was on the second page moves to the front meanwhile: nothing that follows is told twice.
    await of_ada.post(f"/conversations/{made[5]}/messages", content="Up", client_message_id=uuid4())
    second = (await of_ada.get("/conversations", limit=4, cursor=first["next_cursor"])).json
    assert each(second["items"], "id") == [str(made[number]) for number in (6, 4, 3, 2)]


async def test_only_its_owners_delete_a_conversation(program: MakeProgram, factory: Factory) -> None:
    ada, bo, direct = await factory.pair()
    cy = await factory.user("cy")
    group = await factory.group(ada, bo, cy)
    await factory.set_role(group, bo, "admin")
    of_ada = await program(ada)
    for person in (bo, cy):
        refused = await (await program(person)).delete(f"/conversations/{group}")
        assert refused.refusal == (403, "FORBIDDEN")
    assert (await of_ada.delete(f"/conversations/{direct}")).refusal == (403, "FORBIDDEN")
    assert (await of_ada.delete(f"/conversations/{group}")).status == 204
    for person in (ada, bo, cy):
        program_ = await program(person)
        assert (await program_.get(f"/conversations/{group}")).refusal == (404, "NOT_FOUND")
        assert str(group) not in each((await program_.get("/conversations")).json["items"], "id")
    assert (await of_ada.delete(f"/conversations/{group}")).refusal == (404, "NOT_FOUND")
    rows = "select count(*) from conversations where id = $1 and deleted_at is not null"
    assert await factory.pool.fetchval(rows, group) == 1


async def test_what_is_left_out_stays_as_it_is(program: MakeProgram, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room = await factory.room(ada, bo, name="Board")
    of_ada, of_bo = await program(ada), await program(bo)
    path = f"/conversations/{room}"
    changed = (await of_ada.patch(path, topic="Quarterly")).json
    assert (changed["name"], changed["topic"], changed["visibility"]) == ("Board", "Quarterly", "public")
    changed = (await of_ada.patch(path, name="The board", visibility="private", archived=True)).json
    assert (changed["name"], changed["topic"], changed["visibility"]) == ("The board", "Quarterly", "private")
    assert changed["archived_at"] is not None
    assert (await of_ada.patch(path, archived=False, topic="")).json["topic"] is None
    own = (await of_bo.patch(path, notify="none", muted_until="2030-01-01T01:00:00+01:00")).json
    assert (own["notify"], own["muted_until"]) == ("none", "2030-01-01T00:00:00Z")
    assert (await of_bo.patch(path, muted_until=None)).json["muted_until"] is None
    assert (await of_ada.get(path)).json["notify"] == "all"


async def test_who_may_not_change_it_changes_nothing_of_it(program: MakeProgram, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room = await factory.room(ada, bo, name="Board")
    of_bo = await program(bo)
    before = (await of_bo.get(f"/conversations/{room}")).json
    for change in ({"name": "Mine"}, {"topic": "Mine"}, {"visibility": "private"}, {"archived": True}):
        refused = await of_bo.patch(f"/conversations/{room}", notify="none", **change)
        assert refused.refusal == (403, "FORBIDDEN")
    await factory.set_role(room, bo, "admin")
    refused = await of_bo.patch(f"/conversations/{room}", name="Mine", archived=True)
    assert refused.refusal == (403, "FORBIDDEN")
    assert (await of_bo.get(f"/conversations/{room}")).json == before | {"role": "admin"}


@pytest.mark.parametrize(
    "change", [{"notify": "loud"}, {"muted_until": "2030-01-01T00:00:00"}, {"kind": "room"}, {"name": 5}]
)
async def test_what_cannot_be_is_refused(program: MakeProgram, factory: Factory, change: dict[str, object]) -> None:
    ada = await factory.user("ada")
    of_ada = await program(ada)
    answer = await of_ada.patch(f"/conversations/{await factory.room(ada)}", **change)
    assert answer.refusal == (422, "VALIDATION_ERROR")
    assert list(answer.json["error"]["details"]) == list(change)


async def test_outsiders_learn_of_public_rooms_alone(program: MakeProgram, factory: Factory) -> None:
    ada, bo, direct = await factory.pair()
    public, private = await factory.room(ada), await factory.room(ada, visibility="private")
    of_cy = await program(await factory.user("cy"))

    async def asked(conversation: UUID | str) -> set[tuple[int, str]]:
        path = f"/conversations/{conversation}"
        return {
            (await of_cy.get(path)).refusal,
            (await of_cy.patch(path, name="Mine")).refusal,
            (await of_cy.patch(path, notify="none")).refusal,
            (await of_cy.delete(path)).refusal,
            (await of_cy.get(f"{path}/members")).refusal,
            (await of_cy.post(f"{path}/members", user_ids=[bo])).refusal,
            (await of_cy.patch(f"{path}/members/{ada}", role="member")).refusal,
            (await of_cy.delete(f"{path}/members/{ada}")).refusal,
        }

    assert await asked(public) == {(403, "NOT_IN_CONVERSATION")}
    for conversation in (direct, private, await factory.group(ada, bo), uuid4(), "nothing"):
        assert await asked(conversation) == {(404, "NOT_FOUND")}
