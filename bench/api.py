"""A program reads: the newest 50 of 10,000 messages over the API, alone and with 16 at once.

Of plain messages, as others are measured; and where every fifth has reactions and every tenth is a reply.
"""

import json
from functools import partial
from uuid import UUID

from bench.client import program
from bench.figures import Figure
from bench.filling import contents_of_demo, fill
from bench.people import access_tokens, make_directs, make_people
from bench.reading import AT_ONCE, Open, percentiles, times
from bench.stage import Stage, open_pool
from chat.db import Pool

MESSAGES = 10_000
PAGE = 50
REQUESTS = 800
WARM_UP = 100
AIM_MS = {1: 1.5, AT_ONCE: 15.0}


async def measure(stage: Stage) -> list[Figure]:
    """p50 and p95 in milliseconds."""
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        viewer, *others = await make_people(pool, 3)
        plain, lively = await make_directs(pool, [(viewer, other) for other in others])
        await fill(pool, [plain, lively], await contents_of_demo(stage), MESSAGES)
        await _enliven(pool, lively)
        await pool.execute("vacuum analyze")
        (token,) = await access_tokens(pool, stage.settings(database_url), [viewer])
    web = stage.web(database_url)
    web.start()
    open_client = partial(program, web.url, token)
    return [
        *await _measure(open_client, f"API: newest {PAGE} of {MESSAGES:,}", plain, aims=AIM_MS),
        *await _measure(open_client, "API: the same with reactions and replies", lively, aims={}),
    ]


async def _measure(open_client: Open, name: str, conversation_id: UUID, *, aims: dict[int, float]) -> list[Figure]:
    path = f"/api/conversations/{conversation_id}/messages"
    client = await open_client()
    body = await client.get(path)
    client.close()
    assert len(json.loads(body)["items"]) == PAGE, name
    await times(open_client, path, requests=WARM_UP, at_once=1)
    figures = []
    for at_once in (1, AT_ONCE):
        taken = await times(open_client, path, requests=REQUESTS, at_once=at_once)
        figures += percentiles(
            name if at_once == 1 else f"{name}, {at_once} at once",
            taken,
            aim_of_median=aims.get(at_once),
            note=f"{len(body):,} bytes, not compressed",
        )
    return figures


async def _enliven(pool: Pool, conversation_id: UUID) -> None:
    """Both people have reacted to every fifth message, and every tenth is a reply to the one before."""
    await pool.execute(
        """
        with chosen as (
            update messages set reacted = true where conversation_id = $1 and seq % 5 = 0
            returning id, conversation_id
        )
        insert into reactions (message_id, user_id, emoji)
        select chosen.id, members.user_id, emoji
        from chosen join members on members.conversation_id = chosen.conversation_id, unnest(array['👍', '🎉']) as emoji
        """,
        conversation_id,
    )
    await pool.execute(
        """
        update messages m set reply_to = before.id from messages before
        where m.conversation_id = $1 and m.seq % 10 = 0 and before.conversation_id = $1 and before.seq = m.seq - 1
        """,
        conversation_id,
    )
