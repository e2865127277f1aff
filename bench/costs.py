"""What a message, an edit and a reaction ask of the servers: PostgreSQL's round trips and Valkey's commands.

Counted by the servers themselves, in a conversation of 2 and in one of 1,000, everyone looking. Both have to be equal:
another count ends the run.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

from bench.device import connect_all, send_frame, text_frame
from bench.figures import Figure
from bench.people import make_group, make_people
from bench.stage import Stage, open_pool
from bench.statements import Asked, CommandCounts, StatementLog, each

PEOPLE = (2, 1000)
EACH = 100
PATIENCE = 60.0
# What is on the screens may not have been told to the other processes yet.
SETTLE_SECONDS = 0.3
# Limits that count, as an operator's do, and never refuse.
COUNTING = {
    f"{what}_{how}": "1000000" for what in ("SEND", "CHANGE") for how in ("LIMIT_PER_MINUTE", "BURST")
}  # fmt: skip
_HERE = {
    "message": (b'{"type":"message:received"', b'{"type":"message:sent"'),
    "edit": (b'{"type":"message:updated"',),
    "reaction": (b'{"type":"message:updated"',),
}


class Screens:
    """Waits until everyone has been told."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._left = 0
        self._here: tuple[bytes, ...] = ()
        self._all_told = asyncio.Event()

    def on_frame(self, frame: bytes) -> None:
        """Something came to one of them."""
        if frame.startswith(self._here):
            self._left -= 1
            if not self._left:
                self._all_told.set()

    async def after(self, say: Callable[[], None], here: tuple[bytes, ...]) -> None:
        """Say something, and wait until it is on every screen."""
        self._here, self._left = here, self._count
        self._all_told.clear()
        say()
        async with asyncio.timeout(PATIENCE):
            await self._all_told.wait()


async def measure(stage: Stage) -> list[Figure]:
    """The counts of the larger conversation, with those of the smaller as their reference."""
    few, many = [await _ask(stage, people) for people in PEOPLE]
    figures = []
    for deed in few:
        assert few[deed] == many[deed], f"{deed}: {few[deed]} of {PEOPLE[0]}, but {many[deed]} of {PEOPLE[1]:,}"
        figures += _figures(deed, few[deed], many[deed])
    return figures


def _figures(deed: str, few: Asked, many: Asked) -> list[Figure]:
    return [
        Figure(
            f"{what} for {'an' if deed[0] in 'aeiou' else 'a'} {deed}, {PEOPLE[1]:,} people",
            larger.total(),
            "",
            reference=smaller.total(),
            aim=1,
            note="\n".join(f"{count} {name}" for name, count in sorted(larger.items())),
        )
        for what, smaller, larger in (
            ("database round trips", few.statements, many.statements),
            ("Redis commands", few.commands, many.commands),
        )
    ]


async def _ask(stage: Stage, count: int) -> dict[str, Asked]:
    database_url = await stage.database()
    async with await open_pool(database_url) as pool:
        people = await make_people(pool, count)
        conversation_id = await make_group(pool, people)
        log = await StatementLog.of(stage.postgres, database_url)
        commands = CommandCounts(stage.valkey)
        web = stage.web(database_url, **COUNTING)
        web.start()
        screens = Screens(count)
        devices = await connect_all(web.url, people, lambda _: screens.on_frame, open_=[[conversation_id]] * count)
        write = devices[0].write
        asked = {}

        async def ask(deed: str, frames: list[bytes]) -> None:
            # The first of everything costs more: statements are prepared, scripts loaded.
            for number, frame in enumerate(frames):
                if number == 1:
                    await asyncio.sleep(SETTLE_SECONDS)
                    log.take()
                    await commands.take()
                await screens.after(partial(write, frame), _HERE[deed])
            await asyncio.sleep(SETTLE_SECONDS)
            asked[deed] = Asked(each(log.take(), len(frames) - 1), each(await commands.take(), len(frames) - 1))

        await ask("message", [send_frame(conversation_id, str(uuid4()), f"Number {n}") for n in range(EACH + 1)])
        ids = await pool.fetch("select id from messages order by seq")
        await ask("edit", [_edit_frame(record["id"], f"Number {n}!") for n, record in enumerate(ids)])
        await ask("reaction", [_reaction_frame(record["id"]) for record in ids])
    for device in devices:
        device.close()
    await commands.close()
    web.kill()
    return asked


def _edit_frame(message_id: UUID, content: str) -> bytes:
    return text_frame(
        b'{"type":"message:edit","payload":{"message_id":"%b","content":"%b"}}'
        % (str(message_id).encode(), content.encode())
    )


def _reaction_frame(message_id: UUID) -> bytes:
    return text_frame(
        b'{"type":"reaction:add","payload":{"message_id":"%b","emoji":"\xf0\x9f\x91\x8d"}}' % str(message_id).encode()
    )
