"""Who is in a conversation, over the API; and rooms that people find, join and leave."""

from itertools import chain
from uuid import uuid4

from tests.api.conftest import MakeProgram
from tests.factory import Factory
from tests.program import each


async def test_members_are_listed_owners_first(program: MakeProgram, factory: Factory) -> None:
    people = [await factory.user(f"p{number}", display_name=f"{'zyx'[number % 3]}aul {number}") for number in range(9)]
    room = await factory.room(*people)
    await factory.set_role(room, people[4], "admin")
    of_owner = await program(people[0])
    pages = await of_owner.pages(f"/conversations/{room}/members", limit=4)
    assert [len(page) for page in pages] == [4, 4, 1]
    members = list(chain(*pages))
    assert [member["user"]["username"] for member in members] == ["p0", "p4", "p2", "p5", "p8", "p1", "p7", "p3", "p6"]
    assert each(members, "role") == ["owner", "admin", *["member"] * 7]
    assert set(members[0]) == {"user", "role", "active", "joined_at"}
    found = (await of_owner.get(f"/conversations/{room}/members", q="xaul")).json["items"]
    assert {member["user"]["username"] for member in found} == {"p2", "p5", "p8"}


async def test_people_are_brought_in_and_taken_out(program: MakeProgram, factory: Factory) -> None:
    ada, bo, cy = [await factory.user(name) for name in ("ada", "bo", "cy")]
    group = await factory.group(ada, bo)
    of_ada, of_bo, of_cy = await program(ada), await program(bo), await program(cy)
    path = f"/conversations/{group}/members"
    for _ in range(2):
        answer = await of_bo.post(path, user_ids=[cy, bo])
        assert (answer.status, answer.json["members_count"]) == (200, 3)
    assert (await of_cy.get(f"/conversations/{group}")).json["role"] == "member"
    assert (await of_bo.delete(f"{path}/{cy}")).refusal == (403, "FORBIDDEN")
    assert (await of_ada.delete(f"{path}/{cy}")).status == 204
    assert (await of_cy.get(f"/conversations/{group}")).refusal == (404, "NOT_FOUND")
    assert (await of_ada.delete(f"{path}/{cy}")).refusal == (404, "NOT_FOUND")
    nobody = uuid4()
    refused = await of_ada.post(path, user_ids=[cy, nobody])
    assert refused.refusal == (422, "VALIDATION_ERROR")
    assert list(refused.json["error"]["details"]) == ["user_ids"]
    assert (await of_ada.get(f"/conversations/{group}")).json["members_count"] == 2


async def test_the_last_owner_hands_over_before_leaving(program: MakeProgram, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room = await factory.room(ada, bo)
    of_ada, of_bo = await program(ada), await program(bo)
    assert (await of_ada.post(f"/rooms/{room}/leave")).refusal == (409, "CONFLICT")
    assert (await of_ada.delete(f"/conversations/{room}/members/{ada}")).refusal == (409, "CONFLICT")
    assert (await of_bo.patch(f"/conversations/{room}/members/{bo}", role="owner")).refusal == (403, "FORBIDDEN")
    answer = await of_ada.patch(f"/conversations/{room}/members/{bo}", role="owner")
    assert (answer.status, answer.json["role"], answer.json["user"]["username"]) == (200, "owner", "bo")
    assert (await of_ada.post(f"/rooms/{room}/leave")).status == 204
    assert (await of_ada.post(f"/rooms/{room}/leave")).refusal == (403, "NOT_IN_CONVERSATION")
    answer = await of_bo.patch(f"/conversations/{room}/members/{ada}", role="admin")
    assert answer.refusal == (404, "NOT_FOUND")


async def test_rooms_are_found_by_their_names_and_topics(program: MakeProgram, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    trees = ("Alder", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Oak")
    rooms = [await factory.room(ada, name=f"Room {tree}") for tree in trees]
    hidden = await factory.room(ada, name="Room of secrets", visibility="private")
    of_ada, of_bo = await program(ada), await program(bo)
    await of_ada.patch(f"/conversations/{rooms[3]}", topic="Wood and glue")
    pages = await of_bo.pages("/rooms", limit=3)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert each(chain(*pages), "id") == [str(room) for room in rooms]
    assert pages[1][0] == {
        "id": str(rooms[3]),
        "name": "Room Elm",
        "topic": "Wood and glue",
        "visibility": "public",
        "members_count": 1,
        "joined": False,
    }
    assert each((await of_bo.get("/rooms", q="glue")).json["items"], "id") == [str(rooms[3])]
    assert (await of_bo.get("/rooms", q="secrets")).json["items"] == []
    assert (await of_bo.post(f"/rooms/{hidden}/join")).refusal == (404, "NOT_FOUND")


async def test_joining_twice_is_joining_once(program: MakeProgram, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room = await factory.room(ada)
    await factory.say(room, [(ada, "Before", factory.later())])
    of_bo = await program(bo)
    for _ in range(2):
        answer = await of_bo.post(f"/rooms/{room}/join")
        assert answer.status == 200
        assert (answer.json["members_count"], answer.json["unread"], answer.json["role"]) == (2, 0, "member")
    assert (await of_bo.get("/rooms")).json["items"][0]["joined"] is True
    group = await factory.group(ada)
    assert (await of_bo.post(f"/rooms/{group}/join")).refusal == (404, "NOT_FOUND")
    await (await program(ada)).patch(f"/conversations/{room}", archived=True)
    of_cy = await program(await factory.user("cy"))
    assert (await of_cy.post(f"/rooms/{room}/join")).refusal == (403, "FORBIDDEN")
