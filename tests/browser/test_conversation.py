"""Two people, two browsers: what one writes, the other reads."""

from playwright.async_api import Route, expect

from chat.db import Pool
from tests.browser.person import AtBrowser, StartWeb
from tests.device import Device
from tests.factory import Factory
from tests.servers import WebProcess


async def test_messages_fly_both_ways(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    one = await at_browser(web, ada, f"/c/{conversation}")
    other = await at_browser(web, bo, f"/c/{conversation}")

    await one.write("Hello Bo")
    await other.sees("Hello Bo")
    await other.write("Hello Ada")
    await one.sees("Hello Ada")

    assert await one.shown() == await other.shown() == [(1, "Hello Bo"), (2, "Hello Ada")]
    await expect(one.pending).to_have_count(0)


async def test_two_processes_are_one_chat(
    web: WebProcess, start_web: StartWeb, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    one = await at_browser(web, ada, f"/c/{conversation}")
    other = await at_browser(start_web(), bo, f"/c/{conversation}")

    for number in range(5):
        await one.write(f"from one {number}")
        await other.write(f"from the other {number}")
    for person in (one, other):
        await expect(person.messages).to_have_count(10)

    assert await one.shown() == await other.shown()
    assert [seq for seq, _ in await one.shown()] == list(range(1, 11))


async def test_a_first_message_from_somebody_new_brings_the_conversation_into_the_list(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo = await factory.user("ada"), await factory.user("bo")
    reader = await at_browser(web, ada)
    await expect(reader.page.locator(".list-empty")).to_be_visible()
    writer = await at_browser(web, bo, "/people?q=ada")
    await writer.page.locator("#picker-results .option").click()
    # By key: the list above it shrinks when its answer comes, and moves the button away from a pointer.
    await writer.page.get_by_role("button", name="Start conversation").press("Enter")
    await expect(writer.field).to_be_focused()
    # An open conversation in which nothing is said is nobody else's business.
    await expect(reader.page.locator("#conversation-list > li")).to_have_count(0)

    await writer.write("Are you there?")

    row = reader.page.locator("#conversation-list > li")
    await expect(row.locator(".name")).to_have_text("Bo")
    await expect(row.locator(".preview")).to_contain_text("Are you there?")
    await expect(row.locator(".badge-count")).to_have_text("1")
    await expect(reader.page).to_have_title("(1) Conversations · Chat")


async def test_the_list_moves_and_counts_on_all_devices_of_a_person(
    web: WebProcess, factory: Factory, pool: Pool, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await factory.user("ada"), await factory.user("bo"), await factory.user("cy")
    with_bo, with_cy = await factory.direct(ada, bo), await factory.direct(ada, cy)
    desktop = await at_browser(web, ada, f"/c/{with_bo}")
    phone = await at_browser(web, ada, phone=True)
    bos, cys = await Device.connect(web.url, pool, bo), await Device.connect(web.url, pool, cy)
    for number in range(3):
        await cys.send(with_cy, f"Cy {number}")

    names = desktop.page.locator("#conversation-list > li .name")
    await expect(names).to_have_text(["Cy", "Bo"])
    for person in (desktop, phone):
        await expect(person.row(with_cy).locator(".badge-count")).to_have_text("3")
    await bos.send(with_bo, "Bo says hello")
    await expect(names).to_have_text(["Bo", "Cy"])
    await expect(phone.row(with_bo).locator(".badge-count")).to_have_text("1")
    # The desktop has it in view, and tells the phone so.
    await expect(phone.row(with_bo).locator(".badge")).to_be_hidden()

    await desktop.row(with_cy).click()
    await desktop.sees("Cy 2")
    for person in (desktop, phone):
        await expect(person.row(with_cy).locator(".badge")).to_be_hidden()
    await desktop.write("Read it all")
    await expect(phone.row(with_cy).locator(".preview")).to_contain_text("Read it all")
    await bos.close()
    await cys.close()


async def test_ones_own_message_appears_on_ones_other_device(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await factory.pair()
    desktop = await at_browser(web, ada, f"/c/{conversation}")
    phone = await at_browser(web, ada, f"/c/{conversation}", phone=True)

    await desktop.write("Written at the desk")

    await phone.sees("Written at the desk")
    await expect(phone.row(conversation).locator(".badge")).to_be_hidden()


async def test_every_page_has_an_address_and_the_back_button_works(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await factory.user("ada"), await factory.user("bo"), await factory.user("cy")
    with_bo, with_cy = await factory.direct(ada, bo), await factory.direct(ada, cy)
    person = await at_browser(web, ada)
    await person.row(with_bo).click()
    await expect(person.page).to_have_url(f"{web.url}/c/{with_bo}")
    await expect(person.page).to_have_title("Bo · Chat")
    await person.row(with_cy).click()
    await expect(person.page.locator("h1")).to_have_text("Cy")
    await person.page.get_by_title("New conversation").click()
    await expect(person.page).to_have_url(f"{web.url}/people")

    await person.page.go_back()
    await expect(person.page.locator("h1")).to_have_text("Cy")
    await person.page.go_back()
    await expect(person.page.locator("h1")).to_have_text("Bo")
    await expect(person.row(with_bo).locator("a")).to_have_attribute("aria-current", "page")
    await person.write("Still live after going back")
    await person.sees("Still live after going back")
    await person.page.go_forward()
    await expect(person.page.locator("h1")).to_have_text("Cy")


async def test_it_works_plainly_without_scripts(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    plain = await at_browser(web, ada, f"/c/{conversation}", scripts=False)
    other = await at_browser(web, bo, f"/c/{conversation}")

    await plain.field.fill("Sent by a form")
    await plain.page.get_by_title("Send").click()

    await plain.sees("Sent by a form")
    await other.sees("Sent by a form")


async def test_what_people_write_and_are_called_is_text_and_nothing_else(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    evil = '<img src=x onerror="document.title=1"><hx-partial hx-target="#pane">gone</hx-partial>'
    ada, bo = await factory.user("ada"), await factory.user("bo", display_name=evil[:60])
    conversation = await factory.direct(ada, bo)
    reader = await at_browser(web, ada, f"/c/{conversation}")
    writer = await at_browser(web, bo, f"/c/{conversation}")
    texts = [evil, '<b hx-get="/logout">bold</b>', "‮right to left", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "</li></ol><script>alert(1)</script>"]

    for text in texts:
        await writer.write(text)

    await expect(reader.messages).to_have_count(len(texts))
    assert [text for _, text in await reader.shown()] == texts
    assert [text for _, text in await writer.shown()] == texts
    await expect(reader.page.locator("h1")).to_have_text(evil[:60])
    await expect(reader.row(conversation).locator(".name")).to_have_text(evil[:60])
    await reader.page.reload()
    await expect(reader.messages).to_have_count(len(texts))
    assert [text for _, text in await reader.shown()] == texts


async def test_signing_out_on_one_device_ends_only_that_one(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada = await factory.user("ada")
    here, there = await at_browser(web, ada), await at_browser(web, ada, "/settings")

    await there.page.locator(".settings-list button").click()

    await expect(here.page).to_have_url(f"{web.url}/login")
    await there.is_live()


async def test_news_that_overtake_the_list_stay(
    web: WebProcess, factory: Factory, pool: Pool, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await factory.user("ada"), await factory.user("bo"), await factory.user("cy")
    await factory.direct(ada, bo)
    with_cy = await factory.direct(ada, cy)
    person = await at_browser(web, ada)
    cys = await Device.connect(web.url, pool, cy)

    async def answer_late(route: Route) -> None:
        await pool.execute("update users set display_name = 'Robert' where id = $1", bo)
        answer = await route.fetch(url=f"{web.url}/sidebar?version=another")
        await cys.send(with_cy, "Are you there?")
        await expect(person.row(with_cy).locator(".preview")).to_contain_text("Are you there?")
        await route.fulfill(response=answer)

    await person.page.route("**/sidebar?*", answer_late)
    await person.page.reload()
    await expect(person.page.locator("#conversation-list .name", has_text="Robert")).to_be_visible()
    await expect(person.row(with_cy).locator(".preview")).to_contain_text("Are you there?")
    await expect(person.row(with_cy).locator(".badge-count")).to_have_text("1")
    await cys.close()
