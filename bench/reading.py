"""How long answers take: milliseconds of each request, of one client or of several at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bench.client import Client
from bench.figures import Figure, percentile

AT_ONCE = 16

Open = Callable[[], Awaitable[Client]]


async def times(open_client: Open, path: str, *, requests: int, at_once: int) -> list[float]:
    """Milliseconds of each of so many requests in all; each client asks again when it has been answered."""
    taken: list[float] = []

    async def read() -> None:
        client = await open_client()
        for _ in range(requests // at_once):
            started = time.perf_counter()
            await client.get(path)
            taken.append((time.perf_counter() - started) * 1000)
        client.close()

    await asyncio.gather(*(read() for _ in range(at_once)))
    return taken


def percentiles(name: str, taken: list[float], *, aim_of_median: float | None = None, note: str = "") -> list[Figure]:
    """p50 and p95."""
    return [
        Figure(f"{name}, p50", percentile(taken, 50), "ms", aim=aim_of_median),
        Figure(f"{name}, p95", percentile(taken, 95), "ms", note=note),
    ]
