"""From Enter to saved, whatever happens on the way: nothing typed is lost, nothing is sent twice."""

from playwright.async_api import expect

from chat.db import Pool
from tests.browser.person import AtBrowser, StartWeb
from tests.factory import Factory
from tests.proxy import Proxy
from tests.servers import WebProcess


async def test_a_message_waits_visibly_until_it_is_saved(line: Proxy, factory: Factory, at_browser: AtBrowser) -> None:
    ada, _, conversation = await factory.pair()
    person = await at_browser(line, ada, f"/c/{conversation}")
    line.stall()

    await person.write("Said while nobody can hear it")

    await expect(person.pending.get_by_role("img", name="Sending")).to_be_visible()
    await expect(person.field).to_have_value("")
    await expect(person.messages).to_have_count(0)
    line.resume()
    await person.sees("Said while nobody can hear it")
    await expect(person.pending).to_have_count(0)
    assert len(await factory.history(conversation)) == 1


async def test_twenty_messages_typed_in_an_hour_without_a_connection(
    web: WebProcess, line: Proxy, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    other = await at_browser(web, bo, f"/c/{conversation}")
    person = await at_browser(line, ada, f"/c/{conversation}", clock=True)
    await person.unplug(line)
    texts = [f"Typed offline {number}" for number in range(20)]

    for text in texts:
        await person.write(text)
        await person.page.clock.run_for(180_000)

    await expect(person.page.locator("#banner")).to_contain_text("offline")
    await expect(person.pending).to_have_count(20)
    await other.write("Said meanwhile")
    await other.sees("Said meanwhile")
    await person.plug_in(line)
    for one in (person, other):
        await expect(one.messages).to_have_count(21, timeout=30_000)
    await expect(person.pending).to_have_count(0)
    await person.is_live()
    assert await person.shown() == await other.shown() == list(enumerate(["Said meanwhile", *texts], start=1))
    assert [text for _, _, text in await factory.history(conversation)] == ["Said meanwhile", *texts]


async def test_a_killed_server_loses_nothing_and_nobody_reloads(
    web: WebProcess, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    one = await at_browser(web, ada, f"/c/{conversation}")
    other = await at_browser(web, bo, f"/c/{conversation}")
    await one.write("Before")
    await other.sees("Before")

    web.kill()
    await expect(one.page.locator("#banner")).to_be_visible()
    for number in range(3):
        await one.write(f"One {number}")
        await other.write(f"Other {number}")
    await expect(one.pending).to_have_count(3)
    web.start()

    for person in (one, other):
        await expect(person.messages).to_have_count(7, timeout=30_000)
        await expect(person.pending).to_have_count(0)
        await person.is_live()
    assert await one.shown() == await other.shown()
    stored = [(seq, text) for seq, _, text in await factory.history(conversation)]
    assert stored == await one.shown()


async def test_what_waits_survives_a_reload_and_keeps_its_order(
    web: WebProcess, factory: Factory, pool: Pool, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await factory.pair()
    person = await at_browser(web, ada, f"/c/{conversation}")
    # The database takes nothing for a while, and the page still loads: a lock on the row that every send moves.
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from conversations where id = $1 for no key update", conversation)
        await person.write("First")
        await person.write("Second")
        await expect(person.pending).to_have_count(2)
        await person.page.reload()
        await expect(person.pending).to_have_count(2)
        await person.write("Third")

    await expect(person.messages).to_have_count(3, timeout=30_000)
    assert [text for _, text in await person.shown()] == ["First", "Second", "Third"]
    assert [text for _, _, text in await factory.history(conversation)] == ["First", "Second", "Third"]


async def test_without_a_socket_messages_go_by_http(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, conversation = await factory.pair()
    other = await at_browser(web, bo, f"/c/{conversation}")
    person = await at_browser(web, ada, f"/c/{conversation}", socket=False)

    await person.write("Sent without a socket")

    await person.sees("Sent without a socket")
    await other.sees("Sent without a socket")
    await expect(person.pending).to_have_count(0)


async def test_a_refused_message_keeps_its_text_and_says_why(
    web: WebProcess, factory: Factory, pool: Pool, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    person = await at_browser(web, ada, f"/c/{conversation}")
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", bo, ada)

    await person.write("Too late")

    failed = person.pending.filter(has_text="Too late")
    await expect(failed.locator(".failure-reason")).to_contain_text("Not sent. One of you has blocked the other")
    await pool.execute("delete from blocks")
    await pool.execute("delete from members where user_id = $1", ada)
    await person.page.reload()
    await expect(person.page.locator("h1")).to_contain_text("nothing here")
    await pool.execute("insert into members (conversation_id, user_id) values ($1, $2)", conversation, ada)
    await person.go(f"/c/{conversation}")
    await failed.get_by_role("button", name="Retry").click()
    await person.sees("Too late")


async def test_a_failed_message_can_be_deleted(
    web: WebProcess, factory: Factory, pool: Pool, at_browser: AtBrowser
) -> None:
    ada, bo, conversation = await factory.pair()
    person = await at_browser(web, ada, f"/c/{conversation}")
    await pool.execute("insert into blocks (blocker_id, blocked_id) values ($1, $2)", bo, ada)
    await person.write("Never mind")

    await person.pending.get_by_role("button", name="Delete").click()

    await expect(person.pending).to_have_count(0)
    await person.page.reload()
    assert await factory.history(conversation) == []


async def test_too_fast_is_no_failure(start_web: StartWeb, factory: Factory, at_browser: AtBrowser) -> None:
    web = start_web(SEND_LIMIT_PER_MINUTE="120", SEND_BURST="2")
    ada, _, conversation = await factory.pair()
    person = await at_browser(web, ada, f"/c/{conversation}")
    texts = [f"Quick {number}" for number in range(6)]

    for text in texts:
        await person.write(text)

    await expect(person.messages).to_have_count(6)
    assert [text for _, text in await person.shown()] == texts
    await expect(person.page.locator(".failed")).to_have_count(0)


async def test_an_overlong_message_stays_in_the_field(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, _, conversation = await factory.pair()
    person = await at_browser(web, ada, f"/c/{conversation}")

    await person.write("x" * 4001)

    await expect(person.page.locator(".composer-error")).to_contain_text("1 character too long")
    await expect(person.field).to_have_value("x" * 4001)
    await person.write("x" * 4000)
    await expect(person.messages).to_have_count(1)


async def test_drafts_wait_in_their_conversations(web: WebProcess, factory: Factory, at_browser: AtBrowser) -> None:
    ada, bo, cy = await factory.user("ada"), await factory.user("bo"), await factory.user("cy")
    with_bo, with_cy = await factory.direct(ada, bo), await factory.direct(ada, cy)
    person = await at_browser(web, ada, f"/c/{with_bo}")
    await person.field.fill("To Bo, half fin")
    await person.row(with_cy).click()
    await expect(person.page.locator("h1")).to_have_text("Cy")
    await expect(person.field).to_have_value("")
    await expect(person.row(with_bo).locator("a")).to_have_attribute("data-draft", "To Bo, half fin")
    await expect(person.row(with_bo).locator(".preview")).to_be_hidden()
    await person.field.fill("To Cy")
    await person.row(with_bo).click()

    await expect(person.field).to_have_value("To Bo, half fin")
    await person.page.reload()
    await expect(person.field).to_have_value("To Bo, half fin")
    await person.field.press("End")
    await person.field.press_sequentially("ished")
    await person.field.press("Enter")
    await person.sees("To Bo, half finished")
    await person.page.reload()
    await expect(person.field).to_have_value("")


async def test_a_message_written_in_one_tab_is_sent_once_with_two_tabs_open(
    line: Proxy, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await factory.pair()
    person = await at_browser(line, ada, f"/c/{conversation}")
    second = await person.open_tab(f"/c/{conversation}")

    await person.unplug(line)
    await person.write("From the first tab")
    await second.write("From the second tab")
    await person.plug_in(line)

    for tab in (person, second):
        await expect(tab.messages).to_have_count(2, timeout=30_000)
        await expect(tab.pending).to_have_count(0)
    assert await person.shown() == await second.shown()
    assert len(await factory.history(conversation)) == 2


async def test_a_line_that_died_in_silence_is_noticed_by_sending(
    line: Proxy, factory: Factory, at_browser: AtBrowser
) -> None:
    ada, _, conversation = await factory.pair()
    person = await at_browser(line, ada, f"/c/{conversation}")
    # The socket looks open and leads nowhere; new connections work.
    line.forget()

    await person.write("Through a new connection")

    await person.sees("Through a new connection")
    await person.is_live()
    assert len(await factory.history(conversation)) == 1
