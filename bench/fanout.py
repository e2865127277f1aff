"""One conversation on many screens: deliveries for each second of the web process's CPU time.

The reference is aiohttp alone, writing the same bytes to as many sockets in a loop (`bare.py`).
"""

import statistics

from bench.audience import Audience, converse
from bench.device import connect_all
from bench.figures import Figure
from bench.people import make_group, make_people
from bench.process import cpu_seconds
from bench.reference import Bare
from bench.stage import Stage, open_pool

SOCKETS = (500, 5000)
# So many write at the same time, each waiting for the confirmation before the next message.
WRITERS = 8
DELIVERIES = 150_000
ROUNDS = 3


async def measure(stage: Stage) -> list[Figure]:
    """For each size, the median of rounds that take turns with the reference."""
    return [await _measure_size(stage, count) for count in SOCKETS]


async def _measure_size(stage: Stage, count: int) -> Figure:
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, count)
        conversation_id = await make_group(pool, people)
        web = stage.web(database_url)
        web.start()
        audience, bare_audience = Audience(count), Audience(count)
        devices = await connect_all(web.url, people, audience.listener, open_=[[conversation_id]] * count)
        writers = dict(enumerate(devices[:WRITERS]))
        # Ahead of the rounds: the reference needs a frame, and the first of everything is slow.
        await converse(writers, conversation_id, audience, each=1)
        rates, references = [], []
        each = max(1, DELIVERIES // count // ROUNDS // WRITERS)
        deliveries = each * WRITERS * count
        async with Bare() as bare:
            devices += await bare.connect(count, bare_audience)
            await bare.send(audience.frame, bare_audience, messages=1)
            for _ in range(ROUNDS):
                before = cpu_seconds(bare.pid)
                await bare.send(audience.frame, bare_audience, messages=each * WRITERS)
                references.append(deliveries / (cpu_seconds(bare.pid) - before))
                before = cpu_seconds(web.process.pid)
                await converse(writers, conversation_id, audience, each=each)
                rates.append(deliveries / (cpu_seconds(web.process.pid) - before))
    audience.check((each * ROUNDS + 1) * WRITERS)
    for device in devices:
        device.close()
    web.kill()
    return Figure(
        f"deliveries to {count:,} sockets",
        statistics.median(rates),
        "/CPU-s",
        reference=statistics.median(references),
        aim=0.8,
        at_most=False,
        note=f"reference: a bare aiohttp loop; {len(audience.frame):,} bytes a frame",
    )
