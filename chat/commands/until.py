"""Work that goes on until somebody asks for its end."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def until_signalled(work: Coroutine[Any, Any, None]) -> bool:
    """Do the work; on Ctrl-C, SIGTERM or a closed terminal cancel it and wait for what it does to end in order.

    A second signal cancels that as well. Returns whether it was ended by a signal; what the work raises by
    itself comes out.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    for number in _SIGNALS:
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return True
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
    return False
