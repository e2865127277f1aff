"""One message, what it said before, and who reacted: for those who are where it stands."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from chat.conversations.model import NotInConversation
from chat.db import Pool
from chat.messages import actions
from chat.messages.model import MessageNotFound
from chat.redis import create_redis
from chat.services import Services
from chat.settings import Settings
from tests.device import Connect, sign_in
from tests.factory import Factory
from tests.plain_browser import Browser
from tests.program import Program, make_token
from tests.servers import Serve


@pytest.fixture
async def services(settings: Settings, pool: Pool) -> AsyncIterator[Services]:
    redis = create_redis(settings)
    yield Services(settings, pool, redis, emit=lambda _: None)
    await redis.aclose()


async def test_a_message_is_shown_with_all_that_hangs_on_it(
    factory: Factory, connect: Connect, services: Services
) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    original = await hers.send(conversation, "one")
    reply = UUID((await his.send(conversation, "two", reply_to=original["message_id"]))["message_id"])
    await his.change("message:edit", reply, content="two!")
    await hers.change("reaction:add", reply, emoji="👍")

    message = await actions.message(services, viewer_id=ada, message_id=reply)

    assert (message.id, message.seq, message.revision, message.content) == (reply, 2, 4, "two!")
    assert (message.sender.id, message.sender.role, message.sender.avatar_url) == (bo, "member", None)
    assert message.edited_at is not None
    assert message.reply_to is not None
    assert (str(message.reply_to.id), message.reply_to.seq, message.reply_to.revision) == (original["message_id"], 1, 1)
    assert (message.reply_to.sender.display_name, message.reply_to.content) == ("Ada", "one")
    [reaction] = message.reactions
    assert (reaction.emoji, reaction.count, reaction.user_ids) == ("👍", 1, (ada,))


async def test_the_history_of_a_message_is_what_it_said_before_the_latest_first(
    factory: Factory, connect: Connect, services: Services
) -> None:
    ada, bo, conversation = await factory.pair()
    hers = await connect(ada)
    message = UUID((await hers.send(conversation, "edit 0"))["message_id"])
    assert await actions.history_of(services, viewer_id=bo, message_id=message) == []
    for number in range(1, 103):
        await hers.change("message:edit", message, content=f"edit {number}")

    history = await actions.history_of(services, viewer_id=bo, message_id=message)

    assert [edition.content for edition in history] == [f"edit {number}" for number in range(101, 1, -1)]
    assert [edition.at for edition in history] == sorted((edition.at for edition in history), reverse=True)
    await hers.change("message:delete", message)
    assert await actions.history_of(services, viewer_id=bo, message_id=message) == []


async def test_who_reacted_is_told_by_emoji_in_the_order_in_which_they_did(
    factory: Factory, connect: Connect, services: Services
) -> None:
    people = [await factory.user(name) for name in ("ada", "bo", "cleo")]
    group = await factory.group(*people)
    devices = [await connect(person) for person in people]
    message = UUID((await devices[0].send(group, "done!"))["message_id"])
    for number, emoji in [(2, "🎉"), (0, "👍"), (1, "🎉"), (0, "🎉")]:
        await devices[number].change("reaction:add", message, emoji=emoji)

    reacted = await actions.who_reacted(services, viewer_id=people[1], message_id=message)

    assert [(one.emoji, one.count, [person.display_name for person in one.people]) for one in reacted] == [
        ("🎉", 3, ["Cleo", "Bo", "Ada"]),
        ("👍", 1, ["Ada"]),
    ]


@pytest.mark.parametrize("look", [actions.message, actions.history_of, actions.who_reacted])
async def test_who_is_not_there_sees_nothing(
    factory: Factory, connect: Connect, services: Services, look: object
) -> None:
    assert callable(look)
    owner, member, stranger = [await factory.user() for _ in range(3)]
    private, public = await factory.room(owner, member, visibility="private"), await factory.room(owner)
    hers = await connect(owner)
    hidden, open_ = [UUID((await hers.send(place, "hello"))["message_id"]) for place in (private, public)]
    await look(services, viewer_id=member, message_id=hidden)

    for viewer, message, error in (
        (stranger, hidden, MessageNotFound),
        (stranger, uuid4(), MessageNotFound),
        (stranger, open_, NotInConversation),
    ):
        with pytest.raises(error):
            await look(services, viewer_id=viewer, message_id=message)
    await factory.pool.execute("delete from members where user_id = $1", member)
    with pytest.raises(MessageNotFound):
        await look(services, viewer_id=member, message_id=hidden)
    await factory.pool.execute("update conversations set deleted_at = now()")
    for message in (hidden, open_):
        with pytest.raises(MessageNotFound):
            await look(services, viewer_id=owner, message_id=message)


async def test_of_long_earlier_versions_only_the_latest_are_shown(
    factory: Factory, connect: Connect, services: Services, pool: Pool
) -> None:
    ada, bo, conversation = await factory.pair()
    message = UUID((await (await connect(ada)).send(conversation, "now"))["message_id"])
    await pool.execute(
        """
        insert into message_edits (message_id, revision, content, edited_at)
        select $1, number, rpad(number || ' ', 4000, '['), now() from generate_series(1, 30) as number
        """,
        message,
    )

    history = await actions.history_of(services, viewer_id=bo, message_id=message)

    assert [edition.content.split()[0] for edition in history] == [str(number) for number in range(30, 18, -1)]


async def test_who_reads_earlier_versions_too_often_is_refused(
    serve: Serve, factory: Factory, connect: Connect, pool: Pool
) -> None:
    ada, bo, conversation = await factory.pair()
    message = (await (await connect(ada)).send(conversation, "now"))["message_id"]
    url = await serve(history_limit_per_minute=2)
    browser, program = Browser(url), Program(url, await make_token(pool, bo))
    browser.token = await sign_in(pool, bo)

    answers = [
        (await browser.get(f"/messages/{message}/edits")).status,
        (await program.get(f"/messages/{message}/edits")).status,
        (await browser.get(f"/messages/{message}/edits")).status,
        (await program.get(f"/messages/{message}/edits")).status,
    ]
    await browser.http.close()
    await program.http.close()

    assert answers == [200, 200, 429, 429]
