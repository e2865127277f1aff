"""Who writes faster than messages may be sent, or searches too fast: it is put off, and goes on by itself."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.person import AtBrowser, StartWeb
from tests.factory import Factory


@pytest.mark.parametrize("socket", [True, False])
async def test_messages_that_come_too_fast_are_sent_by_themselves_and_the_wait_is_counted_down(
    start_web: StartWeb, factory: Factory, at_browser: AtBrowser, socket: bool
) -> None:
    ada, _, conversation = await factory.pair()
    web = start_web(SEND_LIMIT_PER_MINUTE="20", SEND_BURST="2", CONNECT_LIMIT_PER_MINUTE="0")
    person = await at_browser(web, ada, f"/c/{conversation}", socket=socket)
    texts = ["One", "Two", "Three", "Four"]
    line = person.page.locator(".composer-wait")

    for text in texts:
        await person.write(text)

    await expect(line).to_have_text(re.compile(r"^Sending again in [34] s · 2 messages wait$"))
    await expect(person.messages).to_have_count(2)
    await expect(person.pending).to_have_count(2)
    await expect(person.pending.get_by_role("img", name="Sending")).to_have_count(2)
    await expect(person.page.locator(".composer-error")).to_be_hidden()
    await expect(line).to_have_text(re.compile(r"^Sending again in 1 s"))
    await expect(person.messages).to_have_count(4, timeout=20_000)
    await expect(line).to_have_count(0)
    assert [text for _, text in await person.shown()] == texts
    assert [text for _, _, text in await factory.history(conversation)] == texts


async def test_the_wait_is_told_to_a_screen_reader_once(
    start_web: StartWeb, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await factory.pair()
    web = start_web(SEND_LIMIT_PER_MINUTE="30", SEND_BURST="1", CONNECT_LIMIT_PER_MINUTE="0")
    person = await at_browser(web, ada, f"/c/{conversation}")
    await person.page.evaluate("""() => {
        window.told = [];
        const tell = (records) => records.forEach(({ target }) => {
            const region = target.parentElement?.closest('[aria-live], [role=alert], [role=status]');
            if (region ?? target.closest?.('[aria-live], [role=alert], [role=status]')) told.push(target.textContent);
        });
        new MutationObserver(tell).observe(document.body, { childList: true, characterData: true, subtree: true });
    }""")

    for text in ("One", "Two", "Three"):
        await person.write(text)

    await expect(person.page.locator(".composer-wait")).to_have_text(re.compile(r"Sending again in \d s"))
    await expect(person.messages).to_have_count(3, timeout=20_000)
    await expect(person.page.locator(".composer-wait")).to_have_count(0)
    assert await person.page.evaluate("told.filter(Boolean)") == [
        "You are writing faster than messages may be sent. They wait, and are sent by themselves."
    ]


async def test_nothing_is_counted_in_another_conversation(
    start_web: StartWeb, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await factory.pair()
    other = await factory.group(ada, await factory.user("cy"))
    web = start_web(SEND_LIMIT_PER_MINUTE="12", SEND_BURST="1", CONNECT_LIMIT_PER_MINUTE="0")
    person = await at_browser(web, ada, f"/c/{conversation}")
    await person.write("One")
    await person.write("Two")
    await expect(person.page.locator(".composer-wait")).to_be_visible()

    await person.row(other).get_by_role("link").first.click()
    await expect(person.page.locator(f'section.conversation[data-conversation-id="{other}"]')).to_be_visible()

    await expect(person.page.locator(".composer-wait")).to_have_count(0)
    await person.row(conversation).get_by_role("link").first.click()
    await expect(person.page.locator(".composer-wait")).to_be_visible()
    await expect(person.messages).to_have_count(2, timeout=20_000)


async def test_who_types_faster_than_may_be_searched_finds_it_a_little_later(
    start_web: StartWeb, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, _ = await factory.pair()
    await factory.user("cyrus")
    web = start_web(SEARCH_LIMIT_PER_MINUTE="30", CONNECT_LIMIT_PER_MINUTE="0")
    person = await at_browser(web, ada)
    refused = []
    person.page.on("response", lambda answer: refused.append(answer.url) if answer.status == 429 else None)
    field = person.page.get_by_label("Name or username")

    await person.page.keyboard.press("Control+k")
    for _ in range(40):
        async with person.page.expect_response("**/switcher?*"):
            await field.fill("x" if await field.input_value() == "b" else "b")
    await field.fill("cyr")
    await field.press("Enter")

    # Enter waited for the right answer as well.
    await expect(person.page.locator(".conversation-title")).to_contain_text("Cyrus")
    assert refused
    await expect(person.page.locator("#banner")).to_be_hidden()


async def test_who_changes_too_much_reads_so_where_the_button_stands(
    start_web: StartWeb, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    web = start_web(CHANGE_LIMIT_PER_MINUTE="1", CHANGE_BURST="1", CONNECT_LIMIT_PER_MINUTE="0")
    person = await at_browser(web, ada, f"/people/{bo}")
    card = person.page.locator("#relation")
    await card.get_by_role("button", name="Add to contacts").click()
    await card.get_by_role("button", name="Withdraw").click()
    await expect(card.get_by_role("alert")).to_be_visible()
    await expect(card.get_by_role("button", name="Withdraw")).to_be_visible()
    why = await card.get_by_role("alert").inner_text()

    await person.go(f"/c/{conversation}/details")
    panel = person.page.locator("#details")
    # Not `check`, which looks at once whether it is chosen: it may have been taken back by then.
    await panel.get_by_role("radio", name="Off").click()
    await expect(panel.get_by_role("alert")).to_have_text(why)
    await expect(panel.get_by_role("radio", name="As in settings")).to_be_checked()

    # Where nothing was made for the place, it is said above all of it.
    await person.go(f"/people/{await factory.user('cy')}")
    await person.page.get_by_role("button", name="Message").click()
    await expect(person.page.locator("#banner")).to_have_text(why)
