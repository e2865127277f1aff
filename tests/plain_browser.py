"""A browser without scripts: it keeps cookies, finds the token in a form, and sends the form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

import aiohttp
from yarl import URL

from chat.web.csrf import SESSION_COOKIE

PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True)
class Page:
    """An answer, read to its end."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers["Location"]

    @property
    def csrf(self) -> str:
        """The token in the page's first form."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        assert found is not None, self.text
        return found[1]

    @property
    def field_errors(self) -> list[str]:
        """The sentences beneath fields, in their order."""
        return [
            unescape(re.sub(r"<[^>]+>", "", error)) for error in re.findall(r'<p class="field-error".*?</p>', self.text)
        ]

    @property
    def form_error(self) -> str:
        """The sentence above the form; empty where there is none."""
        found = re.search(r'<p class="notice danger".*?</p>', self.text)
        return unescape(re.sub(r"<[^>]+>", "", found[0])) if found else ""


class Browser:
    """Redirects are not followed. Close it at the end."""

    def __init__(self, url: str, **headers: str) -> None:
        self.url = url
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"User-Agent": FIREFOX} | headers
        )

    async def get(self, path: str, **headers: str) -> Page:
        """Open a page."""
        async with self.http.get(self.url + path, headers=headers, allow_redirects=False) as answer:
            return Page(answer.status, await answer.text(), answer.headers)

    async def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Page:
        """Send exactly these fields."""
        async with self.http.post(
            self.url + path, data=fields, headers={"Origin": self.url} | headers, allow_redirects=False
        ) as answer:
            return Page(answer.status, await answer.text(), answer.headers)

    async def submit(self, path: str, *, page: str = "", **fields: str) -> Page:
        """Open the form's page, `path` itself or `page`, and send the form."""
        form = await self.get(page or path)
        return await self.post(path, {"csrf": form.csrf} | fields)

    async def register(self, username: str, /, *, invite: str = "", **fields: str) -> Page:
        """Create an account, and so sign in."""
        values = {
            "username": username,
            "display_name": username.title(),
            "email": f"{username}@example.org",
            "password": PASSWORD,
            "invite": invite,
        } | fields
        return await self.submit("/register", page=f"/register?invite={invite}" if invite else "", **values)

    async def log_in(self, login: str, password: str = PASSWORD, **fields: str) -> Page:
        """Sign in."""
        return await self.submit("/login", login=login, password=password, **fields)

    @property
    def token(self) -> str:
        """The session cookie's value; empty where there is none."""
        morsel = self.http.cookie_jar.filter_cookies(URL(self.url)).get(SESSION_COOKIE)
        return morsel.value if morsel else ""

    @token.setter
    def token(self, value: str) -> None:
        self.http.cookie_jar.update_cookies({SESSION_COOKIE: value}, URL(self.url))

    async def is_signed_in(self) -> bool:
        """Whether the settings page opens."""
        return (await self.get("/settings")).status == 200
