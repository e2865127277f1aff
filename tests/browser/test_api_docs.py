"""The page that documents the API: for everybody, with or without scripts."""

import pytest
from playwright.async_api import expect

from tests.browser.person import AtBrowser
from tests.browser.test_pages import problems, runs_out
from tests.servers import WebProcess


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_stands_in_a_programmers_way(
    web: WebProcess, at_browser: AtBrowser, width: int, scheme: str
) -> None:
    page = (await at_browser(web, None, phone=width < 600)).page
    await page.set_viewport_size({"width": width, "height": 780})
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.goto("/api/docs")
    await expect(page.get_by_role("heading", name="Chat API")).to_be_visible()
    assert not await runs_out(page)
    assert await problems(page) == []

    await page.locator(".operation > details > summary", has_text="Send message").click()
    await page.locator("#sendMessage").get_by_text("What can go wrong").click()
    await expect(page.locator("#sendMessage").get_by_text("NOT_IN_CONVERSATION")).to_be_visible()
    assert not await runs_out(page)
    assert await problems(page) == []


async def test_without_scripts_the_contents_lead_to_each_operation(web: WebProcess, at_browser: AtBrowser) -> None:
    person = await at_browser(web, None, "/api/docs", scripts=False)
    detail = person.page.locator("#sendMessage")
    await expect(detail).to_be_hidden()
    await person.page.get_by_role("navigation").get_by_role("link", name="Send message").click()
    await expect(detail).to_be_visible()
    await expect(detail.get_by_text("client_message_id").first).to_be_in_viewport()
    await detail.get_by_role("link", name="Message").first.click()
    await expect(person.page.locator("#Message")).to_be_in_viewport()
