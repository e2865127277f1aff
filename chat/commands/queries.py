"""What the commands ask a database about itself."""

from datetime import datetime

from chat.db import Connection, Record


async def server_facts(connection: Connection) -> Record:
    """The server's version as a number and in words, its durability settings, its connections and its encoding."""
    row: Record = await connection.fetchrow(
        """
        select current_setting('server_version_num')::integer as version_number,
               current_setting('server_version') as version,
               current_setting('fsync') as fsync,
               current_setting('synchronous_commit') as synchronous_commit,
               current_setting('full_page_writes') as full_page_writes,
               current_setting('max_connections')::integer as max_connections,
               current_setting('server_encoding') as encoding
        """
    )
    return row


async def server_clock(connection: Connection) -> datetime:
    """What time the server has at this moment."""
    clock: datetime = await connection.fetchval("select clock_timestamp()")
    return clock
