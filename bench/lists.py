"""The list of 100 conversations, for a page and over the API: half are direct, a quarter groups, a quarter rooms.

Each has its last message, messages that are unread, and in groups and rooms mentions among them; half of the groups are
named after their people.
"""

import gzip
import json
from functools import partial

from bench.client import browser, program
from bench.figures import Figure
from bench.filling import contents_of_demo, fill, leave_unread
from bench.people import access_tokens, make_directs, make_group, make_people, make_room
from bench.reading import AT_ONCE, percentiles, times
from bench.stage import Stage, open_pool
from chat.db import Pool

DIRECT, GROUPS, ROOMS = 50, 25, 25
CONVERSATIONS = DIRECT + GROUPS + ROOMS
PEOPLE = 100
IN_A_GROUP, IN_A_ROOM = 8, 60
MESSAGES = 200
UNREAD = 7
REQUESTS = 400
WARM_UP = 40


async def measure(stage: Stage) -> list[Figure]:
    """p50 and p95 in milliseconds, alone and with 16 at once."""
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        viewer, *others = await make_people(pool, PEOPLE + 1)
        made = await make_directs(pool, [(viewer, other) for other in others[:DIRECT]])
        for number in range(GROUPS):
            people = [viewer, *others[number : number + IN_A_GROUP - 1]]
            made.append(await make_group(pool, people, name=f"Group {number}" if number % 2 else None))
        for number in range(ROOMS):
            made.append(await make_room(pool, [viewer, *others[: IN_A_ROOM - 1]], name=f"Room {number}"))
        await fill(pool, made, await contents_of_demo(stage), MESSAGES)
        await leave_unread(pool, UNREAD)
        await _mention_everyone(pool)
        await pool.execute("vacuum analyze")
        (token,) = await access_tokens(pool, stage.settings(database_url), [viewer])
    web = stage.web(database_url)
    web.start()
    page = await (await browser(web.url, viewer)).get("/sidebar")
    assert gzip.decompress(page).count(b'<li class="conversation') == CONVERSATIONS
    items = json.loads(await (await program(web.url, token)).get(f"/api/conversations?limit={CONVERSATIONS}"))["items"]
    assert [item["unread"] for item in items] == [UNREAD] * CONVERSATIONS
    assert sum(item["mentions"] for item in items) == 2 * (GROUPS + ROOMS)
    figures = []
    for name, open_client, path in (
        ("page", partial(browser, web.url, viewer), "/sidebar"),
        ("API", partial(program, web.url, token), f"/api/conversations?limit={CONVERSATIONS}"),
    ):
        await times(open_client, path, requests=WARM_UP, at_once=1)
        for at_once in (1, AT_ONCE):
            taken = await times(open_client, path, requests=REQUESTS, at_once=at_once)
            so_many = "" if at_once == 1 else f", {at_once} at once"
            figures += percentiles(f"list of {CONVERSATIONS} conversations, {name}{so_many}", taken)
    return figures


async def _mention_everyone(pool: Pool) -> None:
    """Two of the unread messages in each group and room name everybody."""
    await pool.execute(
        """
        insert into mentions (conversation_id, user_id, seq)
        select c.id, m.user_id, c.last_seq - back
        from conversations c join members m on m.conversation_id = c.id, generate_series(1, 2) as back
        where c.kind <> 'direct'
        """
    )
