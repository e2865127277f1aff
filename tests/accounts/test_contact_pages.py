"""Contacts in a browser without scripts, and what open pages hear of it."""

from uuid import UUID

from tests.accounts.conftest import Browse
from tests.device import Connect
from tests.factory import Factory
from tests.html import Element, texts, with_class
from tests.plain_browser import Browser, Page
from tests.servers import Serve


async def press(browser: Browser, deed: str, person: UUID, **fields: str) -> Page:
    """Press a button of the page of contacts, and follow to where it leads."""
    answer = await browser.submit(f"/{deed.format(person)}", page="/contacts", **fields)
    assert (answer.status, answer.location) == (303, "/contacts")
    return await browser.get("/contacts")


def shown(page: Page) -> dict[str, list[str]]:
    """Who is in the lists of the page, each with the buttons."""
    return {row.id.removeprefix("contact-"): parts(row, "button") for row in with_class(page.text, "contact")}


def parts(element: Element, name: str) -> list[str]:
    """What stands in those parts of an element that have this class."""
    own = [" ".join(element.text.split())] if name in element.classes else []
    return own + [text for child in element.children for text in parts(child, name)]


async def test_from_a_request_to_the_end_of_it(browse: Browse, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    hers, his = await browse(ada), await browse(bo)
    assert "no contacts yet" in (await hers.get("/contacts")).text
    found = await hers.get("/contacts?q=bo")
    assert shown(found) == {str(bo): ["Add Bo"]}

    page = await press(hers, "contacts/{}/add", bo)
    assert texts(page.text, "notice") == ["You have asked Bo."]
    assert shown(page) == {str(bo): ["Withdraw Bo"]}
    page = await his.get("/contacts")
    assert shown(page) == {str(ada): ["Accept Ada", "Decline Ada"]}
    assert shown(await his.get("/contacts?q=ada")) == shown(page)

    page = await press(his, "contacts/{}/add", ada)
    assert texts(page.text, "notice") == ["Ada is in your contacts."]
    assert shown(page) == {str(ada): ["Message Ada", "Remove Ada"]}
    page = await press(hers, "contacts/{}/remove", bo)
    assert shown(page) == {}
    assert shown(await his.get("/contacts")) == {}


async def test_the_menu_says_how_many_wait_for_an_answer(browse: Browse, factory: Factory) -> None:
    ada, *others = [await factory.user() for _ in range(3)]
    hers = await browse(ada)

    def waiting(page: Page) -> str | None:
        (badge,) = [element for element in with_class(page.text, "badge") if element.id == "requests"]
        return None if "hidden" in badge.attributes else badge.text.strip()

    assert waiting(await hers.get("/")) is None
    for count, other in enumerate(others, start=1):
        await press(await browse(other), "contacts/{}/add", ada)
        assert waiting(await hers.get("/settings")) == f"{count} {'request' if count == 1 else 'requests'}"
    for other in others:
        await press(hers, "contacts/{}/remove", other)
    assert waiting(await hers.get("/")) is None


async def test_the_card_of_a_person_blocks_and_the_list_unblocks(browse: Browse, factory: Factory) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    hers, his = await browse(ada), await browse(bo)
    await press(hers, "contacts/{}/add", bo)
    card = await hers.get(f"/people/{bo}")
    assert [text for text in texts(card.text, "button") if text in ("Message", "Withdraw")] == ["Message", "Withdraw"]
    assert f"/people/{bo}/block" in card.text
    assert "no longer contacts" in (await hers.get(f"/people/{bo}/block")).text

    page = await press(hers, "people/{}/block", bo, blocked="yes")
    assert shown(page) == {str(bo): ["Unblock Bo"]}
    card = await hers.get(f"/people/{bo}")
    assert "Message" not in texts(card.text, "button")
    # He can't tell it from a request that was withdrawn.
    assert shown(await his.get("/contacts")) == {}
    assert "Add to contacts" in texts((await his.get(f"/people/{ada}")).text, "button")
    refused = await his.submit(f"/contacts/{ada}/add", page="/contacts")
    assert (refused.status, refused.form_error) == (403, "You can't add this person to your contacts.")

    assert shown(await press(hers, "people/{}/block", bo, blocked="no")) == {}


async def test_whoever_is_not_there_has_no_card_and_oneself_no_buttons(browse: Browse, factory: Factory) -> None:
    ada, gone = await factory.user("ada"), await factory.user("gone")
    hers = await browse(ada)
    assert (await hers.get(f"/people/{gone}")).status == 200
    await factory.pool.execute("update users set deactivated_at = now() where id = $1", gone)
    for address in (f"/people/{gone}", f"/people/{gone}/block", "/people/nobody"):
        assert (await hers.get(address)).status == 404
    own = await hers.get(f"/people/{ada}")
    assert "This is you." in own.text
    assert with_class(own.text, "deed") == []


async def test_long_lists_go_on(browse: Browse, factory: Factory) -> None:
    ada = await factory.user("ada")
    await factory.pool.execute(
        """
        insert into users (id, email, username, display_name)
        select gen_random_uuid(), 'p' || number || '@example.org', 'p' || number, 'Person ' || to_char(number, 'FM000')
        from generate_series(1, 120) as number
        """
    )
    await factory.pool.execute(
        """
        insert into contacts (low, high, requested_by, accepted_at)
        select least(id, $1), greatest(id, $1), $1, now() from users where id <> $1
        """,
        ada,
    )
    hers = await browse(ada)
    names: list[str] = []
    address = "/contacts"
    pages = 0
    while address:
        page = await hers.get(address, **({"HX-Request": "true", "HX-Target": "li"} if pages else {}))
        names += [name for row in with_class(page.text, "contact") for name in parts(row, "name")]
        (address,) = [link.attributes["href"] for link in with_class(page.text, "wide") if link.tag == "a"] or [""]
        pages += 1
    assert pages == 3
    assert names == [f"Person {number:03}" for number in range(1, 121)]
    assert (await hers.get("/contacts?contacts=nonsense")).status == 422


async def test_open_pages_of_both_hear_of_it_on_every_process(
    serve: Serve, connect: Connect, browse: Browse, factory: Factory
) -> None:
    ada, bo, cy = await factory.three()
    other_process = await serve()
    theirs = [await connect(ada), await connect(bo), await connect(bo, other_process)]
    stranger = await connect(cy)
    await press(await browse(ada), "contacts/{}/add", bo)
    for device in theirs:
        await device.expect("contacts:updated")
    seen = [len(device.frames) for device in theirs]
    await press(await browse(bo), "people/{}/block", ada, blocked="yes")
    for device, since in zip(theirs, seen, strict=True):
        await device.expect("contacts:updated", since=since)
    await press(await browse(cy), "contacts/{}/add", bo)
    await stranger.expect("contacts:updated")
    assert [frame["type"] for frame in stranger.frames].count("contacts:updated") == 1
