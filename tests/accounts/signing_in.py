"""A program that signs in by itself, as one does that has no browser."""

import asyncio
import json
from typing import Any

import aiohttp

from tests.plain_browser import PASSWORD
from tests.program import Answer, Program

# A second is promised. On a busy machine it may take a little longer; without the event it takes 30.
SOON = 3.0


class SigningIn(Program):
    """Sends no token unless it is told to."""

    async def sign_up(self, username: str, **fields: object) -> Answer:
        """Create an account, and so sign in."""
        values: dict[str, object] = {
            "username": username,
            "display_name": username.title(),
            "email": f"{username}@example.org",
            "password": PASSWORD,
        }
        return await self.ask("POST", "/auth/register", values | fields)

    async def log_in(self, email: str, password: str = PASSWORD, **fields: object) -> Answer:
        """Sign in."""
        return await self.ask("POST", "/auth/login", {"email": email, "password": password} | fields)

    async def refresh(self, token: str) -> Answer:
        """Exchange a refresh token."""
        return await self.post("/auth/refresh", refresh_token=token)

    async def whoami(self, token: str) -> Answer:
        """Read oneself with this token."""
        return await self.ask("GET", "/users/me", Authorization=f"Bearer {token}")

    async def is_let_in(self, token: str) -> bool:
        """Whether this token opens anything; it may be refused for nothing else than that it isn't good."""
        answer = await self.whoami(token)
        assert answer.status in (200, 401)
        return answer.status == 200

    async def open_socket(self, token: str) -> "Socket":
        """A socket that has been let in."""
        socket = Socket(await self.http.ws_connect(f"{self.url}/ws", headers={"Authorization": f"Bearer {token}"}))
        assert (await socket.hear())["type"] == "auth:success"
        return socket


class Socket:
    """What a program hears."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    @property
    def is_open(self) -> bool:
        """Whether it has not been closed, as far as it was listened to."""
        return not self._socket.closed

    async def hear(self, type_: str = "") -> dict[str, Any]:
        """The next frame, or the next one of a type."""
        async with asyncio.timeout(5):
            while True:
                frame: dict[str, Any] = await self._socket.receive_json()
                if not type_ or frame["type"] == type_:
                    return frame

    async def say(self, type_: str, **payload: object) -> None:
        """Send a frame."""
        await self._socket.send_str(json.dumps({"type": type_, "payload": payload}, default=str))

    async def close_code(self) -> int:
        """Wait for the end; fails where more is heard before, or it doesn't come soon."""
        async with asyncio.timeout(SOON):
            message = await self._socket.receive()
        assert message.type is aiohttp.WSMsgType.CLOSE, message
        # The socket's own `close_code` is another where the connection ends before it has answered.
        code: int = message.data
        return code
