"""A message has an address of its own, which shows it among its neighbours."""

import re

from playwright.async_api import expect

from tests.browser.person import AtBrowser
from tests.factory import Factory
from tests.servers import WebProcess


async def test_a_link_to_a_message_shows_it_among_its_neighbours(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, f"Number {number}", factory.later()) for number in range(300)])
    await factory.read(conversation, ada, 300)
    person = await at_browser(web, ada, f"/c/{conversation}?latest=1")
    await person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await person.page.locator(".scroller").evaluate("scroller => (scroller.scrollTop = -1500)")
    text = await person.messages.nth(4).locator(".text").inner_text()

    await person.do(text, "Copy link")
    await expect(person.page.locator("#toast")).to_have_text("Link copied.")
    link = await person.page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(rf"{web.url}/c/{conversation}\?around=\d+#message-[0-9a-f-]+", link)

    await person.go(link)
    await expect(person.message(text)).to_be_in_viewport()
    await expect(person.message(text)).to_have_class(re.compile("sought"))
    await expect(person.page.get_by_role("button", name="Jump to latest")).to_be_visible()


async def test_a_link_to_a_message_works_without_scripts(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, f"Number {number}", factory.later()) for number in range(300)])
    person = await at_browser(web, ada, f"/c/{conversation}?around=50", scripts=False)

    await person.message("Number 45").locator(".permalink").click()

    await expect(person.page).to_have_url(re.compile(r"\?around=46#message-"))
    await expect(person.message("Number 45")).to_be_in_viewport()


async def test_a_link_shows_nothing_to_somebody_who_is_not_in(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Between us", factory.later()), (ada, "Yes", factory.later())])
    stranger = await at_browser(web, await factory.user("cy"))

    response = await stranger.page.goto(f"/c/{conversation}?around=1")

    assert response is not None
    assert response.status == 404
    await expect(stranger.page.locator("body")).not_to_contain_text("Between us")
