"""Managing people: whoever leaves is signed out everywhere at once, and may be let in again."""

import asyncio
from uuid import UUID, uuid4

from chat.db import Pool
from tests.accounts.conftest import OpenBrowser
from tests.device import Connect, Device
from tests.factory import Factory
from tests.html import read, texts
from tests.plain_browser import Browser, Page
from tests.servers import Serve


async def id_of(pool: Pool, username: str) -> UUID:
    found: UUID = await pool.fetchval("select id from users where username = $1", username)
    return found


async def set_active(manager: Browser, person: object, verb: str) -> Page:
    return await manager.submit(f"/settings/people/{person}/{verb}", page="/settings")


async def test_who_is_deactivated_loses_everything_that_was_open_within_a_second(
    serve: Serve, open_browser: OpenBrowser, connect: Connect, factory: Factory, pool: Pool
) -> None:
    first, second = await serve(), await serve()
    owner, leaver = open_browser(first), open_browser(second)
    await owner.register("owner1")
    await leaver.register("leaver")
    conversation = await factory.direct(await id_of(pool, "owner1"), await id_of(pool, "leaver"))
    device = Device(second, leaver.token)
    await device.open()
    await device.watch(conversation)
    theirs = await connect(await id_of(pool, "owner1"), first)

    answer = await set_active(owner, await id_of(pool, "leaver"), "deactivate")

    assert (answer.status, answer.location) == (303, "/settings/people")
    async with asyncio.timeout(3):  # A second is promised; this machine may be busy.
        assert await device.closed() == 4403
    await theirs.send(conversation, "behind the door")
    assert not [frame for frame in device.frames if frame["type"] == "message:received"]
    assert not await leaver.is_signed_in()
    assert (await open_browser(second).log_in("leaver")).status == 401
    await device.close()


async def test_who_was_deactivated_can_be_let_in_again(browser: Browser, open_browser: OpenBrowser, pool: Pool) -> None:
    await browser.register("owner1")
    leaver = open_browser()
    await leaver.register("leaver", display_name="Lea Ver")
    person = await id_of(pool, "leaver")

    await set_active(browser, person, "deactivate")
    page = await browser.get("/settings/people")
    assert texts(page.text, "notice") == ["Lea Ver is signed out everywhere and can't sign in any more."]
    assert texts(page.text, "tag") == ["Deactivated", "Owner"]
    assert (await browser.get("/people?q=lea")).text.count("Lea Ver") == 0

    await set_active(browser, person, "reactivate")
    page = await browser.get("/settings/people")
    assert texts(page.text, "notice") == ["Lea Ver can sign in again."]
    assert not await leaver.is_signed_in()
    assert (await leaver.log_in("leaver")).status == 303


async def test_with_a_person_go_the_invitations_that_the_person_made(
    browser: Browser, open_browser: OpenBrowser, pool: Pool
) -> None:
    await browser.register("owner1")
    admin = open_browser()
    await admin.register("admin1")
    await pool.execute("update users set role = 'admin' where username = 'admin1'")
    for manager in (browser, admin):
        await manager.submit("/settings/invites", page="/settings", days="7", max_uses="")

    await set_active(browser, await id_of(pool, "admin1"), "deactivate")

    left = await pool.fetch("select username from invites i join users u on u.id = created_by where revoked_at is null")
    assert [row["username"] for row in left] == ["owner1"]


async def test_the_owner_manages_everyone_else_and_admins_those_who_are_neither(
    browser: Browser, open_browser: OpenBrowser, pool: Pool
) -> None:
    await browser.register("owner1")
    admin, member = open_browser(), open_browser()
    for one, name in ((admin, "admin1"), (member, "member1"), (open_browser(), "admin2")):
        await one.register(name)
    await pool.execute("update users set role = 'admin' where username like 'admin%'")
    ids = {name: await id_of(pool, name) for name in ("owner1", "admin1", "admin2", "member1")}

    assert (await member.get("/settings/people")).status == 403
    assert "Manage people" not in (await member.get("/settings")).text
    refused = (
        (member, ("owner1", "admin1", "member1")),
        (admin, ("owner1", "admin1", "admin2")),
        (browser, ("owner1",)),
    )
    for verb in ("reactivate", "deactivate"):
        for manager, names in refused:
            for name in names:
                assert (await set_active(manager, ids[name], verb)).status == 403, name
        for person in (uuid4(), "no-id"):
            assert (await set_active(browser, person, verb)).status == 404
    for verb in ("deactivate", "reactivate"):
        assert (await set_active(admin, ids["member1"], verb)).status == 303
    assert (await set_active(browser, ids["admin2"], "deactivate")).status == 303
    assert await pool.fetchval("select count(*) from users where deactivated_at is not null") == 1
    offered = [
        element.attributes["action"].split("/")[3]
        for element in read((await admin.get("/settings/people")).text)
        if element.attributes.get("action", "").endswith("activate")
    ]
    assert offered == [str(ids["member1"])]


async def test_people_are_found_among_many(browser: Browser, factory: Factory) -> None:
    await browser.register("owner1")
    for number in range(101):
        await factory.user(f"person{number:03}", display_name=f"Person {number:03} <b>")

    page = await browser.get("/settings/people")
    assert "These are the first 100" in page.text
    found = await browser.get("/settings/people?q=person%20099")
    assert texts(found.text, "name") == ["Person 099 <b>"]
    assert "Nobody here goes by" in (await browser.get("/settings/people?q=%25")).text
