"""A person's device, as tests use it: signed in, one socket, and every frame that came over it."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import aiohttp

from chat.db import Pool
from chat.ids import new_id
from chat.web.tokens import hash_token, new_token
from tests.factory import client_id

Frame = dict[str, Any]
PATIENCE = 8.0
CLOSE_TIMEOUT = aiohttp.ClientWSTimeout(ws_close=1.0)
# Brings a device of a person on line: `await connect(user_id)`, with another address where the test has several.
Connect = Callable[..., Awaitable["Device"]]


async def sign_in(pool: Pool, user_id: UUID) -> str:
    """A live session of the person; the answer is the cookie's value."""
    token = new_token()
    await pool.execute(
        "insert into sessions (id, token_hash, user_id, expires_at) values ($1, $2, $3, now() + interval '1 day')",
        new_id(),
        hash_token(token),
        user_id,
    )
    return token


class Device:
    """Use `await Device.connect(...)`, or make one and `open()` it when the test wants it to come on line."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.cookies = {"chat_session": token}
        self.frames: list[Frame] = []
        self.close_code: int | None = None
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()

    @classmethod
    async def connect(cls, url: str, pool: Pool, user_id: UUID) -> "Device":
        """Sign in and come on line."""
        device = cls(url, await sign_in(pool, user_id))
        await device.open()
        return device

    @property
    def http(self) -> aiohttp.ClientSession:
        """For pages, with the person's cookie."""
        if self._http is None:
            self._http = aiohttp.ClientSession(cookies=self.cookies)
        return self._http

    @property
    def socket(self) -> aiohttp.ClientWebSocketResponse:
        """The open socket."""
        assert self._socket is not None, "open it first"
        return self._socket

    async def open(self, **headers: str) -> Frame:
        """Connect, or connect again; answers the greeting."""
        seen = len(self.frames)
        self.close_code = None
        self._socket = await self.http.ws_connect(
            f"{self.url}/ws", headers={"Origin": self.url} | headers, max_msg_size=0, timeout=CLOSE_TIMEOUT
        )
        self._reader = asyncio.create_task(self._read(self._socket))
        return await self.expect("auth:success", since=seen)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.take(json.loads(message.data))
            async with self._news:
                self._news.notify_all()
        self.close_code = socket.close_code
        async with self._news:
            self._news.notify_all()

    def take(self, frame: Frame) -> None:
        """A frame has come."""
        self.frames.append(frame)

    async def say(self, type_: str, **payload: object) -> None:
        """Send a frame."""
        await self.socket.send_str(json.dumps({"type": type_, "payload": payload}, default=str))

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds, looking at every frame that comes."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(condition)

    async def expect(self, type_: str, *, since: int = 0, **fields: object) -> Frame:
        """The first frame after number `since` of this type in which the given fields have the given values."""
        wanted = {name: str(value) if isinstance(value, UUID) else value for name, value in fields.items()}

        def find() -> Frame | None:
            for frame in self.frames[since:]:
                if frame["type"] == type_ and all(frame.get(name) == value for name, value in wanted.items()):
                    return frame
            return None

        try:
            await self.wait_until(lambda: find() is not None)
        except TimeoutError:
            kinds = [frame["type"] for frame in self.frames[since:]]
            raise AssertionError(f"no {type_} {wanted} among {kinds}, closed: {self.close_code}") from None
        found = find()
        assert found is not None
        return found

    async def closed(self) -> int | None:
        """Wait for the end of the socket; answers its close code."""
        assert self._reader is not None
        async with asyncio.timeout(PATIENCE):
            await self._reader
        return self.close_code

    async def send(
        self, conversation_id: UUID, content: str, client: UUID | None = None, *, reply_to: UUID | str | None = None
    ) -> Frame:
        """Send a message and wait for its confirmation or refusal."""
        client = client or client_id()
        seen = len(self.frames)
        await self.say(
            "message:send",
            conversation_id=conversation_id,
            client_message_id=client,
            content=content,
            reply_to=reply_to,
        )

        def answered() -> list[Frame]:
            return [
                frame
                for frame in self.frames[seen:]
                if frame["type"] in {"message:sent", "message:error"} and frame["client_message_id"] == str(client)
            ]

        await self.wait_until(lambda: bool(answered()))
        return answered()[0]

    async def change(self, type_: str, message_id: UUID | str, **payload: object) -> Frame:
        """Edit, delete, or react to a message, and wait for the news of it, or for the refusal."""
        seen = len(self.frames)
        await self.say(type_, message_id=message_id, **payload)

        def answered() -> list[Frame]:
            return [
                frame
                for frame in self.frames[seen:]
                if frame["type"] in {"message:updated", "message:deleted", "error"}
                and frame.get("message_id") == str(message_id)
            ]

        await self.wait_until(lambda: bool(answered()))
        return answered()[0]

    async def watch(self, conversation_id: UUID, after_revision: int | None = None) -> Frame:
        """Have the conversation on screen."""
        seen = len(self.frames)
        await self.say("subscribe", conversation_id=conversation_id, after_revision=after_revision)
        return await self.expect("subscribed", since=seen, conversation_id=conversation_id)

    async def answered(self) -> None:
        """Wait until all that was said before has been answered: frames are answered one after another."""
        seen, nowhere = len(self.frames), uuid4()
        await self.say("unsubscribe", conversation_id=nowhere)
        await self.expect("unsubscribed", since=seen, conversation_id=nowhere)

    async def csrf(self) -> str:
        """The token of this person's pages."""
        async with self.http.get(f"{self.url}/settings") as answer:
            found = re.search(r'name="csrf" value="([^"]+)"', await answer.text())
        assert found is not None
        return found[1]

    def cut(self) -> None:
        """Lose the connection without a word, as a device does whose cable is pulled."""
        connection = self.socket._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.abort()

    async def close(self) -> None:
        """Go off line, and close the browser."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader
        if self._http is not None:
            await self._http.close()
            # aiohttp closes its transports in the turn after (its documentation, "Graceful Shutdown").
            await asyncio.sleep(0)


def messages_in(frame: Frame) -> list[int]:
    """The sequence numbers of the messages in a frame's HTML, or in what a program gets in its place."""
    if "message" in frame or "items" in frame:
        return [message["seq"] for message in frame.get("items", [frame.get("message")])]
    return [int(seq) for seq in re.findall(r'<li class="message[^>]* data-seq="(\d+)"', frame.get("content", ""))]
