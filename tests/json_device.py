"""A program at the socket: it has a token, and every event comes as JSON."""

import asyncio
from typing import Any, Literal, TypeAlias
from uuid import UUID

from chat.db import Pool
from tests.device import CLOSE_TIMEOUT, Device, Frame
from tests.program import make_token

# Where the token goes: into a header, the address, or the first frame.
Way: TypeAlias = Literal["header", "query", "frame"]


class JsonDevice(Device):
    """Frames come as `{"type", "payload"}` and are kept so in `raw`.

    In `frames` they are flat, and what they say of a message stands where a page has it: so tests of what both are
    told needn't know to whom they speak.
    """

    def __init__(self, url: str, token: str, way: Way = "header") -> None:
        super().__init__(url, token)
        self.prepare(token, way)

    def prepare(self, token: str, way: Way = "header") -> None:
        """What a program needs more than a page, and what it doesn't have."""
        self.token = token
        self.way = way
        self.raw: list[Frame] = []
        self.cookies = {}

    @classmethod
    async def connect(cls, url: str, pool: Pool, user_id: UUID, *scopes: str, way: Way = "header") -> "JsonDevice":
        """Make a personal token, and come on line."""
        device = cls(url, await make_token(pool, user_id, *scopes), way)
        await device.open()
        return device

    async def open(self, **headers: str) -> Frame:
        """Connect, or connect again; answers the greeting."""
        seen = len(self.frames)
        await self.knock(**headers)
        return await self.expect("auth:success", since=seen)

    async def knock(self, **headers: str) -> None:
        """Connect without waiting for an answer."""
        self.close_code = None
        if self.way == "header":
            headers |= {"Authorization": f"Bearer {self.token}"}
        self._socket = await self.http.ws_connect(
            f"{self.url}/ws",
            params={"token": self.token} if self.way == "query" else {},
            headers=headers,
            max_msg_size=0,
            timeout=CLOSE_TIMEOUT,
        )
        self._reader = asyncio.create_task(self._read(self._socket))
        if self.way == "frame":
            await self.say("auth", token=self.token)

    def take(self, frame: Frame) -> None:
        """A frame has come."""
        assert set(frame) == {"type", "payload"}
        self.raw.append(frame)
        payload: dict[str, Any] = frame["payload"]
        message = payload.get("message")
        # Of an error it is a sentence.
        told = {"message_id": message["id"], **message} if isinstance(message, dict) else {}
        super().take({"type": frame["type"], **payload, **told})

    def payloads(self, type_: str) -> list[dict[str, Any]]:
        """The payload of each frame of this type, in the order in which they came."""
        return [frame["payload"] for frame in self.raw if frame["type"] == type_]
