"""Work that goes on until somebody asks for its end."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EarlyEnd:
    """Being told to end while there is no loop yet. Raises `KeyboardInterrupt` wherever that finds the program, and
    remembers it: where it finds the program in the middle of a destructor, Python swallows the exception.
    """

    def __init__(self) -> None:
        self.was_asked = False
        self._raises = True
        for number in _SIGNALS:
            signal.signal(number, self._asked)

    def only_remember(self) -> None:
        """Raise once more what was swallowed, and nothing from now on: a loop is about to begin."""
        self._raises = False
        if self.was_asked:
            raise KeyboardInterrupt

    def _asked(self, _number: int, _frame: object) -> None:
        self.was_asked = True
        if self._raises:
            raise KeyboardInterrupt


async def until_signalled(work: Coroutine[Any, Any, None], early_end: EarlyEnd | None = None) -> bool:
    """Do the work; on Ctrl-C, SIGTERM or a closed terminal cancel it and wait for what it does to end in order.

    A second signal cancels that as well. Returns whether it was ended by a signal, `early_end` among them; what the
    work raises by itself comes out.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    for number in _SIGNALS:
        loop.add_signal_handler(number, task.cancel)
    if early_end is not None and early_end.was_asked:
        task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return True
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
    return False
