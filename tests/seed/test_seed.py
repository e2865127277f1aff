from uuid import UUID

import asyncpg
import pytest

from chat.conversations import queries as conversations
from chat.conversations.room_queries import public_rooms
from chat.db import Pool
from chat.ids import new_id
from chat.messages.model import NewMessage
from chat.messages.store_queries import store
from chat.seed import seed
from tests.factory import client_id
from tests.plain_browser import Browser


@pytest.fixture
async def seeded(pool: Pool) -> Pool:
    await seed(pool)
    return pool


async def user_id(pool: Pool, username: str) -> UUID:
    value: UUID = await pool.fetchval("select id from users where username = $1", username)
    return value


async def unread(pool: Pool, username: str) -> dict[str, int]:
    rows = await conversations.rows(pool, viewer_id=await user_id(pool, username), after=None, limit=100)
    return {row["name"] or row["other_name"] or row["kind"]: row["last_seq"] - row["read_up_to"] for row in rows}


async def test_both_shown_logins_get_in_and_find_their_conversations(pool: Pool, url: str) -> None:
    marta, tomas = (await seed(pool))[:2]
    for login, colleagues in ((marta, ("Tomas Vrba", "Ines Caldeira")), (tomas, ("Marta Ekholm", "Runa Solheim"))):
        browser = Browser(url)
        async with browser.http:
            assert (await browser.log_in(login.email, login.password)).status == 303
            page = await browser.get("/")
        assert page.status == 200
        assert [name for name in colleagues if name not in page.text] == []


async def test_the_two_shown_people_share_ten_thousand_messages_without_a_gap(seeded: Pool) -> None:
    rows = await seeded.fetch(
        """
        select m.seq, m.revision from messages m
        join conversations c on c.id = m.conversation_id
        where (c.direct_low, c.direct_high) = (least($1::uuid, $2::uuid), greatest($1::uuid, $2::uuid))
        order by m.seq
        """,
        await user_id(seeded, "marta"),
        await user_id(seeded, "tomas"),
    )
    assert [(row["seq"], row["revision"]) for row in rows] == [(seq, seq) for seq in range(1, 10_001)]


async def test_conversations_are_as_sending_would_have_left_them(seeded: Pool) -> None:
    wrong = await seeded.fetch(
        """
        with counted as (
            select m.conversation_id, count(*) as messages, max(m.seq) as last_seq, max(m.revision) as revision
            from messages m group by m.conversation_id
        )
        select c.id from conversations c
        join counted n on n.conversation_id = c.id
        join messages last on last.conversation_id = c.id and last.seq = c.last_seq
        where (c.last_seq, c.revision) <> (n.last_seq, n.revision) or n.messages <> n.last_seq
            or c.last_message_at <> last.created_at
            or c.last_sender_id is distinct from case last.content_type when 'text' then last.sender_id end
            or c.members_count <> (select count(*) from members where conversation_id = c.id)
            or c.kind = 'direct' and array[c.direct_low, c.direct_high]
                <> array(select user_id from members where conversation_id = c.id order by user_id)
        """
    )
    assert wrong == []
    wrong = await seeded.fetch(
        """
        select conversation_id, seq from (
            select *, coalesce(
                lag(sender_id) over sequence = sender_id
                    and content_type = 'text' and lag(content_type) over sequence = 'text'
                    and created_at < lag(created_at) over sequence + interval '5 minutes', false) as expected
            from messages window sequence as (partition by conversation_id order by seq)
        ) m where continues <> expected
        """
    )
    assert wrong == []


async def test_watermarks_follow_from_what_people_wrote_and_read(seeded: Pool) -> None:
    # What was said before somebody came counts as read.
    wrong = await seeded.fetch(
        """
        select p.conversation_id, p.user_id from members p
        join conversations c on c.id = p.conversation_id
        where p.delivered_up_to_seq not in (p.read_up_to_seq, c.last_seq) or p.read_up_to_seq <> greatest(
            (select max(seq) from messages where conversation_id = p.conversation_id and created_at < p.joined_at),
            (select max(seq) from messages where conversation_id = p.conversation_id and sender_id = p.user_id),
            (select max(up_to_seq) from read_events where conversation_id = p.conversation_id and user_id = p.user_id)
        )
        """
    )
    assert wrong == []
    early = await seeded.fetch(
        """
        select e.* from read_events e
        join messages m on m.conversation_id = e.conversation_id and m.seq = e.up_to_seq
        where e.read_at <= m.created_at or m.sender_id = e.user_id
        """
    )
    assert early == []
    # Nobody answers what they haven't read: just before each message its writer had read all.
    unread_before = await seeded.fetch(
        """
        select m.conversation_id, m.seq from messages m
        join messages before on before.conversation_id = m.conversation_id and before.seq = m.seq - 1
        join members p on p.conversation_id = m.conversation_id and p.user_id = m.sender_id
        where before.sender_id <> m.sender_id and before.created_at >= p.joined_at and not exists (
            select from read_events e
            where e.conversation_id = m.conversation_id and e.user_id = m.sender_id
                and e.up_to_seq = before.seq and e.read_at < m.created_at
        )
        """
    )
    assert unread_before == []


async def test_something_is_new_to_each_of_the_two(seeded: Pool) -> None:
    to_marta, to_tomas = await unread(seeded, "marta"), await unread(seeded, "tomas")
    assert len(to_marta) >= 8
    assert len(to_tomas) >= 8
    assert {name: count for name, count in to_marta.items() if count} == {
        "Tomas Vrba": 3,
        "Ines Caldeira": 2,
        "Departure board": 2,
        "Incidents": 4,
        "Lunch": 2,
        "Trip to Tärnö": 3,
        "group": 1,
    }
    assert {name: count for name, count in to_tomas.items() if count} == {
        "Runa Solheim": 3,
        "Harbour": 2,
        "Lunch": 2,
        "group": 1,
    }


async def test_the_first_account_is_the_owner(seeded: Pool) -> None:
    roles = await seeded.fetch("select username, role from users order by created_at, id")
    assert [row["username"] for row in roles if row["role"] == "owner"] == ["marta"] == [roles[0]["username"]]


async def test_what_marta_wrote_last_was_read_by_some_has_reached_others_and_not_all(seeded: Pool) -> None:
    people = await seeded.fetch(
        """
        select case when m.read_up_to_seq = c.last_seq then 'read' when m.delivered_up_to_seq = c.last_seq
            then 'delivered' else 'sent' end as status
        from conversations c join members m on m.conversation_id = c.id and m.user_id <> c.last_sender_id
        where c.name = 'Budget' and c.last_sender_id = $1
        order by 1
        """,
        await user_id(seeded, "marta"),
    )
    assert [row["status"] for row in people] == ["delivered", "read", "sent"]


async def test_the_conversation_goes_on_where_the_demo_ends(seeded: Pool) -> None:
    marta, tomas = await user_id(seeded, "marta"), await user_id(seeded, "tomas")
    found = await conversations.direct_id(seeded, low=min(marta, tomas), high=max(marta, tomas))
    assert found is not None
    looking = NewMessage(new_id(), found, marta, client_id(), "Looking!")
    stored = await store(seeded, messages=[looking], direct_max=10)
    assert [(row["seq"], row["revision"], row["continues"]) for *_, row in stored] == [(10_001, 10_001, False)]


async def test_the_two_find_a_room_to_join_a_muted_one_and_one_that_is_archived(seeded: Pool) -> None:
    for username in ("marta", "tomas"):
        viewer = await user_id(seeded, username)
        rooms = {
            row["name"]: row["joined"]
            for row in await public_rooms(seeded, viewer_id=viewer, prefix="", after=None, limit=50)
        }
        assert [name for name, joined in rooms.items() if not joined] == ["Sightings"]
        listed = await conversations.rows(seeded, viewer_id=viewer, after=None, limit=100)
        assert [row["name"] for row in listed if row["archived_at"]] == ["Ticket numbers"]
        assert [row["name"] for row in listed if row["muted_until"]] == ["Lunch"]
        assert {row["visibility"] for row in listed if row["kind"] == "room"} == {"public", "private"}
        assert {row["name"] is None for row in listed if row["kind"] == "group"} == {True, False}


async def test_a_second_time_changes_nothing(seeded: Pool) -> None:
    count = "select (select count(*) from users), (select count(*) from messages)"
    before = await seeded.fetchrow(count)
    with pytest.raises(asyncpg.UniqueViolationError):
        await seed(seeded)
    assert await seeded.fetchrow(count) == before
