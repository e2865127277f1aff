"""Pages: whole on a plain visit, only the pane for htmx, and always with the same care."""

import gzip
from typing import Any

import jinja2
import pytest
from aiohttp import web

from chat.web.compression import compress
from chat.web.pages import AskableUndefined, render_document, render_page, render_partial
from tests.web.small_app import Person, make_app, running

PANE = {"HX-Request": "true", "HX-Target": "main#pane"}


async def welcome(request: web.Request) -> web.Response:
    return await render_page(request, "conversations/welcome.html", {"view": "list"}, title="Chats & more")


async def sign_in(request: web.Request) -> web.Response:
    context: dict[str, Any] = {"values": {"login": ""}, "errors": {}, "registration": "open"}
    return render_document(request, "accounts/login.html", context, title="Sign in")


async def found(request: web.Request) -> web.Response:
    context = {"picker": {"query": request.query["q"], "found": []}}
    return render_partial(request, "conversations/_picker_results.html", context)


async def get(path: str, *, viewer: Person | None, headers: dict[str, str] | None = None) -> tuple[Any, str]:
    """The answer and its text."""
    app = make_app({"/": welcome, "/login": sign_in, "/people": found}, viewer=viewer)
    async with running(app) as client:
        answer = await client.get(path, headers={"Accept-Encoding": "identity", **(headers or {})})
        return answer, (await answer.read()).decode()


async def test_a_plain_visit_gets_the_whole_page_with_the_sidebar() -> None:
    answer, page = await get("/", viewer=Person())
    assert answer.status == 200
    assert answer.content_type == "text/html"
    assert page.lstrip().startswith("<!doctype html>")
    assert "<title>Chats &amp; more · Chat</title>" in page
    assert 'id="sidebar"' in page
    assert 'data-view="list"' in page
    assert "Ada &lt;Lovelace&gt;" in page


async def test_htmx_gets_only_the_pane_with_its_title() -> None:
    _, page = await get("/", viewer=Person(), headers=PANE)
    assert page.startswith("<title>Chats &amp; more · Chat</title>")
    assert "<!doctype" not in page
    assert 'id="sidebar"' not in page
    assert '<section class="empty-state" data-view="list">' in page


@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true", "HX-Target": "div#switcher-results"},
        {"HX-Request": "true", "HX-Target": "body"},
        {"HX-Request": "true"},
        {"HX-Target": "main#pane"},
    ],
)
async def test_any_other_request_gets_the_whole_page(headers: dict[str, str]) -> None:
    _, page = await get("/", viewer=Person(), headers=headers)
    assert page.lstrip().startswith("<!doctype html>")


async def test_going_back_htmx_gets_the_pane_itself() -> None:
    headers = {"HX-Request": "true", "HX-Target": "body", "HX-History-Restore-Request": "true"}
    _, page = await get("/", viewer=Person(), headers=headers)
    assert page.startswith('<title>Chats &amp; more · Chat</title><main id="pane"')
    assert 'data-view="list"' in page
    assert 'id="sidebar"' not in page


async def test_caches_keep_no_page_and_know_what_it_depends_on() -> None:
    for headers in ({}, PANE):
        answer, _ = await get("/", viewer=Person(), headers=headers)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Vary"] == "HX-Request, HX-Target, HX-History-Restore-Request, Accept-Encoding"


async def test_somebody_signed_out_gets_a_document_without_the_sidebar() -> None:
    answer, page = await get("/login", viewer=None)
    assert answer.status == 200
    assert "<title>Sign in · Chat</title>" in page
    assert 'id="sidebar"' not in page
    assert 'name="csrf" value="' in page


async def test_what_a_person_typed_is_escaped() -> None:
    _, page = await get("/people?q=%3Cb%3E%22", viewer=Person())
    assert "<b>" not in page
    assert "&lt;b&gt;&#34;" in page


async def test_the_page_style_has_the_nonce_of_its_policy() -> None:
    first, page = await get("/", viewer=Person())
    second, _ = await get("/", viewer=Person())
    policy = first.headers["Content-Security-Policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert len(nonce) >= 20
    assert f'<style nonce="{nonce}">' in page
    assert nonce not in second.headers["Content-Security-Policy"]


async def test_a_page_travels_compressed_and_a_small_one_does_not() -> None:
    async with running(make_app({"/": welcome, "/people": found}, viewer=Person())) as client:
        large = await client.get("/", headers={"Accept-Encoding": "gzip"})
        body = await large.read()
        small = await client.get("/people?q=x", headers={"Accept-Encoding": "gzip"})
    assert large.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body).lstrip().startswith(b"<!doctype html>")
    assert "Content-Encoding" not in small.headers


def test_the_length_of_a_compressed_page_tells_nothing_about_a_few_letters() -> None:
    body = b"the same page every time " * 100
    assert gzip.decompress(compress(body)) == body
    assert len({len(compress(body)) for _ in range(200)}) > 20


def test_a_missing_variable_may_be_asked_for_and_never_printed() -> None:
    environment = jinja2.Environment(undefined=AskableUndefined, autoescape=True)
    asked = environment.from_string("{% if errors.form or nothing == 1 %}yes{% else %}no{% endif %}")
    assert asked.render() == "no"
    for template in ("{{ missing }}", "{{ errors.form }}", "{% for row in missing %}{% endfor %}"):
        with pytest.raises(jinja2.UndefinedError):
            environment.from_string(template).render()
