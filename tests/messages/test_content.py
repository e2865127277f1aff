"""Which content is a message, and that it is kept exactly as it was typed."""

import pytest

from chat.errors import ValidationFailed
from chat.messages.model import check_content
from tests.device import Connect
from tests.factory import Factory
from tests.servers import Serve

FAMILY = "👩‍👩‍👧"  # five characters of Unicode, of which one sees one


@pytest.mark.parametrize(
    "content",
    [
        "",
        " ",
        "\n",
        "\t\r\n",
        "\u00a0",
        "\u2003\u2009",
        "\u3000",
        "\u2028\u2029",
        "\x85",
        "\x1c\x1f",
        "\u200b\u200d\u2060",
    ],
)
def test_what_is_blank_is_no_message(content: str) -> None:
    with pytest.raises(ValidationFailed, match="needs some text"):
        check_content(content, max_length=4000)


@pytest.mark.parametrize("character", ["x", "ä", "字", "😀", "\u202e", "e\u0301", FAMILY])
def test_length_is_counted_in_characters_after_trimming(character: str) -> None:
    fits = character * (4000 // len(character))
    over = fits + "x" * (4001 - len(fits))

    assert check_content(f" \n\t {fits} \u2003\n ", max_length=4000) == fits
    with pytest.raises(ValidationFailed, match="1 character too long; 4,000 fit into one"):
        check_content(f"\n{over}\n", max_length=4000)


@pytest.mark.parametrize("content", ["\0", "a\0b", "\ud800", "a\udfffb", "\ud83d \ude00"])
def test_what_no_database_can_hold_is_refused_and_not_repaired(content: str) -> None:
    with pytest.raises(ValidationFailed, match="characters that are not text"):
        check_content(content, max_length=4000)


async def test_everything_else_is_kept_as_it_was_typed(factory: Factory, connect: Connect) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers = await connect(maria)
    contents = [
        "e\u0301 and \u00e9 stay two spellings",
        "two  blanks,\ta tab\nand lines\r\nof both kinds\rand \u2028 another",
        "\u202etfel ot thgir\u202c \u2066isolated\u2069",
        "Z" + "\u0300\u0316\u0334\u0489" * 900 + "algo",
        "\u200bx",
        "\ufeffnot the beginning of a file",
        "\x01\x07\x1b[31mbell and colours\x7f\x80",
        "\ufffe\uffff\U0010ffff\ue000",
        "\\0 \\u0000 \\ud800 %00 &#0;",
        "'; drop table messages; --",
        "$1 %s %(x)s {0} :name ?",
        "😀" * 4000,
    ]

    for content in contents:
        assert (await hers.send(conversation, content))["type"] == "message:sent"

    assert [content for _, _, content in await factory.history(conversation)] == contents


async def test_a_refused_message_names_itself_says_why_and_leaves_no_gap(factory: Factory, connect: Connect) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers = await connect(maria)
    reasons = {
        "": "A message needs some text.",
        " \n ": "A message needs some text.",
        "x" * 4001: "This message is 1 character too long; 4,000 fit into one.",
        "x" * 60_000: "This message is 56,000 characters too long; 4,000 fit into one.",
        "a\0b": "This message holds characters that are not text.",
    }

    for content, reason in reasons.items():
        refusal = await hers.send(conversation, content)
        assert (refusal["type"], refusal["code"], refusal["retryable"]) == ("message:error", "VALIDATION_ERROR", False)
        assert refusal["message"] == reason

    assert (await hers.send(conversation, "x" * 4000))["seq"] == 1


async def test_each_installation_sets_its_own_length(factory: Factory, connect: Connect, serve: Serve) -> None:
    url = await serve(message_max_length=5)
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers = await connect(maria, url)

    assert (await hers.send(conversation, " 12345 "))["type"] == "message:sent"
    assert (await hers.send(conversation, "123456"))["code"] == "VALIDATION_ERROR"
