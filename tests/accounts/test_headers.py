"""What every page tells the browser: run nothing but our own scripts, be framed by nobody, keep nothing."""

import re
from uuid import uuid4

from chat.db import Pool
from chat.routes import PAGES
from tests.accounts.conftest import OpenBrowser
from tests.factory import Factory
from tests.html import read
from tests.plain_browser import Browser, Page

# Nothing in them is anybody's, so a browser may keep them for a while.
THE_SAME_FOR_ALL = {"/emoji"}
READ = [route.path for route in PAGES if route.method == "GET"]


def check(page: Page, path: str) -> None:
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; " in policy, path
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "Server" not in page.headers
    if page.status in (200, 404) and path not in THE_SAME_FOR_ALL:
        assert page.headers["Cache-Control"] == "no-store", path


def check_content(page: Page, path: str) -> None:
    """Nothing on the page needs more than the policy allows."""
    if not page.text or not page.headers["Content-Type"].startswith("text/html"):
        return
    nonces = re.findall(r"'nonce-([^']+)'", page.headers["Content-Security-Policy"])
    for element in read(page.text):
        assert not any(name == "style" or name.startswith(("on", "hx-on")) for name in element.attributes), path
        if element.tag == "script":
            assert element.attributes["src"].startswith("/static/"), path
        if element.tag == "style":
            assert [element.attributes["nonce"]] == nonces, path


async def test_every_page_has_them_whoever_asks(
    browser: Browser, open_browser: OpenBrowser, factory: Factory, pool: Pool
) -> None:
    await browser.register("karin")
    karin = await pool.fetchval("select id from users")
    conversation = await factory.direct(karin, await factory.user())

    for path in READ:
        for target in (conversation, uuid4()):
            address = re.sub(r"{\w+}", str(target), path)
            for one in (browser, open_browser()):
                for headers in ({}, {"HX-Request": "true", "HX-Target": "main#pane"}, {"Accept": "application/json"}):
                    page = await one.get(address, **headers)
                    check(page, address)
                    check_content(page, address)


async def test_what_is_no_page_has_them_too(browser: Browser) -> None:
    await browser.register("karin")
    for path in ("/nowhere", "/static/x/y", "/%ff", "/metrics", "/health/live", "/ws", "/manifest.webmanifest"):
        page = await browser.get(path)
        assert page.headers["X-Content-Type-Options"] == "nosniff", path
        assert "default-src 'none'" in page.headers["Content-Security-Policy"], path
    check(await browser.post("/", {}), "/")


async def test_a_nonce_is_used_once(browser: Browser) -> None:
    await browser.register("karin")

    policies = {(await browser.get("/")).headers["Content-Security-Policy"] for _ in range(5)}

    assert len(policies) == 5
