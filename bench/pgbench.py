"""The reference for sends: what PostgreSQL manages when nothing but pgbench asks it to store the same rows."""

import asyncio
import re

from bench.stage import Stage

# One transaction in one statement, which saves pgbench three round trips: the strictest form of the reference. The
# first lines run once in each client and find its own conversation.
SCRIPT = """\
\\if :started = 0
select c.id as conversation, c.created_by as sender from conversations c order by c.id limit 1 offset :client_id \\gset
\\set started 1
\\else
with moved as (
    update conversations
    set last_seq = last_seq + 1, revision = revision + 1, last_sender_id = :sender, last_message_at = now()
    where id = :conversation
    returning last_seq, revision
)
insert into messages (id, conversation_id, seq, revision, sender_id, client_message_id, content, continues)
select uuidv7(), :conversation, last_seq, revision, :sender, gen_random_uuid(), {content}, true from moved;
\\endif
"""


async def stored_per_second(stage: Stage, database_url: str, *, clients: int, seconds: float, content: str) -> float:
    """Transactions per second of `clients` connections, each storing into a conversation of its own.

    The database has at least as many conversations as there are clients.
    """
    script = stage.folder / "pgbench.sql"
    script.write_text(SCRIPT.format(content="'" + content.replace("'", "''") + "'"))
    process = await asyncio.create_subprocess_exec(
        str(stage.programs.pgbench),
        "--no-vacuum",
        "--protocol=prepared",
        f"--client={clients}",
        "--jobs=2",
        f"--time={seconds:.0f}",
        "--define=started=0",
        f"--file={script}",
        f"--dbname={database_url}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed = (await process.communicate())[0].decode()
    found = re.search(r"^tps = ([\d.]+)", printed, re.MULTILINE)
    if process.returncode != 0 or found is None:
        raise RuntimeError(f"pgbench failed:\n{printed}")
    return float(found[1])
