"""The pages of groups and rooms by themselves: what they answer to htmx, to plain forms, and to what makes no sense."""

import re
from uuid import UUID, uuid4

import pytest

from tests.conversations.conftest import SignIn
from tests.factory import Factory
from tests.html import read, texts, with_class
from tests.plain_browser import Browser, Page

HTMX = {"HX-Request": "true"}
PANEL = {**HTMX, "HX-Target": "aside#details"}


async def post(browser: Browser, path: str, form: dict[str, str], **headers: str) -> Page:
    csrf = (await browser.get("/settings")).csrf
    return await browser.post(path, {"csrf": csrf, **form}, **headers)


async def test_the_list_of_rooms_goes_on_where_it_ended(factory: Factory, browse: SignIn) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    for number in range(60):
        await factory.room(ada, name=f"Room {number:02}")
    await factory.room(ada, name="Hidden", visibility="private")
    browser = await browse(bo)

    first = await browser.get("/rooms")
    more = next(element for element in read(first.text) if "/rooms?" in element.attributes.get("hx-get", ""))
    second = await browser.get(more.attributes["hx-get"], **HTMX)

    names = texts(first.text, "name")[-50:] + texts(second.text, "name")
    assert sorted(names) == [f"Room {number:02}" for number in range(60)]
    assert "more" not in [name for element in read(second.text) for name in element.classes]
    assert (await browser.get("/rooms?after=nonsense")).status == 422


async def test_a_list_that_has_not_changed_is_not_sent_again(factory: Factory, browse: SignIn) -> None:
    ada, bo, conversation = await factory.pair()
    browser = await browse(ada)
    version = next(
        element.attributes["data-version"]
        for element in read((await browser.get("/")).text)
        if element.id == "conversation-list"
    )
    assert (await browser.get(f"/sidebar?version={version}", **HTMX)).status == 204

    await factory.say(conversation, [(bo, "Hello", factory.later())])

    assert "Hello" in (await browser.get(f"/sidebar?version={version}", **HTMX)).text
    assert (await browser.get("/sidebar", **HTMX)).status == 200


async def test_the_panel_is_sent_alone_or_with_the_conversation(factory: Factory, browse: SignIn) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    group = await factory.group(ada, bo, name="Trip")
    browser = await browse(bo)

    panel, page = await browser.get(f"/c/{group}/details", **PANEL), await browser.get(f"/c/{group}/details")

    assert next(element.tag for element in read(panel.text)) == "section"
    assert texts(panel.text, "details-name") == ["Trip"]
    assert "composer" not in panel.text
    assert texts(page.text, "details-name") == ["Trip"]
    assert with_class(page.text, "composer") != []
    # A member of a group may do neither.
    assert "/delete" not in panel.text
    assert "/archive" not in panel.text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("delete", {}),
        ("archive", {"archived": "yes"}),
        ("details", {"name": "Voyage"}),
        ("members/{cy}/role", {"role": "owner"}),
        ("members/{cy}/remove", {}),
        ("members/{cy}/hand-over", {}),
        ("links", {"days": "7"}),
    ],
)
async def test_what_somebody_may_not_do_is_refused_where_it_was_asked(
    factory: Factory, browse: SignIn, path: str, form: dict[str, str]
) -> None:
    ada, bo, cy = await factory.user("ada"), await factory.user("bo"), await factory.user("cy")
    room = await factory.room(ada, bo, cy, name="Design")
    address = f"/c/{room}/{path.format(cy=cy)}"
    browser = await browse(bo)

    piece, page = await post(browser, address, form, **HTMX), await post(browser, address, form)

    for answer in (piece, page):
        assert answer.status == 403
        assert re.search(r"Only owners( and admins)? of this room can do that", answer.text)
    if path in ("delete", "archive") or "members" in path:
        assert piece.headers["HX-Retarget"] == "#dialog"
    assert len(await factory.pool.fetch("select from members where role = 'owner' and user_id = $1", ada)) == 1
    assert await factory.pool.fetchval("select count(*) from invites") == 0


async def test_a_form_without_scripts_leads_on_or_says_what_was_wrong(factory: Factory, browse: SignIn) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    room = await factory.room(ada, bo, name="Design")
    await factory.room(ada, name="Taken")
    browser = await browse(ada)

    saved = await post(browser, f"/c/{room}/details", {"name": "Drawing", "topic": "Lines", "visibility": "private"})
    assert (saved.status, saved.location) == (303, f"/c/{room}/details")
    row = await factory.pool.fetchrow("select name, topic, visibility from conversations where id = $1", room)
    assert row is not None
    assert tuple(row) == ("Drawing", "Lines", "private")

    refused = await post(browser, f"/c/{room}/details", {"name": "Taken", "topic": "Not lost", "visibility": "public"})
    assert refused.status == 409
    assert "Not lost" in refused.text
    assert "There is a room called" in with_class(refused.text, "field-error")[0].text


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "99999", "1e3", "\uff17"])
async def test_a_link_for_no_number_of_days_is_refused(factory: Factory, browse: SignIn, text: str) -> None:
    ada = await factory.user("ada")
    room = await factory.room(ada, name="Design")

    answer = await post(await browse(ada), f"/c/{room}/links", {"days": text, "max_uses": "10"}, **HTMX)

    assert answer.status == 422
    assert await factory.pool.fetchval("select count(*) from invites") == 0


async def test_who_is_chosen_stays_chosen_and_isnt_found_again(factory: Factory, browse: SignIn) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    await factory.user("bob")
    browser = await browse(ada)

    page = await browser.get(f"/people?q=bo&with={bo}")

    chosen = [element.attributes["value"] for element in read(page.text) if "checked" in element.attributes]
    assert chosen == [str(bo)]
    results = await browser.get(f"/people?q=bo&with={bo}", **HTMX, **{"HX-Target": "ul#picker-results"})
    assert texts(results.text, "name") == ["Bob"]


@pytest.mark.parametrize("chosen", ["", "x", "self", "nobody"])
async def test_a_conversation_with_nobody_is_not_begun(factory: Factory, browse: SignIn, chosen: str) -> None:
    ada = await factory.user("ada")
    ids: dict[str, UUID] = {"self": ada, "nobody": uuid4()}
    form = {"with": str(ids.get(chosen, chosen))} if chosen else {}

    answer = await post(await browse(ada), "/people", form)

    assert answer.status in (404, 422)
    assert await factory.pool.fetchval("select count(*) from conversations") == 0


async def test_everybody_is_shown_but_those_who_are_in_already(factory: Factory, browse: SignIn) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    await factory.user("cy")
    group = await factory.group(ada, bo)

    dialog = await (await browse(ada)).get(f"/c/{group}/people", **HTMX)

    assert texts(dialog.text, "name") == ["Cy"]
