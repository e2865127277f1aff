"""Which other sites' pages may use the API."""

from tests.api.conftest import MakeProgram
from tests.factory import Factory
from tests.program import Answer
from tests.servers import Serve

APP = "https://app.example.org"
STRANGER = "https://stranger.example.org"
ASKS = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
CORS = ("Allow-Origin", "Allow-Credentials", "Allow-Methods", "Allow-Headers", "Expose-Headers")


def told(answer: Answer) -> dict[str, str]:
    """What a browser is told about other sites."""
    headers = {name: answer.headers.get(f"Access-Control-{name}") for name in CORS}
    return {name: value for name, value in headers.items() if value is not None}


async def test_a_page_of_an_allowed_site_may_ask_and_read(program: MakeProgram, factory: Factory, serve: Serve) -> None:
    url = await serve(cors_origins=f"{APP},http://localhost:3000")
    of_ada = await program(await factory.user("ada"), address=url)

    before = await of_ada.ask("OPTIONS", "/users/me", Origin=APP, **ASKS)
    assert (before.status, before.body) == (204, b"")
    assert told(before)["Allow-Origin"] == APP
    assert "PATCH" in told(before)["Allow-Methods"]
    assert "Authorization" in told(before)["Allow-Headers"]
    assert "Origin" in before.headers["Vary"]

    answer = await of_ada.ask("GET", "/users/me", Origin=APP)
    assert answer.status == 200
    assert (told(answer)["Allow-Origin"], told(answer)["Allow-Credentials"]) == (APP, "true")
    assert {"X-Request-ID", "Retry-After", "X-RateLimit-Remaining"} <= set(told(answer)["Expose-Headers"].split(", "))
    assert "Origin" in answer.headers["Vary"]


async def test_a_page_of_an_allowed_site_can_read_why_it_was_refused(program: MakeProgram, serve: Serve) -> None:
    url = await serve(cors_origins=APP)
    nobody = await program(None, address=url)
    for method, path, status in (("GET", "/users/me", 401), ("GET", "/nothing", 404), ("PUT", "/users/me", 405)):
        answer = await nobody.ask(method, path, Origin=APP)
        assert (answer.status, told(answer).get("Allow-Origin")) == (status, APP)


async def test_nobody_else_is_told_anything(program: MakeProgram, factory: Factory, serve: Serve) -> None:
    url = await serve(cors_origins=APP)
    of_ada = await program(await factory.user("ada"), address=url)
    assert told(await of_ada.ask("GET", "/users/me", Origin=APP))
    for origin in (STRANGER, "null", f"{APP}.evil.example", f"{APP}:8443", "http://app.example.org", "*", APP.upper()):
        assert told(await of_ada.ask("OPTIONS", "/users/me", Origin=origin, **ASKS)) == {}
        answer = await of_ada.ask("GET", "/users/me", Origin=origin)
        assert told(answer) == {}
        assert "Origin" in answer.headers["Vary"]
    assert told(await of_ada.ask("GET", "/users/me")) == {}


async def test_without_the_setting_no_site_is_allowed(program: MakeProgram, factory: Factory) -> None:
    of_ada = await program(await factory.user("ada"))
    assert told(await of_ada.ask("OPTIONS", "/users/me", Origin=APP, **ASKS)) == {}
    assert told(await of_ada.ask("GET", "/users/me", Origin=APP)) == {}


async def test_pages_are_for_nobody_else(program: MakeProgram, serve: Serve) -> None:
    url = await serve(cors_origins=APP)
    nobody = await program(None, address=url)
    assert told(await nobody.ask("GET", "/users/me", Origin=APP))
    for path in ("/login", "/health/live", "/api"):
        async with nobody.http.get(url + path, headers={"Origin": APP}) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers


async def test_each_address_names_its_methods(program: MakeProgram) -> None:
    nobody = await program(None)
    answer = await nobody.ask("OPTIONS", "/users/me")
    assert (answer.status, answer.headers["Allow"]) == (204, "GET, HEAD, OPTIONS, PATCH")
    refused = await nobody.ask("DELETE", "/users/me")
    assert refused.refusal == (405, "METHOD_NOT_ALLOWED")
    assert set(refused.headers["Allow"].split(",")) == {"GET", "HEAD", "OPTIONS", "PATCH"}


async def test_people_sign_in_on_pages_of_allowed_sites_and_of_no_others(program: MakeProgram, serve: Serve) -> None:
    url = await serve(cors_origins=APP)
    nobody = await program(None, address=url)
    account = {
        "username": "ada",
        "display_name": "Ada",
        "email": "ada@example.org",
        "password": "correct horse battery",
    }
    for origin, status in ((STRANGER, 403), (APP, 201)):
        assert (await nobody.ask("POST", "/auth/register", account, Origin=origin)).status == status
    login = {"email": account["email"], "password": account["password"]}
    for origin, status in ((STRANGER, 403), (APP, 200), (url, 200)):
        answer = await nobody.ask("POST", "/auth/login", login, Origin=origin)
        assert answer.status == status
        assert told(answer).get("Allow-Origin") == (APP if origin == APP else None)
