"""`chat receipts`: what waits for the worker, and what it could not store; `chat receipts retry` has it tried again."""

import asyncio
import os
from argparse import Namespace

from chat import redis
from chat.embedded.installation import servers
from chat.folders import home_folder
from chat.receipts import backlog
from chat.settings import Settings, load


def main(arguments: Namespace) -> int:
    """Say what there is, 1 where something is set aside; or move that back."""
    work = _retry if arguments.deed == "retry" else _tell
    with servers(os.environ, home=home_folder()) as environ:
        return asyncio.run(work(load(environ)))


async def _tell(settings: Settings) -> int:
    async with redis.create_redis(settings) as client:
        waiting = await backlog.look(client)
        found = await backlog.set_aside(client)
    oldest = f", the oldest for {waiting.lag_seconds:.0f} s" if waiting.pending else ""
    print(f"Waiting for the worker: {_entries(waiting.pending)}{oldest}.")
    if found.since is None:
        print("Set aside: none.")
        return 0
    print(f"Set aside since {found.since:%Y-%m-%d %H:%M:%S} UTC: {_entries(found.entries)}.")
    for reason, number in found.reasons.most_common():
        print(f"    {number:>8}  {reason}")
    print("When that is put right: chat receipts retry. To store one twice changes nothing.")
    return 1


async def _retry(settings: Settings) -> int:
    async with redis.create_redis(settings) as client:
        moved = await backlog.move_back(client)
    print(f"Moved back: {_entries(moved)}. The worker takes them with its next flush.")
    return 0


def _entries(number: int) -> str:
    return f"{number} {'entry' if number == 1 else 'entries'}"
