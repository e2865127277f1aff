"""Everybody who may knock at a door: what each of them is, and how each asks."""

import functools
import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

import aiohttp
import argon2

from chat.conversations import member_actions
from chat.db import Pool
from chat.ids import new_id
from chat.services import Services
from chat.web.tokens import hash_token, new_token
from tests.device import sign_in
from tests.factory import Factory, client_id
from tests.program import make_token
from tests.servers import SECRET_KEY

ACTORS = ("anonymous", "stranger", "member", "admin", "owner", "removed", "deactivated")
PASSWORD = "a long enough password"


@dataclass(frozen=True)
class Stage:
    """A conversation with everybody in their places, and what the addresses of this product can name.

    The message is the member's; the owner and the admin of the conversation are those of the installation as well.
    Everything that belongs to one person, a session or a token, is somebody else's: the witness's.
    """

    url: str
    people: Mapping[str, UUID]
    names: Mapping[str, str]
    cookies: Mapping[str, str]
    tokens: Mapping[str, str | None]
    ids: Mapping[str, str]

    async def browse(self, actor: str, method: str, path: str, form: Mapping[str, str]) -> int | str:
        """Ask as a browser does, with a cookie and the page's proof."""
        token = self.cookies[actor]
        headers = {"X-CSRF-Token": _csrf_token(token), "Accept": "text/html"}
        data = None if method == "GET" else dict(form)
        async with (
            aiohttp.ClientSession(cookies={"chat_session": token}) as http,
            http.request(method, self.url + path, headers=headers, data=data, allow_redirects=False) as answer,
        ):
            if answer.status == 303 and answer.headers["Location"].startswith("/login"):
                return "sign in"
            return answer.status

    async def call(self, actor: str, method: str, path: str, body: object) -> int | str:
        """Ask as a program does; the answer's status, or the code that is told apart from it."""
        token = self.tokens[actor]
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.request(method, self.url + path, json=body) as answer,
        ):
            return "sign in" if answer.status == 401 else answer.status


async def set_stage(url: str, factory: Factory, services: Services, *, visibility: str) -> Stage:
    """A room of this visibility with everybody in their places."""
    pool = factory.pool
    names = {actor: f"{actor}-{_short()}" for actor in (*ACTORS, "witness")}
    # The anonymous one has an account, too, and isn't signed in.
    people = {actor: await factory.user(name, password_hash=_password_hash()) for actor, name in names.items()}
    for role in ("admin", "owner"):
        await pool.execute("update users set role = $2 where id = $1", people[role], role)
    inside = [people[actor] for actor in ("owner", "admin", "member", "removed", "deactivated", "witness")]
    room = await factory.room(*inside, visibility=visibility)
    await factory.set_role(room, people["admin"], "admin")
    await factory.say(room, [(people["member"], "Here I am", factory.later())])
    message_id = await pool.fetchval("select id from messages where conversation_id = $1", room)
    cookies = {actor: await sign_in(pool, people[actor]) for actor in ACTORS[1:]}
    tokens: dict[str, str | None] = {actor: await make_token(pool, people[actor]) for actor in ACTORS[1:]}
    await member_actions.remove_person(
        services, viewer_id=people["owner"], conversation_id=room, user_id=people["removed"]
    )
    # The sessions stay, so that it is the account that is looked at.
    await pool.execute("update users set deactivated_at = now() where id = $1", people["deactivated"])
    witness = people["witness"]
    await sign_in(pool, witness)
    await make_token(pool, witness)
    link = new_token()
    ids = {
        "conversation_id": str(room),
        "room_id": str(room),
        "message_id": str(message_id),
        "user_id": str(witness),
        "link_id": str(await _invite(pool, people["owner"], new_token(), room)),
        "invite_id": str(await _invite(pool, people["owner"], new_token(), None)),
        "session_id": str(await pool.fetchval("select id from sessions where user_id = $1", witness)),
        "token_id": str(await pool.fetchval("select id from personal_tokens where user_id = $1", witness)),
        "token": link,
        "emoji": "%F0%9F%91%8D",
        "client_message_id": str(client_id()),
        "name": f"Room {_short()}",
        "username": f"newcomer-{_short()}",
        "someone": str(await factory.user()),
    }
    await _invite(pool, people["owner"], link, room)
    return Stage(url, people, names, {"anonymous": new_token()} | cookies, tokens | {"anonymous": None}, ids)


async def _invite(pool: Pool, created_by: UUID, token: str, conversation_id: UUID | None) -> UUID:
    invite_id = new_id()
    await pool.execute(
        """
        insert into invites (id, token_hash, created_by, expires_at, conversation_id)
        values ($1, $2, $3, now() + interval '1 day', $4)
        """,
        invite_id,
        hash_token(token),
        created_by,
        conversation_id,
    )
    return invite_id


def _csrf_token(session_token: str) -> str:
    digest = hmac.digest(SECRET_KEY.encode(), b"csrf:" + session_token.encode(), hashlib.sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


@functools.cache
def _password_hash() -> str:
    return argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def _short() -> str:
    return uuid4().hex[:8]
