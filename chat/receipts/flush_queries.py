"""The SQL with which the worker stores receipts. Each statement bears to be run again, and none ever goes back."""

from collections.abc import Sequence

from chat.db import Connection
from chat.receipts.model import Receipt
from chat.receipts.steps import Step

# For so long, in milliseconds, the database waits for the next statement of a worker that has locked members' rows.
_IDLE = "5000"


async def lock(connection: Connection, *, receipts: Sequence[Receipt]) -> None:
    """Have the members' rows to ourselves until the end of the transaction. All who write receipts lock them, in the
    order of their keys, so the statements that follow see all that was written before.

    A worker that is stopped just then, with its machine perhaps, loses the transaction: these people could neither read
    nor write.
    """
    await connection.execute("select set_config('idle_in_transaction_session_timeout', $1, true)", _IDLE)
    await connection.execute(
        """
        select from unnest($1::uuid[], $2::uuid[]) as asked (conversation_id, user_id)
        join members m on m.conversation_id = asked.conversation_id and m.user_id = asked.user_id
        order by m.conversation_id, m.user_id
        for no key update of m
        """,
        [receipt.conversation_id for receipt in receipts],
        [receipt.user_id for receipt in receipts],
    )


async def store_steps(connection: Connection, *, steps: Sequence[Step]) -> int:
    """Keep the steps of members that tell something new; how many they are.

    Who reads a message further on has read this one: the time of reading is that of the first step that reaches it.
    So a step is news where the next one isn't as old. Without a next one, it is where the member's mark is not beyond
    it already: who has come later has read what was before, but at no time.
    """
    return len(
        await connection.fetch(
            """
            insert into read_events (conversation_id, user_id, up_to_seq, read_at)
            select step.conversation_id, step.user_id, step.up_to, step.at
            from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])
                as step (conversation_id, user_id, up_to, at)
            join conversations c on c.id = step.conversation_id and c.deleted_at is null and step.up_to <= c.last_seq
            join members m on m.conversation_id = step.conversation_id and m.user_id = step.user_id
            left join lateral (
                select e.read_at from read_events e
                where e.conversation_id = step.conversation_id and e.user_id = step.user_id
                    and e.up_to_seq >= step.up_to
                order by e.up_to_seq
                limit 1
            ) next on true
            where case when next.read_at is null then step.up_to > m.read_up_to_seq else next.read_at > step.at end
            on conflict (conversation_id, user_id, up_to_seq) do update set read_at = excluded.read_at
            returning true
            """,
            *_columns(steps),
        )
    )


async def forget_overtaken(connection: Connection, *, steps: Sequence[Step]) -> None:
    """Remove steps that are newer than a further one: such a step came over another way, and was stored earlier.

    The one just before tells whether there are any, so the number of all that a member has made doesn't matter.
    """
    await connection.execute(
        """
        with overtaking as materialized (
            select step.conversation_id, step.user_id, step.up_to, step.at
            from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])
                as step (conversation_id, user_id, up_to, at)
            cross join lateral (
                select e.read_at from read_events e
                where e.conversation_id = step.conversation_id and e.user_id = step.user_id
                    and e.up_to_seq < step.up_to
                order by e.up_to_seq desc
                limit 1
            ) before
            where before.read_at > step.at
        )
        delete from read_events e
        using overtaking o
        where e.conversation_id = o.conversation_id and e.user_id = o.user_id
            and e.up_to_seq < o.up_to and e.read_at > o.at
        """,
        *_columns(steps),
    )


async def move_marks(connection: Connection, *, receipts: Sequence[Receipt]) -> int:
    """Move the members' marks forward, never beyond the last message; how many members' have moved.

    Who has left meanwhile, or whose conversation is deleted, is passed over. A marker for unread messages stays: it was
    set later than the person read.
    """
    return len(
        await connection.fetch(
            """
            update members m
            set delivered_up_to_seq = greatest(m.delivered_up_to_seq, least(greatest(f.delivered, f.read), c.last_seq)),
                read_up_to_seq = greatest(m.read_up_to_seq, least(f.read, c.last_seq))
            from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])
                as f (conversation_id, user_id, delivered, read)
            join conversations c on c.id = f.conversation_id and c.deleted_at is null
            where m.conversation_id = f.conversation_id and m.user_id = f.user_id
                and (least(greatest(f.delivered, f.read), c.last_seq) > m.delivered_up_to_seq
                    or least(f.read, c.last_seq) > m.read_up_to_seq)
            returning true
            """,
            [receipt.conversation_id for receipt in receipts],
            [receipt.user_id for receipt in receipts],
            [receipt.delivered for receipt in receipts],
            [receipt.read for receipt in receipts],
        )
    )


def _columns(steps: Sequence[Step]) -> tuple[list[object], ...]:
    return (
        [step.conversation_id for step in steps],
        [step.user_id for step in steps],
        [step.up_to for step in steps],
        [step.at for step in steps],
    )
