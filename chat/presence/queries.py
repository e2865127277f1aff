"""The SQL about who may see whether somebody is there."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chat.db import Connection
from chat.realtime.watchers import Pair


class Seen(NamedTuple):
    """What the database knows of somebody who may be seen."""

    invisible: bool
    last_seen_at: datetime | None


async def visible(connection: Connection, *, pairs: Sequence[Pair]) -> dict[Pair, Seen]:
    """Those of these viewers and people where the viewer may see whether the person is there: a contact, or somebody
    in one of the viewer's conversations, as far as the person shares it, and nobody with a block between the two. A
    direct conversation counts when the person knows of it: as long as it is empty, only who opened it does.

    Each pair is looked up by itself: `exists` would let the planner make a table of all pairs that there are.
    """
    records = await connection.fetch(
        """
        select asked.viewer_id, u.id, u.invisible, u.last_seen_at
        from unnest($1::uuid[], $2::uuid[]) as asked (viewer_id, user_id)
        join users u on u.id = asked.user_id and u.id <> asked.viewer_id
        where u.deactivated_at is null and u.presence_sharing <> 'nobody'
            and (select true from blocks where blocker_id = asked.viewer_id and blocked_id = u.id) is null
            and (select true from blocks where blocker_id = u.id and blocked_id = asked.viewer_id) is null
            and coalesce(
                (
                    select true from contacts
                    where low = least(u.id, asked.viewer_id) and high = greatest(u.id, asked.viewer_id)
                        and accepted_at is not null
                ),
                u.presence_sharing = 'everyone' and (
                    select true
                    from members mine
                    join members theirs on theirs.conversation_id = mine.conversation_id and theirs.user_id = u.id
                    join conversations c on c.id = mine.conversation_id and c.deleted_at is null
                        and (c.last_seq > 0 or c.kind <> 'direct' or c.created_by = u.id)
                    where mine.user_id = asked.viewer_id
                    limit 1
                )
            )
        """,
        [viewer_id for viewer_id, _ in pairs],
        [user_id for _, user_id in pairs],
    )
    return {
        (record["viewer_id"], record["id"]): Seen(record["invisible"], record["last_seen_at"]) for record in records
    }
