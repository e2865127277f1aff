"""Everything by keyboard, and the focus is never lost."""

from playwright.async_api import expect

from tests.browser.person import AtBrowser
from tests.factory import Factory
from tests.servers import WebProcess


async def test_enter_sends_and_shift_enter_begins_a_line(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await factory.pair()
    person = await at_browser(web, ada, f"/c/{conversation}")
    await expect(person.field).to_be_focused()

    await person.page.keyboard.type("One")
    await person.page.keyboard.press("Shift+Enter")
    await person.page.keyboard.type("Two")
    await person.page.keyboard.press("Enter")

    await expect(person.messages).to_have_count(1)
    assert [text for _, _, text in await factory.history(conversation)] == ["One\nTwo"]
    await expect(person.field).to_be_focused()
    await person.page.keyboard.press("Enter")
    await person.page.keyboard.type("Three")
    await person.page.keyboard.press("Enter")
    await expect(person.messages).to_have_count(2)


async def test_the_switcher_goes_anywhere(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, _ = await factory.user("ada"), await factory.user("bo"), await factory.user("zoe")
    await factory.direct(ada, bo)
    person = await at_browser(web, ada)
    keyboard = person.page.keyboard

    await keyboard.press("Control+k")
    await keyboard.type("bo")
    await expect(person.page.locator("#switcher-results .option")).to_have_count(1)
    await keyboard.press("Enter")
    await expect(person.page.locator("h1")).to_have_text("Bo")
    await expect(person.field).to_be_focused()

    # Quicker than the answer, and to somebody whom one has never written to.
    await keyboard.press("Control+k")
    await keyboard.type("zo")
    await keyboard.press("Enter")
    await expect(person.page.locator("h1")).to_have_text("Zoe")
    await expect(person.field).to_be_focused()

    await keyboard.press("Control+k")
    await expect(person.page.locator("#switcher-results .option").first).to_be_visible()
    await keyboard.press("ArrowDown")
    await expect(person.page.locator("#switcher-results .option").first).to_be_focused()
    await keyboard.press("Escape")
    await expect(person.page.locator("#switcher")).to_be_hidden()
    await expect(person.field).to_be_focused()


async def test_the_switcher_leads_back_to_where_one_was_and_escape_leaves_it(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, cy = await factory.user("ada"), await factory.user("bo"), await factory.user("cy")
    for other in (bo, cy):
        await factory.say(await factory.direct(ada, other), [(other, "Hello", factory.later())])
    person = await at_browser(web, ada)
    keyboard, options = person.page.keyboard, person.page.locator("#switcher-results .option .name")
    await person.page.get_by_role("link", name="Cy").click()
    await expect(person.field).to_be_focused()

    await keyboard.press("Control+k")
    # What is open already is the last place that one wants to go to.
    await expect(options).to_have_text(["Bo", "Cy"])
    await keyboard.press("Enter")
    await expect(person.page.locator("h1")).to_have_text("Bo")

    await keyboard.press("Control+k")
    await keyboard.type("c")
    await keyboard.press("Escape")
    await expect(person.page.locator("#switcher")).to_be_hidden()
    await expect(person.field).to_be_focused()
    await expect(person.page.locator("h1")).to_have_text("Bo")


async def test_a_person_is_found_and_written_to_without_a_mouse(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada = await factory.user("ada")
    for name in ("bo", "bob", "cy"):
        await factory.user(name)
    person = await at_browser(web, ada, "/people")
    options = person.page.locator("#picker-results input")
    await expect(person.page.locator("#picker-query")).to_be_focused()

    await person.page.keyboard.type("b")
    await expect(options).to_have_count(2)
    await person.page.keyboard.press("ArrowDown")
    await person.page.keyboard.press("ArrowDown")
    await expect(options.last).to_be_focused()
    await person.page.keyboard.type("ob")
    await person.page.keyboard.press("Enter")
    await expect(person.page.locator(".chips .option")).to_contain_text("Bob")
    await person.page.keyboard.press("Enter")

    await expect(person.page.locator("h1")).to_have_text("Bob")
    await expect(person.field).to_be_focused()


async def test_alt_and_arrows_go_through_the_list(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada = await factory.user("ada")
    for name in ("bo", "cy", "di"):
        other = await factory.user(name)
        conversation = await factory.direct(ada, other)
        await factory.say(conversation, [(other, f"{name} says hello", factory.later())])
    person = await at_browser(web, ada)
    names = await person.page.locator("#conversation-list .name").all_inner_texts()
    assert names == ["Di", "Cy", "Bo"]

    for name in names:
        await person.page.keyboard.press("Alt+ArrowDown")
        await expect(person.page.locator("h1")).to_have_text(name)
    await person.page.keyboard.press("Alt+ArrowUp")
    await expect(person.page.locator("h1")).to_have_text("Cy")


async def test_escape_marks_as_read(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, f"Number {number}", factory.later()) for number in range(200)])
    person = await at_browser(web, ada, f"/c/{conversation}")
    await expect(person.page.locator(".new-line")).to_be_in_viewport()

    await person.page.keyboard.press("Escape")

    await expect(person.row(conversation).locator(".badge")).to_be_hidden()
    await expect(person.message("Number 199")).to_be_in_viewport()
    await expect(person.field).to_be_focused()


async def test_arrows_walk_through_the_messages(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    await factory.say(conversation, [(bo, f"Number {number}", factory.later()) for number in range(5)])
    person = await at_browser(web, ada, f"/c/{conversation}")

    await person.message("Number 4").focus()
    await person.page.keyboard.press("ArrowUp")
    await expect(person.message("Number 3")).to_be_focused()
    await person.page.keyboard.press("Home")
    await expect(person.message("Number 0")).to_be_focused()
    await person.page.keyboard.press("End")
    await person.page.keyboard.press("ArrowDown")
    await expect(person.field).to_be_focused()


async def test_a_question_mark_lists_the_keys(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    person = await at_browser(web, await factory.user("ada"))

    await person.page.keyboard.press("?")

    await expect(person.page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    await person.page.keyboard.press("Escape")
    await expect(person.page.locator("#shortcuts")).to_be_hidden()


async def test_new_messages_are_announced_once_and_politely(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    reader = await at_browser(web, ada, f"/c/{conversation}")
    writer = await at_browser(web, bo, f"/c/{conversation}")

    await writer.write("Do you hear me?")

    announcer = reader.page.locator("#announcer[aria-live=polite]")
    await expect(announcer).to_have_text("Bo: Do you hear me?")
    await reader.write("I do")
    await writer.sees("I do")
    await expect(announcer).to_have_text("Bo: Do you hear me?")
