"""Reactions: one emoji of a person once, in the order in which they came, on every screen."""

from datetime import timedelta

import emoji as known
import pytest

from chat.db import Pool
from chat.errors import ValidationFailed
from chat.messages.model import check_emoji
from chat.people import mark_of
from tests.device import Connect
from tests.factory import Factory
from tests.screen import messages_on, stored_messages


async def test_a_reaction_reaches_every_screen_with_who_chose_it(factory: Factory, connect: Connect) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    for device in (hers, his):
        await device.watch(conversation)
    message = (await hers.send(conversation, "done!"))["message_id"]

    await his.change("reaction:add", message, emoji="🎉")
    await his.change("reaction:add", message, emoji="👍🏽")
    told = await hers.change("reaction:add", message, emoji="🎉")

    assert (told["type"], told["seq"], told["revision"]) == ("message:updated", 1, 4)
    [shown] = messages_on(told["content"])
    assert shown.reactions == (("🎉", 2, f"{mark_of(bo)} {mark_of(ada)}"), ("👍🏽", 1, mark_of(bo)))
    assert (shown.is_edited, shown.preview) == (False, None)
    assert await his.expect("message:updated", revision=4) == told

    told = await his.change("reaction:remove", message, emoji="🎉")
    assert messages_on(told["content"])[0].reactions == (("👍🏽", 1, mark_of(bo)), ("🎉", 1, mark_of(ada)))


async def test_the_last_reaction_taken_back_leaves_the_message_as_it_was(
    factory: Factory, connect: Connect, pool: Pool
) -> None:
    ada, _, conversation = await factory.pair()
    hers = await connect(ada)
    await hers.watch(conversation)
    message = (await hers.send(conversation, "done!"))["message_id"]
    await hers.change("reaction:add", message, emoji="👍")
    assert await pool.fetchval("select reacted from messages")

    told = await hers.change("reaction:remove", message, emoji="👍")

    assert 'class="reactions"' not in told["content"]
    assert not await pool.fetchval("select reacted from messages")


@pytest.mark.parametrize("change", ["reaction:add", "reaction:remove"])
async def test_what_was_done_before_changes_nothing_and_is_told_again(
    factory: Factory, connect: Connect, pool: Pool, change: str
) -> None:
    ada, _, conversation = await factory.pair()
    hers = await connect(ada)
    await hers.watch(conversation)
    message = (await hers.send(conversation, "done!"))["message_id"]
    for _ in range(2):
        await hers.change("reaction:add", message, emoji="❤️")

    first = await hers.change(change, message, emoji="❤️")
    again = await hers.change(change, message, emoji="❤️")

    assert first == again
    assert await pool.fetchval("select revision from conversations") == first["revision"]
    assert first["revision"] == (2 if change == "reaction:add" else 3)


async def test_emoji_that_differ_in_presentation_only_are_one(factory: Factory, connect: Connect, pool: Pool) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    message = (await hers.send(conversation, "done!"))["message_id"]

    await hers.change("reaction:add", message, emoji="\u2764")
    await his.change("reaction:add", message, emoji="\u2764\ufe0f")

    [shown] = await stored_messages(pool, conversation)
    assert [(emoji, count) for emoji, count, _ in shown.reactions] == [("\u2764\ufe0f", 2)]
    assert (await hers.change("reaction:remove", message, emoji="\u2764"))["revision"] == 4


def test_every_emoji_has_one_form() -> None:
    forms: dict[str, set[str]] = {}
    for text, data in known.EMOJI_DATA.items():
        if data["status"] != known.STATUS["component"]:
            forms.setdefault(data["en"], set()).add(check_emoji(text))
    assert len(forms) > 3000
    assert {name for name, found in forms.items() if len(found) != 1} == set()
    assert max(len(next(iter(found))) for found in forms.values()) <= 32, "longer than the column"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "x",
        "1",
        "#",
        "ok",
        ":heart:",
        "👍👍",
        "👍 ",
        "👍x",
        "\ufe0f",
        "\u200d",
        "🏽",
        "🇩",
        "\0",
        "\ud83d",
        "👍" * 5000,
    ],
)
async def test_what_is_no_emoji_is_refused(text: str) -> None:
    assert check_emoji("👍") == "👍"
    with pytest.raises(ValidationFailed):
        check_emoji(text)


async def test_twenty_different_emoji_are_enough_and_each_takes_any_number_of_people(
    factory: Factory, connect: Connect
) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    message = (await hers.send(conversation, "choose"))["message_id"]
    emojis = [chr(0x1F600 + number) for number in range(21)]
    for emoji in emojis[:20]:
        assert (await hers.change("reaction:add", message, emoji=emoji))["type"] == "message:updated"

    refusal = await his.change("reaction:add", message, emoji=emojis[20])
    assert (refusal["type"], refusal["code"]) == ("error", "CONFLICT")
    assert (await his.change("reaction:add", message, emoji=emojis[0]))["type"] == "message:updated"
    await hers.change("reaction:remove", message, emoji=emojis[1])
    assert (await his.change("reaction:add", message, emoji=emojis[20]))["type"] == "message:updated"


async def test_who_isnt_there_any_more_takes_nothing_back_either(
    factory: Factory, connect: Connect, pool: Pool
) -> None:
    owner, member = await factory.user(), await factory.user()
    room = await factory.room(owner, member, visibility="private")
    hers, his = await connect(owner), await connect(member)
    message = (await hers.send(room, "choose"))["message_id"]
    assert (await his.change("reaction:add", message, emoji="👍"))["type"] == "message:updated"
    await pool.execute("delete from members where user_id = $1", member)

    for change in ("reaction:add", "reaction:remove"):
        assert (await his.change(change, message, emoji="👍"))["code"] == "NOT_FOUND"
    await pool.execute("update conversations set archived_at = now()")
    for change in ("reaction:add", "reaction:remove"):
        assert (await hers.change(change, message, emoji="👍"))["code"] == "FORBIDDEN"
    assert [shown.revision for shown in await stored_messages(pool, room)] == [2]


async def test_a_hundred_people_are_named_and_all_are_counted(factory: Factory, connect: Connect, pool: Pool) -> None:
    people = [await factory.user() for _ in range(105)]
    group = await factory.group(*people)
    hers = await connect(people[0])
    await hers.watch(group)
    message = (await hers.send(group, "who is in?"))["message_id"]
    await pool.executemany(
        "insert into reactions (message_id, user_id, emoji, created_at) values ($1, $2, '🙋', now() - $3::interval)",
        [(message, person, timedelta(seconds=number)) for number, person in enumerate(people[1:])],
    )

    told = await hers.change("reaction:add", message, emoji="🙋")

    [(emoji, count, marks)] = messages_on(told["content"])[0].reactions
    assert (emoji, count) == ("🙋", 105)
    assert marks.split() == [mark_of(person) for person in reversed(people[5:])]


async def test_messages_with_many_reactions_come_in_smaller_pages(
    factory: Factory, connect: Connect, pool: Pool
) -> None:
    people = [await factory.user() for _ in range(100)]
    group = await factory.group(*people)
    hers = await connect(people[0])
    for number in range(6):
        await hers.send(group, str(number))
    await pool.execute(
        "insert into reactions (message_id, user_id, emoji)"
        " select m.id, u.id, chr(128512 + n) from messages m, users u, generate_series(1, 20) n"
    )
    await pool.execute("update messages set reacted = true")

    pages = []
    revision, has_more = 0, True
    while has_more:
        await hers.say("conversation:sync", conversation_id=group, after_revision=revision)
        page = await hers.expect("conversation:synced", after_revision=revision)
        pages.append([message.seq for message in messages_on(page["content"])])
        revision, has_more = page["revision"], page["has_more"]

    assert pages == [[1, 2], [3, 4], [5, 6]]
