"""What people call themselves and write is text wherever it is shown: nothing runs, and nothing is swallowed."""

from urllib.parse import urlsplit

from chat.db import Pool
from tests.conversations.conftest import SignIn
from tests.device import Connect
from tests.factory import Factory
from tests.html import Element, read, texts, with_class

# With marks by which everything that came from them can be found again: `evil`, and the number 66.
MARKUP = [
    "<script>evil(66)</script>",
    "<hx-partial hx-target='#pane' hx-swap='innerHTML'>evil 66</hx-partial>",
    "<hx-upsert hx-target='#conversation-list' key='id'><li id=evil>66</li></hx-upsert>",
    '"><img src=x onerror=evil(66)>',
    "' hx-get='/evil66' hx-trigger='load' x='",
    "<b id=evil hx-on:click='evil(66)' style='color:red'>66</b>",
    "</title></textarea></template></style><svg onload=evil(66)>",
    "<!-- evil 66",
    "&lt;i&gt;evil&#54;6&amp;",
    "{{ evil }} {% evil 66 %} ${evil}",
    "<form action=//evil.example><button>66</button></form>",
    "<style>*{background:url(//evil.example/66)}</style>",
    "<base href=//evil.example/66>",
    "<a href=javascript:evil(66)>evil</a>",
    "]]><![CDATA[ evil 66",
]
# Each is one line of text, of characters that change what stands around them on a careless page.
SCRIPTS = [
    "\u202egnp.live\u202c",
    "\u2067\u2066evil\u2069",
    "\u200f\u061cמחר",
    "Z" + "\u0300\u0316\u0320\u0334\u0489" * 20,
    "zero\u200bwidth\u2060joined",
    "\ufff9inter\ufffalinear\ufffb",
    "👩🏽‍🚀🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "\U000e0041\U0010ffff\ufffe",
]


def harmless(html: str, *, allowed: frozenset[str] = frozenset()) -> list[Element]:
    """The page's elements; fails where any of them, or of their attributes, came out of what somebody typed."""
    elements = read(html)
    for element in elements:
        assert "evil" not in element.tag
        for name, value in element.attributes.items():
            assert not name.startswith(("on", "hx-on", "style")), (element.tag, name)
            assert "evil" not in name, (element.tag, name)
            if "evil" in value:
                assert name in {"value", "aria-label", "content"} | allowed, (element.tag, name, value)
                assert not name.startswith("hx-")
    assert not [element for element in elements if element.tag in {"img", "base", "iframe", "object", "embed"}]
    assert not [element for element in elements if element.tag == "script" and not element.attributes.get("src")]
    return elements


async def test_a_name_is_text_wherever_it_is_shown(
    factory: Factory, pool: Pool, connect: Connect, browse: SignIn
) -> None:
    maria, other = await factory.user("maria"), await factory.user("evil66")
    conversation = await factory.direct(maria, other)
    theirs, hers = await connect(other), await connect(maria)
    browser, their_browser = await browse(maria), await browse(other)
    await hers.watch(conversation)

    for seq, name in enumerate((text[:80] for text in MARKUP + SCRIPTS), start=1):
        await pool.execute("update users set display_name = $1 where id = $2", name, other)
        await theirs.send(conversation, "hello")
        live = await hers.expect("message:received", seq=seq)
        harmless(live["content"])
        assert live["sender_name"] == name
        assert name in [element.text for element in with_class(live["content"], "author")]

        for path in ("/", f"/c/{conversation}", "/people?q=evil", "/switcher?q=evil"):
            page = await browser.get(path)
            harmless(page.text)
            assert name in [element.text for element in with_class(page.text, "name")], path
        home = await browser.get("/")
        assert f"{name}: " in [element.text for element in with_class(home.text, "sender")]
        for headers in ({}, {"HX-Request": "true", "HX-Target": "main#pane"}):
            page = await browser.get(f"/c/{conversation}", **headers)
            harmless(page.text)
            assert next(element.text for element in read(page.text) if element.tag == "title") == f"{name} · Chat"
        settings = await their_browser.get("/settings")
        field = next(element for element in harmless(settings.text) if element.id == "field-display_name")
        assert field.attributes["value"] == name


async def test_a_message_is_stored_as_typed_and_shown_as_text(
    factory: Factory, connect: Connect, browse: SignIn
) -> None:
    maria, noah = await factory.user("maria"), await factory.user("noah")
    conversation = await factory.direct(maria, noah)
    hers, his, browser = await connect(maria), await connect(noah), await browse(noah)
    await his.watch(conversation)

    for seq, content in enumerate(MARKUP + SCRIPTS, start=1):
        sent = await hers.send(conversation, content)
        received = await his.expect("message:received", seq=seq)
        await his.say("conversation:sync", conversation_id=conversation, after_revision=seq - 1)
        synced = await his.expect("conversation:synced", after_revision=seq - 1)
        page = await browser.get(f"/c/{conversation}")

        assert (await factory.history(conversation))[-1] == (seq, maria, content)
        link = frozenset({"href"}) if "//evil.example" in content else frozenset[str]()
        for html in (sent["content"], received["content"], synced["content"]):
            harmless(html, allowed=link)
            assert texts(html, "text") == [content]
        harmless(page.text, allowed=frozenset({"href"}))
        shown = [element for element in with_class(page.text, "text") if element.text]
        assert shown[-1].text.strip() == content
        assert (shown[-1].attributes["dir"], "hx-ignore" in shown[-1].attributes) == ("auto", True)
        assert " ".join(content.split())[:100] in with_class(page.text, "preview")[0].text


async def test_links_in_a_message_lead_to_the_web_and_nowhere_else(factory: Factory, connect: Connect) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers = await connect(maria)

    for target in (
        "javascript:evil(66)",
        "JaVaScRiPt:evil(66)",
        "java\tscript:evil(66)",
        "&#106;avascript:evil(66)",
        "data:text/html,<script>evil(66)</script>",
        "vbscript:evil(66)",
        "file:///etc/passwd",
    ):
        for written in (f"[evil]({target})", f"[evil](<{target}>)", f"<{target}>", target):
            sent = await hers.send(conversation, written)
            links = [element for element in read(sent["content"]) if element.tag == "a"]
            assert {urlsplit(link.attributes["href"]).scheme for link in links} <= {"", "http", "https", "mailto"}
    good = await hers.send(conversation, '[here](https://example.org/?a="onclick=evil&b=1 "onmouseover=x")')
    harmless(good["content"], allowed=frozenset({"href", "title"}))
    plain = await hers.send(conversation, "see https://example.org/a_b?q=1&r=2")
    link = next(element for element in read(plain["content"]) if element.tag == "a")
    assert link.attributes == {
        "href": "https://example.org/a_b?q=1&r=2",
        "target": "_blank",
        "rel": "noopener noreferrer nofollow",
    }


async def test_code_keeps_every_character(factory: Factory, connect: Connect) -> None:
    maria, noah = await factory.user(), await factory.user()
    conversation = await factory.direct(maria, noah)
    hers = await connect(maria)
    code = "if a < b && c > 'd':\n    return \"<script>evil(66)</script>\" # <hx-partial>\n"

    for language in ("", "python", "html", "evil66\"onload='x'", "<script>"):
        sent = await hers.send(conversation, f"```{language}\n{code}```")
        harmless(sent["content"], allowed=frozenset({"class"}))
        assert [element.text for element in read(sent["content"]) if element.tag == "pre"] == [code], language


async def test_what_was_searched_for_is_shown_as_text(factory: Factory, browse: SignIn) -> None:
    browser = await browse(await factory.user())
    for query in (*MARKUP, *SCRIPTS):
        async with browser.http.get(f"{browser.url}/people", params={"q": query}) as answer:
            html = await answer.text()
        field = next(element for element in harmless(html) if element.id == "picker-query")
        assert field.attributes["value"] == query.strip()[:80]
        async with browser.http.get(f"{browser.url}/switcher", params={"q": query}) as answer:
            assert query.strip()[:80] in " ".join(element.text for element in harmless(await answer.text()))
