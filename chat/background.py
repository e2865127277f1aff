"""The end of tasks that run for ever."""

import asyncio


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel them, and wait until they have ended, however they do."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        # Once isn't enough: a cancellation that comes while the Redis client connects is swallowed by it.
        _, running = await asyncio.wait(running, timeout=0.1)
    await asyncio.gather(*tasks, return_exceptions=True)
