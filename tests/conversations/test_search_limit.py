"""How often a person may search: for people, rooms and conversations together, by page and by program."""

import asyncio

from chat.db import Pool
from tests.device import sign_in
from tests.factory import Factory
from tests.plain_browser import Browser
from tests.program import Program, make_token
from tests.servers import Serve


async def test_searches_of_all_kinds_are_counted_together_and_what_is_no_search_is_not(
    serve: Serve, factory: Factory, pool: Pool
) -> None:
    url = await serve(search_limit_per_minute=5)
    maria = await factory.user()
    conversation = await factory.group(maria, await factory.user())
    browser = Browser(url)
    browser.token = await sign_in(pool, maria)
    program = Program(url, await make_token(pool, maria))
    free = ["/switcher", "/switcher?q=", "/people", "/rooms", f"/c/{conversation}/members", f"/c/{conversation}/people"]

    for path in free * 2:
        assert (await browser.get(path)).status == 200, path
    found = [
        (await browser.get("/switcher?q=a")).status,
        (await browser.get("/people?q=a")).status,
        (await browser.get("/rooms?q=a")).status,
        (await browser.get(f"/c/{conversation}/members?q=a")).status,
    ]
    last = await program.get("/users/search", q="a")
    refused = await browser.get(f"/c/{conversation}/people?q=a", **{"HX-Request": "true"})
    refused_program = await program.get("/rooms", q="a")
    others = Program(url, await make_token(pool, await factory.user()))
    other = await others.get("/users/search", q="a")
    for client in (browser.http, program.http, others.http):
        await client.close()
    await asyncio.sleep(0)

    assert found == [200] * 4
    assert (last.status, last.headers["X-RateLimit-Limit"], last.headers["X-RateLimit-Remaining"]) == (200, "5", "0")
    assert 1 <= int(refused.headers["Retry-After"]) <= 12
    assert (refused.status, refused.headers["HX-Reswap"]) == (429, "none")
    assert refused_program.refusal == (429, "RATE_LIMITED")
    assert refused_program.headers["X-RateLimit-Remaining"] == "0"
    assert other.headers["X-RateLimit-Remaining"] == "4"
