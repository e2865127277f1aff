"""What the hot paths cost: statements for each thing that people do, and rows that each statement looks at."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chat.db import Pool
from chat.messages.keys import WRITER
from chat.settings import Settings
from tests.device import Connect
from tests.factory import Factory, client_id
from tests.messages.costs import Product, counted, explain, is_large, rows_of, rows_read, warm_up
from tests.messages.filled import fill


@pytest.fixture
async def product(settings: Settings) -> AsyncIterator[Product]:
    """The product, counted."""
    async with counted(settings) as product:
        yield product


@pytest.fixture
def url(product: Product) -> str:
    """Where devices connect to."""
    return product.url


@pytest.mark.parametrize("people", [2, 1_000])
async def test_a_message_costs_one_statement_however_many_people_hear_of_it(
    product: Product, factory: Factory, connect: Connect, people: int
) -> None:
    members = [await factory.user() for _ in range(people)]
    conversation = await factory.group(*members)
    hers, his = await connect(members[0]), await connect(members[1])
    await warm_up(hers, conversation)
    await his.watch(conversation)
    await his.answered()

    with product.costs(1):
        await hers.send(conversation, "one statement, one round trip, one transaction")
        await his.expect("message:received", seq=2)
    with product.costs(20):
        for number in range(20):
            await hers.send(conversation, str(number))
    # The quote is read once the message is stored.
    with product.costs(2):
        first = (await hers.send(conversation, "a reply", reply_to=his.frames[-1]["message_id"]))["message_id"]
    # Who is it, and which message, read anew once the conversation is locked; the change; the message as it is then.
    changes: list[tuple[str, dict[str, str]]] = [
        ("message:edit", {"content": "changed"}),
        ("reaction:add", {"emoji": "👍"}),
        ("reaction:remove", {"emoji": "👍"}),
        ("message:delete", {}),
    ]
    for change, payload in changes:
        with product.costs(7):
            await hers.change(change, first, **payload)
            await his.expect("message:deleted" if change == "message:delete" else "message:updated")


async def test_messages_that_come_together_share_a_statement(
    product: Product, pool: Pool, factory: Factory, connect: Connect
) -> None:
    members = [await factory.user() for _ in range(12)]
    conversation = await factory.group(*members)
    devices = [await connect(member) for member in members]
    await warm_up(devices[0], conversation)

    product.statements.clear()
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from conversations for update")
        sending = [asyncio.create_task(device.send(conversation, "now")) for device in devices]
        async with asyncio.timeout(30):
            while len(product.app[WRITER]._by_key) < len(devices):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
    answers = await asyncio.gather(*sending)

    # The first may have gone alone.
    assert len(product.statements) <= 2
    assert sorted(answer["seq"] for answer in answers) == list(range(2, 14))


async def test_what_a_person_does_costs_a_few_statements(
    product: Product, pool: Pool, factory: Factory, connect: Connect
) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, his = await connect(maria), await connect(noah)
    await pool.execute("update sessions set expires_at = now() + interval '30 days'")
    await warm_up(hers, conversation)
    for _ in range(4):
        await his.send(conversation, "more to read")

    async def open_page(path: str, **headers: str) -> None:
        async with hers.http.get(f"{product.url}{path}", headers=headers) as answer:
            assert answer.status == 200, await answer.text()

    # Who is it, the list, the conversation, its messages, how far the others have come, who asks to be a contact.
    with product.costs(6):
        await open_page(f"/c/{conversation}")
    # Within the page the list is there already.
    with product.costs(4):
        await open_page(f"/c/{conversation}", **{"HX-Request": "true", "HX-Target": "section#pane"})
    with product.costs(3):
        await open_page(f"/c/{conversation}/history?before=4", **{"HX-Request": "true"})
    # Who is it, the list, who asks to be a contact.
    with product.costs(3):
        await open_page("/sidebar", **{"HX-Request": "true"})
    # The conversation, and how far the others have come.
    with product.costs(2):
        await hers.watch(conversation)
        await hers.answered()
    with product.costs(2):
        await hers.say("conversation:sync", conversation_id=conversation, after_revision=2)
        await hers.expect("conversation:synced", after_revision=2)
    with product.costs(1):
        await hers.say("receipt:read", conversation_id=conversation, up_to_seq=5)
        await hers.expect("receipt:updated", user_id=maria, read_up_to=5)


async def test_nothing_costs_more_with_many_messages(
    product: Product, database_url: str, pool: Pool, factory: Factory, connect: Connect
) -> None:
    """With 120,000 messages in 101 conversations no statement goes through a table, and none looks at more rows
    of messages than it answers with, more or less."""
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers, his = await connect(maria), await connect(noah)
    await warm_up(hers, conversation)
    await fill(database_url, maria, conversation)
    await pool.execute("analyze")

    async def open_page(path: str) -> None:
        async with hers.http.get(f"{product.url}{path}") as answer:
            assert answer.status == 200, await answer.text()

    product.statements.clear()
    message = client_id()
    newest = (await hers.send(conversation, "the newest", message))["message_id"]
    await hers.send(conversation, "again", message)
    await open_page(f"/c/{conversation}?latest=1")
    await open_page(f"/c/{conversation}")
    await open_page(f"/c/{conversation}?around=30000")
    await open_page(f"/c/{conversation}/history?before=30000")
    await open_page(f"/c/{conversation}/history?after=30000")
    await hers.say("conversation:sync", conversation_id=conversation, after_revision=59_950)
    await hers.expect("conversation:synced")
    await his.say("receipt:read", conversation_id=conversation, up_to_seq=59_000)
    await his.expect("receipt:updated", read_up_to=59_000)
    quoted = (await hers.send(conversation, "a reply", reply_to=newest))["message_id"]
    for number in range(20):
        await hers.change("reaction:add", quoted, emoji=chr(0x1F600 + number))
    await hers.change("message:edit", quoted, content="changed")
    await hers.change("reaction:remove", quoted, emoji=chr(0x1F600))
    await open_page(f"/c/{conversation}?latest=1")
    await hers.change("message:delete", quoted)
    statements = [(query, arguments) for query, arguments in product.statements if query not in ("BEGIN;", "COMMIT;")]

    assert len(statements) > 100
    async with pool.acquire() as connection:
        for query, arguments in statements:
            nodes = await explain(connection, query, arguments)
            assert [node for node in nodes if node["Node Type"] == "Seq Scan" and is_large(node)] == [], query
            looked_at = sum(rows_of(node) for node in nodes if node.get("Relation Name") == "messages")
            assert looked_at <= 210, (query, looked_at)


@pytest.mark.parametrize("written", [0, 400])
async def test_sending_stays_quick_while_a_fresh_database_grows_faster_than_its_statistics(
    product: Product, database_url: str, pool: Pool, factory: Factory, connect: Connect, written: int
) -> None:
    """The plan was made and kept when there was little or nothing, and nobody has looked at the tables since."""
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    if written:
        await factory.say(conversation, [(maria, str(number), factory.later()) for number in range(written)])
    hers = await connect(maria)
    await warm_up(hers, conversation)
    for number in range(12):
        await hers.send(conversation, str(number))
        await hers.watch(conversation, after_revision=0)
    await fill(database_url, maria, conversation)
    in_sequence, by_index = await rows_read(product, pool)

    for number in range(12):
        await hers.send(conversation, str(number))
        await hers.watch(conversation, after_revision=59_950)

    # The screens ask for some sixty messages each time; what is left for a send are a few.
    in_sequence_now, by_index_now = await rows_read(product, pool)
    assert in_sequence_now == in_sequence
    assert by_index_now - by_index < 12 * 100
