"""The end of what runs for ever."""

import asyncio

from chat.background import end


async def test_who_overhears_that_it_is_to_end_is_told_again() -> None:
    overheard = 0

    async def hard_of_hearing() -> None:
        nonlocal overheard
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                overheard += 1
                if overheard == 2:
                    raise

    async def broken() -> None:
        raise ValueError

    tasks = [asyncio.create_task(hard_of_hearing()), asyncio.create_task(broken())]
    await asyncio.sleep(0)

    async with asyncio.timeout(8):
        await end(*tasks)

    assert overheard == 2
    assert all(task.done() for task in tasks)
