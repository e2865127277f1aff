"""A reply quotes what it replies to, and the quote leads back there."""

import re

from playwright.async_api import expect

from tests.browser.person import AtBrowser
from tests.factory import Factory
from tests.proxy import Proxy
from tests.servers import WebProcess


async def test_a_reply_quotes_what_it_replies_to(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Who brings cake?", factory.later()), (bo, "And coffee?", factory.later())])
    writer = await at_browser(web, ada, f"/c/{conversation}")
    reader = await at_browser(web, bo, f"/c/{conversation}")

    await writer.do("Who brings cake?", "Reply")
    bar = writer.page.locator(".composer-bar")
    await expect(bar).to_contain_text("Replying to Bo")
    await expect(bar).to_contain_text("Who brings cake?")
    await expect(writer.field).to_be_focused()
    await writer.page.keyboard.type("I do")
    await writer.page.keyboard.press("Enter")

    for person in (writer, reader):
        await person.sees("I do")
        quote = person.message("I do").locator(".quote")
        await expect(quote.locator(".quote-author")).to_have_text("Bo")
        await expect(quote.locator(".quote-text")).to_have_text("Who brings cake?")
    await expect(bar).to_have_count(0)
    # The next message is none.
    await writer.write("See you")
    await reader.sees("See you")
    await expect(reader.message("See you").locator(".quote")).to_have_count(0)


async def test_a_quote_says_what_the_original_says_now(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(ada, "Who brings cake", factory.later())])
    writer = await at_browser(web, ada, f"/c/{conversation}")
    reader = await at_browser(web, bo, f"/c/{conversation}")
    await reader.do("Who brings cake", "Reply")
    await reader.write("I do")
    await writer.sees("I do")

    await writer.do("Who brings cake", "Edit")
    await expect(writer.field).to_have_value("Who brings cake")
    await writer.write("Who brings **cake**, then?")

    for person in (writer, reader):
        await expect(person.message("I do").locator(".quote-text")).to_have_text("Who brings cake, then?")
    await reader.go(f"/c/{conversation}")
    await expect(reader.message("I do").locator(".quote-text")).to_have_text("Who brings cake, then?")


async def test_a_reply_can_be_given_up(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Who brings cake?", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")
    bar = person.page.locator(".composer-bar")

    await person.field.fill("Well")
    await person.do("Who brings cake?", "Reply")
    await expect(bar).to_be_visible()
    await person.page.keyboard.press("Escape")
    await expect(bar).to_have_count(0)
    await expect(person.field).to_be_focused()
    await expect(person.field).to_have_value("Well")

    await person.do("Who brings cake?", "Reply")
    await bar.get_by_role("button", name="Don\u2019t reply").click()
    await person.field.press("Enter")
    await person.sees("Well")
    await expect(person.message("Well").locator(".quote")).to_have_count(0)


async def test_a_reply_that_was_begun_outlives_the_page(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    other = await factory.direct(ada, await factory.user("cy"))
    await factory.say(conversation, [(bo, "Who brings cake?", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}")
    bar = person.page.locator(".composer-bar")
    await person.do("Who brings cake?", "Reply")
    await expect(bar).to_be_visible()
    await person.page.keyboard.type("Perhaps")

    await person.row(other).click()
    await expect(person.page.locator("h1")).to_have_text("Cy")
    await expect(bar).to_have_count(0)
    await person.go(f"/c/{conversation}")

    await expect(bar).to_contain_text("Replying to Bo")
    await expect(person.field).to_have_value("Perhaps")
    await person.field.press("Enter")
    await person.sees("Perhaps")
    await expect(person.message("Perhaps").locator(".quote-text")).to_have_text("Who brings cake?")


async def test_a_reply_without_network_shows_its_quote_and_is_sent_with_it(
    web: WebProcess, line: Proxy, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Who brings cake?", factory.later())])
    writer = await at_browser(line, ada, f"/c/{conversation}")
    reader = await at_browser(web, bo, f"/c/{conversation}")
    await writer.do("Who brings cake?", "Reply")
    await expect(writer.page.locator(".composer-bar")).to_be_visible()

    await writer.unplug(line)
    await writer.write("I do")
    await expect(writer.pending.locator(".quote-text")).to_have_text("Who brings cake?")
    await writer.plug_in(line)

    await reader.sees("I do")
    await expect(reader.message("I do").locator(".quote-text")).to_have_text("Who brings cake?")
    await writer.sees("I do")
    await expect(writer.pending).to_have_count(0)


async def test_a_reply_goes_by_http_where_no_socket_gets_through(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, "Who brings cake?", factory.later())])
    person = await at_browser(web, ada, f"/c/{conversation}", socket=False)

    await person.do("Who brings cake?", "Reply")
    await expect(person.page.locator(".composer-bar")).to_be_visible()
    await person.write("I do")

    await person.sees("I do")
    await expect(person.message("I do").locator(".quote-text")).to_have_text("Who brings cake?")


async def test_a_quote_leads_to_the_original_loaded_or_not(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, f"Number {number}", factory.later()) for number in range(300)])
    await factory.read(conversation, ada, 300)
    person = await at_browser(web, ada, f"/c/{conversation}")
    for number, text in ((280, "Near"), (10, "Far")):
        original = await factory.pool.fetchval(
            "select id from messages where conversation_id = $1 and seq = $2", conversation, number + 1
        )
        await factory.pool.execute(
            "update messages set reply_to = $2, content = $3 where conversation_id = $1 and seq = $4",
            conversation,
            original,
            text,
            {"Near": 299, "Far": 300}[text],
        )
    await person.go(f"/c/{conversation}")

    await person.message("Near").locator(".quote").click()
    await expect(person.message("Number 280")).to_be_in_viewport()
    await expect(person.message("Number 280")).to_have_class(re.compile("sought"))
    await expect(person.message("Number 280")).to_be_focused()

    await person.message("Far").locator(".quote").click()
    await expect(person.message("Number 10")).to_be_in_viewport()
    await expect(person.message("Number 10")).to_have_class(re.compile("sought"))
    await expect(person.page).to_have_url(re.compile(r"around=11#message-"))
    await person.page.get_by_role("button", name="Jump to latest").click()
    await expect(person.message("Far")).to_be_in_viewport()
