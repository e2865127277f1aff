"""People over the API."""

from itertools import chain

from tests.api.conftest import MakeProgram
from tests.factory import Factory
from tests.program import each


async def test_everyone_sees_names_and_only_oneself_the_address(program: MakeProgram, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    of_ada = await program(ada)
    me = {"id": str(ada), "username": "ada", "display_name": "Ada", "role": "member", "avatar_url": None}
    answer = await of_ada.get("/users/me")
    assert answer.status == 200
    assert answer.json == me | {
        "email": "ada@example.org",
        "read_receipts_enabled": True,
        "presence_sharing": "everyone",
        "invisible": False,
    }
    assert answer.headers["Cache-Control"] == "no-store"
    answer = await (await program(bo)).get(f"/users/{ada}")
    assert answer.json == me


async def test_somebody_deactivated_is_not_found(program: MakeProgram, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    of_ada = await program(ada)
    assert (await of_ada.get(f"/users/{bo}")).status == 200
    await factory.pool.execute("update users set deactivated_at = now() where id = $1", bo)
    assert (await of_ada.get(f"/users/{bo}")).refusal == (404, "NOT_FOUND")
    assert (await of_ada.get("/users/search", q="bo")).json["items"] == []


async def test_names_are_changed_one_by_one(program: MakeProgram, factory: Factory) -> None:
    ada = await factory.user("ada")
    await factory.user("bo")
    of_ada = await program(ada)
    answer = await of_ada.patch("/users/me", display_name="  Ada   Lovelace ")
    assert (answer.status, answer.json["display_name"], answer.json["username"]) == (200, "Ada Lovelace", "ada")
    answer = await of_ada.patch("/users/me", username="@Countess")
    assert (answer.json["display_name"], answer.json["username"]) == ("Ada Lovelace", "countess")
    assert (await of_ada.get("/users/me")).json == answer.json
    assert (await of_ada.patch("/users/me")).json == answer.json


async def test_names_that_cannot_be_are_refused_each_with_its_reason(program: MakeProgram, factory: Factory) -> None:
    ada = await factory.user("ada")
    await factory.user("bo")
    of_ada = await program(ada)
    answer = await of_ada.patch("/users/me", display_name="\0 \u202e", username="no spaces")
    assert answer.refusal == (422, "VALIDATION_ERROR")
    assert set(answer.json["error"]["details"]) == {"display_name", "username"}
    answer = await of_ada.patch("/users/me", username="bo")
    assert answer.refusal == (422, "VALIDATION_ERROR")
    assert list(answer.json["error"]["details"]) == ["username"]
    assert (await of_ada.get("/users/me")).json["username"] == "ada"


async def test_people_are_found_by_the_beginnings_of_their_names(program: MakeProgram, factory: Factory) -> None:
    ada = await factory.user("ada")
    await factory.user("karin", display_name="Zoe Last")
    for number in range(9):
        await factory.user(f"k{number}", display_name=f"{'kK'[number % 2]}arin {number % 4}")
    of_ada = await program(ada)
    pages = await of_ada.pages("/users/search", q="karin", limit=3)
    assert [len(page) for page in pages] == [3, 3, 3, 1]
    found = each(chain.from_iterable(pages), "username")
    assert found == ["karin", "k0", "k4", "k8", "k1", "k5", "k2", "k6", "k3", "k7"]
    everyone = each(chain.from_iterable(await of_ada.pages("/users/search", limit=4)), "username")
    assert sorted(everyone) == sorted(found)
