"""The environment of a web process or a worker: that of the shell, completed by a running `chat run`."""

import os

from chat.commands.errors import CommandError

_SERVERS = ("DATABASE_URL", "REDIS_URL")


def process_environment() -> dict[str, str]:
    """The environment with both servers in it.

    Raises `CommandError` where they are named nowhere: a process that is one of several doesn't start servers.
    """
    missing = [variable for variable in _SERVERS if not os.environ.get(variable, "").strip()]
    if not missing:
        return dict(os.environ)
    # Imported here: in production, where both are set, it isn't needed.
    from chat.embedded.installation import running_environment
    from chat.folders import home_folder

    found = running_environment(os.environ, home=home_folder())
    if found is None:
        raise CommandError(f"this needs {' and '.join(missing)} in the environment, or a chat run under way here")
    return found
