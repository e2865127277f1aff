"""Contacts, blocks and privacy over the API."""

from itertools import chain
from uuid import uuid4

import pytest

from tests.api.conftest import MakeProgram
from tests.factory import Factory
from tests.program import each


async def test_a_request_is_made_accepted_and_taken_back(program: MakeProgram, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    of_ada, of_bo = await program(ada), await program(bo)

    asked = await of_ada.put(f"/contacts/{bo}")
    assert (asked.status, asked.json["status"], asked.json["accepted_at"]) == (200, "outgoing", None)
    assert asked.json["user"]["username"] == "bo"
    (incoming,) = (await of_bo.get("/contacts", status="incoming")).json["items"]
    assert (incoming["user"]["username"], incoming["requested_at"]) == ("ada", asked.json["requested_at"])
    assert (await of_bo.get("/contacts", status="contact")).json["items"] == []

    accepted = await of_bo.put(f"/contacts/{ada}")
    assert accepted.json["status"] == "contact"
    assert (await of_bo.put(f"/contacts/{ada}")).json == accepted.json
    (hers,) = (await of_ada.get("/contacts")).json["items"]
    assert hers == accepted.json | {"user": asked.json["user"]}

    for _ in range(2):
        assert (await of_ada.delete(f"/contacts/{bo}")).status == 204
    assert (await of_bo.get("/contacts")).json == {"items": [], "next_cursor": None, "has_more": False}


async def test_lists_are_pages_by_name(program: MakeProgram, factory: Factory) -> None:
    ada = await factory.user("ada")
    of_ada = await program(ada)
    for number in range(7):
        other = await factory.user(f"k{number}", display_name=f"{'kK'[number % 2]}arin {number % 3}")
        assert (await of_ada.put(f"/contacts/{other}")).status == 200
    pages = await of_ada.pages("/contacts", limit=3)
    assert [len(page) for page in pages] == [3, 3, 1]
    users = [contact["user"] for contact in chain(*pages)]
    assert each(users, "username") == ["k0", "k3", "k6", "k1", "k4", "k2", "k5"]

    for user in users[:5]:
        assert (await of_ada.put(f"/blocks/{user['id']}")).status == 204
    pages = await of_ada.pages("/blocks", limit=2)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert list(chain(*pages)) == users[:5]
    assert each(list(chain(*await of_ada.pages("/contacts"))), "user") == users[5:]


@pytest.mark.parametrize("blocker", ["ada", "bo"])
async def test_nobody_learns_who_has_blocked_whom(program: MakeProgram, factory: Factory, blocker: str) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    of_ada, of_bo = await program(ada), await program(bo)
    for _ in range(2):
        blocked = await (of_ada.put(f"/blocks/{bo}") if blocker == "ada" else of_bo.put(f"/blocks/{ada}"))
        assert blocked.status == 204
    answers = [await of_ada.put(f"/contacts/{bo}"), await of_bo.put(f"/contacts/{ada}")]
    assert [answer.refusal for answer in answers] == [(403, "FORBIDDEN")] * 2
    assert answers[0].json == answers[1].json
    assert len((await (of_bo if blocker == "ada" else of_ada).get("/blocks")).json["items"]) == 0

    for _ in range(2):
        await (of_ada.delete(f"/blocks/{bo}") if blocker == "ada" else of_bo.delete(f"/blocks/{ada}"))
    assert (await of_ada.put(f"/contacts/{bo}")).status == 200


async def test_oneself_and_nobody_are_refused(program: MakeProgram, factory: Factory) -> None:
    ada = await factory.user("ada")
    of_ada = await program(ada)
    for path in ("contacts", "blocks"):
        assert (await of_ada.put(f"/{path}/{ada}")).refusal == (422, "VALIDATION_ERROR")
        assert (await of_ada.put(f"/{path}/{uuid4()}")).refusal == (404, "NOT_FOUND")
        assert (await of_ada.delete(f"/{path}/{uuid4()}")).status == 204
    assert (await of_ada.get("/contacts", status="friend")).refusal == (422, "VALIDATION_ERROR")
    assert (await of_ada.get("/contacts", cursor="eyJ9")).refusal == (422, "VALIDATION_ERROR")


async def test_what_is_shared_is_changed_one_by_one(program: MakeProgram, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    of_ada = await program(ada)
    before = (await of_ada.get("/users/me")).json
    for change in ({"read_receipts_enabled": False}, {"presence_sharing": "contacts"}, {"invisible": True}):
        answer = await of_ada.patch("/users/me", **change)
        assert (answer.status, answer.json) == (200, before | change)
        before = answer.json
    assert (await of_ada.get("/users/me")).json == before
    assert (await of_ada.patch("/users/me", display_name="Ada L")).json == before | {"display_name": "Ada L"}
    for wrong in ({"presence_sharing": "friends"}, {"invisible": None}, {"read_receipts_enabled": 1}):
        assert (await of_ada.patch("/users/me", **wrong)).refusal == (422, "VALIDATION_ERROR")
    # It is nobody else's business.
    assert "invisible" not in (await (await program(bo)).get(f"/users/{ada}")).json


async def test_a_conversation_can_differ_for_one_of_its_members(program: MakeProgram, factory: Factory) -> None:
    ada, bo, direct = await factory.pair()
    of_ada, of_bo = await program(ada), await program(bo)
    path = f"/conversations/{direct}"
    assert (await of_ada.get(path)).json["read_receipts_enabled"] is None
    for wanted in (False, True, None):
        answer = await of_ada.patch(path, read_receipts_enabled=wanted)
        assert (answer.status, answer.json["read_receipts_enabled"]) == (200, wanted)
    await of_ada.patch(path, read_receipts_enabled=False)
    await of_ada.patch(path, notify="mentions")
    assert (await of_ada.get(path)).json["read_receipts_enabled"] is False
    assert (await of_bo.get(path)).json["read_receipts_enabled"] is None
