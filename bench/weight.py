"""What a browser fetches before somebody can chat: a first visit with an empty cache, counted by Chromium itself."""

from collections import Counter
from typing import Any

from playwright.async_api import async_playwright

from bench.figures import Figure
from bench.stage import Stage, open_pool
from chat.seed import seed
from tests import chromium
from tests.device import sign_in

AIM_KB = 60


async def measure(stage: Stage) -> list[Figure]:
    """Kilobytes (1,000 bytes) over the wire, headers included, until the conversation is on screen and live."""
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        await seed(pool)
        longest = await pool.fetchrow("select id, direct_low from conversations order by last_seq desc limit 1")
        assert longest is not None
        token = await sign_in(pool, longest["direct_low"])
    web = stage.web(database_url)
    web.start()
    fetched = await _fetched(web.url, f"/c/{longest['id']}?latest=1", token)
    parts = ", ".join(f"{kind} {size / 1000:.1f}" for kind, size in fetched.most_common())
    return [Figure("first usable chat page", fetched.total() / 1000, "KB", aim=AIM_KB, note=parts)]


async def _fetched(url: str, path: str, token: str) -> Counter[str]:
    """Bytes by the kind of what was fetched."""
    kinds: dict[str, str] = {}
    sizes: Counter[str] = Counter()

    def begun(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def finished(event: dict[str, Any]) -> None:
        sizes[kinds[event["requestId"]]] += event["encodedDataLength"]

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium.find(), args=chromium.flags())
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        await context.add_cookies([{"name": "chat_session", "value": token, "url": url}])
        page = await context.new_page()
        network = await context.new_cdp_session(page)
        await network.send("Network.enable")
        network.on("Network.responseReceived", begun)
        network.on("Network.loadingFinished", finished)
        async with page.expect_websocket() as socket:
            await page.goto(url + path, wait_until="networkidle")
        assert (await socket.value).url.endswith("/ws")
        await page.locator("textarea[name=content]").fill("usable")
        await browser.close()
    return sizes
