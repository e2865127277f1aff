"""What an operator may run into, in a sentence; anything else is a mistake of ours and keeps its traceback."""

import asyncpg
import redis.exceptions

from chat.commands.errors import CommandError
from chat.embedded import DataFolderError, EmbeddedError
from chat.embedded.programs import ProgramsMissingError
from chat.migrations import MigrationError
from chat.settings import SettingsError

_SENTENCES = (CommandError, DataFolderError, EmbeddedError, MigrationError, ProgramsMissingError, SettingsError)


def explain(error: Exception) -> str | None:
    """A sentence for the operator, or None where the error isn't the installation's."""
    if isinstance(error, _SENTENCES):
        return str(error)
    if isinstance(error, asyncpg.exceptions.ClientConfigurationError):
        return f"DATABASE_URL can't be used: {error}"
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError | asyncpg.InvalidCatalogNameError):
        return f"PostgreSQL refuses the connection: {error}; look at DATABASE_URL"
    if isinstance(error, asyncpg.PostgresConnectionError | asyncpg.CannotConnectNowError):
        return f"PostgreSQL can't be reached: {error}; look at DATABASE_URL"
    if isinstance(error, redis.exceptions.RedisError):
        return f"Redis can't be reached: {error}; look at REDIS_URL"
    if isinstance(error, ConnectionError | TimeoutError):
        return f"a server can't be reached: {error}; run chat doctor"
    return None
