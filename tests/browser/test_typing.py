"""Who is typing, as the others see it."""

from typing import cast

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, expect

from tests.browser.person import AtBrowser, Person, StartWeb
from tests.factory import Factory
from tests.servers import WebProcess

# So long that nothing ends by itself while a slow machine looks for it.
LONG = {"SEND_LIMIT_PER_MINUTE": "0", "CONNECT_LIMIT_PER_MINUTE": "0", "TYPING_SECONDS": "300"}
# What the page says, as it says it.
LISTEN = """
window.said = [];
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (frame) {
  window.said.push(JSON.parse(frame).type);
  return send.call(this, frame);
};
"""


def line(person: Person) -> Locator:
    """Where it is told."""
    return person.page.locator(".typing")


async def test_one_two_several_and_each_message_takes_one_away(
    start_web: StartWeb, factory: Factory, at_browser: AtBrowser
) -> None:
    web = start_web(**LONG)
    ada, bo, cy = await factory.three()
    eve = await factory.user("eve")
    group = await factory.group(ada, bo, cy, eve)
    reader, first, second, third = [await at_browser(web, one, f"/c/{group}") for one in (ada, bo, cy, eve)]
    composer = reader.page.locator(".composer-box")
    place = await composer.bounding_box()

    await first.field.press_sequentially("Hel")
    await expect(line(reader)).to_have_text("Bo is typing…")
    await expect(reader.page.locator("#announcer")).to_have_text("Bo is typing…")
    await second.field.press_sequentially("Hel")
    await expect(line(reader)).to_have_text("Bo and Cy are typing…")
    await expect(line(first)).to_have_text("Cy is typing…")
    await third.field.press_sequentially("Hel")
    await expect(line(reader)).to_have_text("Several people are typing…")
    # Said once, and not with each of them.
    await expect(reader.page.locator("#announcer")).to_have_text("Bo is typing…")
    assert await composer.bounding_box() == place
    assert (await Axe().run(reader.page)).response["violations"] == []

    await first.write("Hello")
    await reader.sees("Hello")
    await expect(line(reader)).to_have_text("Cy and Eve are typing…")
    await second.field.fill("")
    await expect(line(reader)).to_have_text("Eve is typing…")
    await third.page.close()
    await expect(line(reader)).to_be_empty()


async def test_who_comes_later_sees_it_and_nobody_sees_it_elsewhere(
    start_web: StartWeb, factory: Factory, at_browser: AtBrowser
) -> None:
    web = start_web(**LONG)
    ada, bo, cy = await factory.three()
    group, other = await factory.group(ada, bo, cy), await factory.direct(ada, bo)
    reader, writer = await at_browser(web, ada, f"/c/{other}"), await at_browser(web, bo, f"/c/{group}")
    watching = await at_browser(web, cy, f"/c/{group}", phone=True)

    await writer.field.press_sequentially("Hel")
    await expect(line(watching)).to_have_text("Bo is typing…")
    await expect(line(reader)).to_be_empty()

    await reader.row(group).click()
    await expect(line(reader)).to_have_text("Bo is typing…")
    await reader.row(other).click()
    await expect(reader.page.locator("h1")).to_have_text("Bo")
    await expect(line(reader)).to_be_empty()


async def test_it_ends_by_itself(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    reader, writer = await at_browser(web, ada, f"/c/{conversation}"), await at_browser(web, bo, f"/c/{conversation}")
    await writer.field.press_sequentially("Hel")
    await expect(line(reader)).to_have_text("Bo is typing…")
    await expect(line(reader)).to_be_empty()


async def test_it_is_said_now_and_then_and_not_of_an_edit(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await factory.pair()
    writer = await at_browser(web, ada, "/", clock=True)
    await writer.context.add_init_script(LISTEN)
    await writer.go(f"/c/{conversation}")
    await writer.page.clock.pause_at(await writer.page.evaluate("Date.now() + 1000"))

    async def said() -> list[str]:
        return cast("list[str]", await writer.page.evaluate("said"))

    async def types(text: str) -> int:
        await writer.field.press_sequentially(text)
        return (await said()).count("typing:start")

    assert await types("One") == 1
    await writer.page.clock.run_for(1_500)
    assert await types("two") == 1
    await writer.page.clock.run_for(1_000)
    assert await types("three") == 2
    assert await types(" ") == 2
    assert "typing:stop" not in await said()
    await writer.field.fill(" ")
    assert (await said())[-1] == "typing:stop"

    await writer.write("Hello")
    await writer.page.clock.resume()
    await writer.sees("Hello")
    await writer.field.press("ArrowUp")
    await expect(writer.field).to_have_value("Hello")
    await writer.page.clock.fast_forward(10_000)
    starts = (await said()).count("typing:start")
    assert await types(" there") == starts
    await writer.field.press("Enter")
    await writer.sees("Hello there")
