"""PostgreSQL and Valkey from wheels: what `make run`, `make test` and a single machine stand on.

No service to install, no Docker, no root. The servers are ours alone: on 127.0.0.1, on ports that were free,
behind random passwords kept in the data folder, with the durability of a real installation.
"""

from chat.embedded.account import ServerAccount, server_account
from chat.embedded.folder import DataFolder, DataFolderError, open_data_folder
from chat.embedded.postgres import EmbeddedPostgres
from chat.embedded.server import EmbeddedError
from chat.embedded.valkey import EmbeddedValkey

__all__ = [
    "DataFolder",
    "DataFolderError",
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedValkey",
    "ServerAccount",
    "open_data_folder",
    "server_account",
]
