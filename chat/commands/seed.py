"""`chat seed`: the demo data, for a database that nobody uses yet."""

import asyncio
import os
from argparse import Namespace

from chat.accounts.queries import any_user
from chat.commands.errors import CommandError
from chat.db import create_pool
from chat.embedded.installation import servers
from chat.folders import home_folder
from chat.settings import Settings, load


def main(_arguments: Namespace) -> int:
    """Add the demo data and print its logins. Raises `CommandError` where there are users."""
    with servers(os.environ, home=home_folder()) as environ:
        return asyncio.run(_seed(load(environ)))


async def _seed(settings: Settings) -> int:
    # Imported here: only this command and the first `chat run` need it.
    from chat.seed import seed

    pool = await create_pool(settings)
    async with pool:
        if await any_user(pool):
            raise CommandError("this database has users already; demo data is for an empty one")
        for login in await seed(pool):
            print(f"{login.email}  {login.password}")
    return 0
