"""The slim line that says what is wrong, and only while it is."""

from playwright.async_api import expect

from tests.browser.person import AtBrowser, StartWeb
from tests.factory import Factory
from tests.proxy import Proxy
from tests.servers import ServerFolder


async def test_without_redis_people_are_told_and_go_on_talking(
    start_web: StartWeb, private_servers: ServerFolder, factory: Factory, at_browser: AtBrowser
) -> None:
    valkey = private_servers.valkey()
    valkey.start()
    ada, bo, conversation = await factory.pair()
    one = await at_browser(start_web(REDIS_URL=valkey.url), ada, f"/c/{conversation}")
    other_process = start_web(REDIS_URL=valkey.url)
    other = await at_browser(other_process, bo, f"/c/{conversation}")

    valkey.kill()

    for person in (one, other):
        await expect(person.page.locator("#banner")).to_contain_text("Live updates are slow")
    await one.write("Can you read this?")
    await other.sees("Can you read this?")
    await other.page.reload()
    await expect(other.page.locator("#banner")).to_contain_text("Live updates are slow")
    await other.write("Every word")
    await one.sees("Every word")

    valkey.start()
    for person in (one, other):
        await expect(person.page.locator("#banner")).to_be_hidden()
    await one.write("And now?")
    await other.sees("And now?")
    assert await one.shown() == await other.shown()
    valkey.kill()


async def test_a_lost_connection_is_told_and_taken_back(line: Proxy, factory: Factory, at_browser: AtBrowser) -> None:
    ada, _, conversation = await factory.pair()
    person = await at_browser(line, ada, f"/c/{conversation}")

    await line.refuse()
    await expect(person.page.locator("#banner")).to_contain_text("Reconnecting")
    await line.accept()
    await person.is_live()


async def test_a_page_that_can_not_be_loaded_says_so_and_leaves_the_old_one(
    line: Proxy, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await factory.user("ada"), await factory.user("bo"), await factory.user("cy")
    with_bo, with_cy = await factory.direct(ada, bo), await factory.direct(ada, cy)
    person = await at_browser(line, ada, f"/c/{with_bo}")
    await person.field.fill("Half a sen")
    await line.refuse()

    await person.row(with_cy).click()

    await expect(person.page.locator("#banner")).to_be_visible()
    await expect(person.page.locator("h1")).to_have_text("Bo")
    await expect(person.field).to_have_value("Half a sen")
    await line.accept()
    await person.is_live()
    await person.row(with_cy).click()
    await expect(person.page.locator("h1")).to_have_text("Cy")
