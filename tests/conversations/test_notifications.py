"""What one member wants to hear of, and what a row says of it."""

from datetime import UTC, datetime, timedelta

import pytest

from chat.conversations import actions
from chat.conversations.model import ConversationNotFound
from chat.conversations.notification_actions import mute, set_notify, unmute
from chat.db import Pool
from chat.errors import ValidationFailed
from chat.events import ConversationListed, Event
from chat.services import Services
from tests.factory import Factory


async def test_levels_and_mutes_are_ones_own(noted: Services, events: list[Event], factory: Factory) -> None:
    ada, bo, direct = await factory.pair()
    until = datetime.now(UTC) + timedelta(hours=8)
    scope = {"viewer_id": ada, "conversation_id": direct}

    await set_notify(noted, notify="mentions", **scope)
    await mute(noted, until=until, **scope)

    hers = await actions.get(noted, **scope)
    assert (hers.notify, hers.muted_until) == ("mentions", until)
    his = await actions.get(noted, viewer_id=bo, conversation_id=direct)
    assert (his.notify, his.muted_until) == ("all", None)
    await unmute(noted, **scope)
    assert (await actions.get(noted, **scope)).muted_until is None
    assert events == [ConversationListed(ada, direct)] * 3


async def test_only_members_decide(noted: Services, events: list[Event], pool: Pool, factory: Factory) -> None:
    ada, eve = await factory.user(), await factory.user()
    public, deleted = await factory.room(ada), await factory.room(ada, eve)
    await pool.execute("update conversations set deleted_at = now() where id = $1", deleted)
    for room in (public, deleted):
        with pytest.raises(ConversationNotFound):
            await set_notify(noted, viewer_id=eve, conversation_id=room, notify="none")
        with pytest.raises(ConversationNotFound):
            await mute(noted, viewer_id=eve, conversation_id=room, until=datetime.now(UTC))
    with pytest.raises(ValidationFailed):
        await mute(noted, viewer_id=ada, conversation_id=public, until=datetime(2030, 1, 1))  # noqa: DTZ001
    assert events == []


async def test_unread_mentions_are_counted(services: Services, pool: Pool, factory: Factory) -> None:
    ada, bo, direct = await factory.pair()
    await factory.say(direct, [(ada, f"number {number}", factory.later()) for number in range(6)])
    await pool.executemany(
        "insert into mentions (conversation_id, user_id, seq) values ($1, $2, $3)",
        [(direct, bo, seq) for seq in (2, 4, 5)] + [(direct, ada, 5)],
    )

    await factory.read(direct, bo, 2)
    row = await actions.get(services, viewer_id=bo, conversation_id=direct)
    assert (row.unread, row.mentions) == (4, 2)
    await factory.read(direct, bo, 6)
    row = await actions.get(services, viewer_id=bo, conversation_id=direct)
    assert (row.unread, row.mentions) == (0, 0)
