"""Finding a person, and the one conversation of the two."""

import asyncio
import json
from urllib.parse import quote
from uuid import UUID, uuid4

from chat.db import Pool
from tests.conversations.conftest import SignIn
from tests.device import Connect
from tests.factory import Factory
from tests.html import read, texts
from tests.plain_browser import Browser, Page

HTMX = {"HX-Request": "true"}


async def find(browser: Browser, query: str) -> list[str]:
    """The names that the search finds."""
    page = await browser.get(f"/people?q={quote(query)}", **HTMX, **{"HX-Target": "ul#picker-results"})
    assert page.status == 200
    return texts(page.text, "name")


async def open_with(browser: Browser, person: UUID) -> Page:
    csrf = (await browser.get("/people")).csrf
    return await browser.post(f"/people/{person}/conversation", {"csrf": csrf})


async def test_people_are_found_by_the_beginning_of_a_name_or_username(factory: Factory, browse: SignIn) -> None:
    browser = await browse(await factory.user("viewer", display_name="Karla Viewer"))
    await factory.user("klopez", display_name="Karin Lopez")
    await factory.user("ae.oe", display_name="Änne Ö'Neil")
    await factory.user("wild_card", display_name="50% \\ Off_Sale")
    await factory.user("xiaoming", display_name="王小明")
    await factory.user("gone", display_name="Karin Gone", deactivated_at=await factory.pool.fetchval("select now()"))

    expected = {
        "kar": ["Karin Lopez"],
        "KARIN": ["Karin Lopez"],
        "lop": ["Karin Lopez"],
        "ka lo": ["Karin Lopez"],
        "@klo": ["Karin Lopez"],
        "arin": [],
        "än": ["Änne Ö'Neil"],
        "ÄN": ["Änne Ö'Neil"],
        "A\u0308n": ["Änne Ö'Neil"],
        "ö'n": ["Änne Ö'Neil"],
        "ae.": ["Änne Ö'Neil"],
        "王": ["王小明"],
        "50%": ["50% \\ Off_Sale"],
        "%": [],
        "_": [],
        "wild_": ["50% \\ Off_Sale"],
        "wildx": [],
        "\\": ["50% \\ Off_Sale"],
        "off_": ["50% \\ Off_Sale"],
        "view": [],
        "gone": [],
        "viewer@example.org": [],
        "klopez@example": [],
        "example": [],
        "x" * 5000: [],
    }

    assert {query: await find(browser, query) for query in expected} == expected
    page = await browser.get("/people?q=")
    assert "example.org" not in page.text
    assert "gone" not in page.text.lower()


async def test_a_person_leads_to_the_one_conversation_whoever_begins(factory: Factory, browse: SignIn) -> None:
    maria, noah = await factory.user(), await factory.user()
    hers, his = await browse(maria), await browse(noah)

    first = await open_with(hers, noah)
    again = await open_with(hers, noah)
    from_him = await open_with(his, maria)

    assert first.status == again.status == from_him.status == 303
    assert first.location == again.location == from_him.location
    assert (await his.get(first.location)).status == 200


async def test_both_at_once_from_both_sides_get_the_same_conversation(
    factory: Factory, browse: SignIn, pool: Pool
) -> None:
    maria, noah = await factory.user(), await factory.user()
    hers, his = await browse(maria), await browse(noah)
    tokens = {browser: (await browser.get("/people")).csrf for browser in (hers, his)}

    answers = await asyncio.gather(
        *(
            browser.post(f"/people/{person}/conversation", {"csrf": tokens[browser]})
            for browser, person in ((hers, noah), (his, maria)) * 8
        )
    )

    assert {answer.status for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert await pool.fetchval("select count(*) from conversations") == 1
    assert await pool.fetchval("select count(*) from members") == 2


async def test_with_htmx_the_conversation_opens_in_the_pane(factory: Factory, browse: SignIn) -> None:
    maria, noah = await factory.user(), await factory.user()
    browser = await browse(maria)
    csrf = (await browser.get("/people")).csrf

    answer = await browser.post(f"/people/{noah}/conversation", {"csrf": csrf}, **HTMX)

    location = json.loads(answer.headers["HX-Location"])
    assert (answer.status, location["target"]) == (200, "#pane")
    assert (await browser.get(location["path"])).status == 200


async def test_nobody_opens_a_conversation_with_who_is_not_there(factory: Factory, browse: SignIn, pool: Pool) -> None:
    maria = await factory.user()
    gone = await factory.user(deactivated_at=await pool.fetchval("select now()"))
    browser = await browse(maria)

    answers = [await open_with(browser, person) for person in (gone, uuid4())]
    assert [answer.status for answer in answers] == [404, 404]
    assert texts(answers[0].text, "card-lead") == texts(answers[1].text, "card-lead")
    assert (await open_with(browser, maria)).status == 422
    csrf = (await browser.get("/people")).csrf
    assert (await browser.post("/people/no-id/conversation", {"csrf": csrf})).status == 404
    assert await pool.fetchval("select count(*) from conversations") == 0


async def test_a_conversation_with_who_was_deactivated_later_stays_to_be_read(
    factory: Factory, browse: SignIn, connect: Connect, pool: Pool
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    await (await connect(noah)).send(conversation, "goodbye")
    await pool.execute("update users set deactivated_at = now() where id = $1", noah)
    browser = await browse(maria)

    assert "goodbye" in (await browser.get(f"/c/{conversation}")).text
    assert (await open_with(browser, noah)).location == f"/c/{conversation}"


async def test_an_opened_conversation_shows_up_for_the_other_only_with_its_first_message(
    factory: Factory, browse: SignIn, connect: Connect
) -> None:
    maria, noah = await factory.user("maria"), await factory.user("noah")
    hers, his = await browse(maria), await browse(noah)
    laptop, phone = await connect(noah), await connect(maria)

    path = (await open_with(hers, noah)).location
    conversation = UUID(path.removeprefix("/c/"))
    await phone.expect("conversation:updated", conversation_id=conversation)
    assert "Noah" in texts((await hers.get("/sidebar")).text, "name")
    for page in ("/sidebar", "/switcher?q="):
        assert texts((await his.get(page)).text, "name") == [], page
    assert (await his.get(f"{path}/row")).status == 204

    await phone.send(conversation, "hello")

    await laptop.expect("message:received", conversation_id=conversation)
    for page in ("/sidebar", "/switcher?q=", f"{path}/row"):
        assert texts((await his.get(page)).text, "name") == ["Maria"], page


async def test_the_switcher_finds_conversations_and_people_without_one(
    factory: Factory, browse: SignIn, connect: Connect
) -> None:
    maria = await factory.user("maria")
    zoe = await factory.user("zoe", display_name="Zoë 50% Quick")
    percent = await factory.user("percent", display_name="50x Percent")
    await factory.user("zack")
    device = await connect(maria)
    await device.send(await factory.direct(maria, zoe), "hi")
    await device.send(await factory.direct(maria, percent), "hi")
    browser = await browse(maria)

    async def switch_to(query: str) -> list[tuple[str, bool]]:
        page = await browser.get(f"/switcher?q={quote(query)}", **HTMX)
        options = [element for element in read(page.text) if "option" in element.classes]
        return [(texts_in(option.text), option.tag == "a") for option in options]

    def texts_in(text: str) -> str:
        return next(part for part in (line.strip() for line in text.split("\n")) if len(part) > 2)

    zoe_row = ("Zoë 50% Quick @zoe", True)
    assert await switch_to("z") == [zoe_row, ("Zack @zack", False)]
    assert await switch_to("ZOË") == await switch_to("Zoe\u0308") == await switch_to("@zo") == [zoe_row]
    assert await switch_to("50%") == [zoe_row]
    assert await switch_to("qui") == [zoe_row]
    assert await switch_to("_") == await switch_to("%") == []
    assert [name for name, _ in await switch_to("")] == ["50x Percent @percent", "Zoë 50% Quick @zoe"]
