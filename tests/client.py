"""A client as the page is one: a screen that follows events and syncs, and an outbox that survives everything."""

import asyncio
import contextlib
import dataclasses
import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from uuid import UUID

import aiohttp

from chat.db import Pool
from tests.device import Frame, sign_in
from tests.factory import client_id
from tests.following import LOST, Following
from tests.screen import Message, messages_on, stored_messages

# Of one try; the tests that need more patience try again.
ANSWER_WITHIN = 15.0


class Client(Following):
    """One device with one conversation on its screen.

    `confirmed` holds every confirmation by client message id; `refused` those that were refused for good; `put_off`
    every refusal that invited another try.
    """

    def __init__(self, urls: Sequence[str], token: str, user_id: UUID, conversation_id: UUID) -> None:
        super().__init__(urls, token, user_id, conversation_id)
        self.outbox: dict[UUID, str] = {}
        self.replies: dict[UUID, str] = {}
        self.confirmed: dict[UUID, list[Frame]] = {}
        self.refused: dict[UUID, Frame] = {}
        self.put_off: list[Frame] = []
        self.shown: dict[str, Message] = {}
        self._csrf = ""

    @classmethod
    async def join(cls, pool: Pool, user_id: UUID, conversation_id: UUID, *urls: str) -> "Client":
        """Sign in, open the page, and come on line."""
        client = cls(urls, await sign_in(pool, user_id), user_id, conversation_id)
        try:
            await client.load()
            await client.come_back()
        except BaseException:
            await client.close()
            raise
        return client

    @property
    def screen(self) -> list[Message]:
        """What a person sees: see `requote()` in static/js/sync.js for what becomes of quotes."""
        return sorted(map(self._requoted, self.shown.values()), key=lambda message: message.seq)

    def _requoted(self, message: Message) -> Message:
        quote = message.quote
        original = self.shown.get(quote.id) if quote else None
        if not quote or not original or original.preview is None or original.revision < quote.revision:
            return message
        return dataclasses.replace(message, quote=dataclasses.replace(quote, text=original.preview))

    async def load(self) -> None:
        """Open the conversation's page: the state at first."""
        page = await self._get(f"/c/{self.conversation_id}?latest=1")
        self.revision = int(_only(r'data-revision="(\d+)" data-last-seq', page))
        self._csrf = _only(r'data-csrf="([^"]+)"', page)
        self._show(messages_on(page))

    async def fetch_anew(self) -> list[Message]:
        """The whole history, as somebody sees it who opens the page now and scrolls up to its beginning."""
        page = await self._get(f"/c/{self.conversation_id}?latest=1")
        history = messages_on(page)
        while older := re.search(r'hx-get="(/c/[^"]+/history\?before=\d+)"', page):
            page = await self._get(older[1])
            history = messages_on(page) + history
        return history

    async def _get(self, path: str) -> str:
        """A page, tried again while the server can't give it just now."""
        async with asyncio.timeout(30):
            while True:
                async with self.http.get(self.url + path) as answer:
                    page = await answer.text()
                    if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                        assert answer.status == HTTPStatus.OK, page
                        return page
                await asyncio.sleep(0.1)

    def take(self, frame: Frame) -> None:
        """What the page does with a frame: see static/js/sync.js and outbox.js."""
        if frame.get("conversation_id") == str(self.conversation_id):
            self._show(messages_on(frame.get("content", "")))
        kind = frame["type"]
        if kind == "message:sent":
            client = UUID(frame["client_message_id"])
            self.confirmed.setdefault(client, []).append(frame)
            self.outbox.pop(client, None)
        elif kind == "message:error" and not frame["retryable"]:
            client = UUID(frame["client_message_id"])
            self.refused[client] = frame
            self.outbox.pop(client, None)
        elif kind == "message:error":
            self.put_off.append(frame)
        super().take(frame)

    def shows(self, frame: Frame) -> bool:
        """Until the server has taken `subscribe` it sends only the row of the list."""
        return f'id="message-{frame["message_id"]}"' in frame["content"]

    def _show(self, messages: Iterable[Message]) -> None:
        for message in messages:
            known = self.shown.get(message.id)
            if known is None or known.revision <= message.revision:
                self.shown[message.id] = message

    def write(self, content: str, *, reply_to: str | None = None) -> UUID:
        """A person presses Enter: from here on the message is in the outbox, until it is confirmed."""
        client = client_id()
        self.outbox[client] = content
        if reply_to is not None:
            self.replies[client] = reply_to
        return client

    async def alter(self, type_: str, message_id: str, **payload: str) -> None:
        """Edit, delete, or react to a message, and don't wait for what comes of it; what is lost is not repeated."""
        with contextlib.suppress(*LOST):
            await self.say(type_, message_id=message_id, **payload)

    async def submit(self, client: UUID, content: str) -> None:
        """Hand a message to the socket, and don't wait for what comes of it."""
        try:
            await self.say(
                "message:send",
                conversation_id=self.conversation_id,
                client_message_id=client,
                content=content,
                reply_to=self.replies.get(client),
            )
        except LOST:
            return  # It stays in the outbox.

    async def post(self, client: UUID, content: str) -> Frame | None:
        """Send a message by HTTP; None where no answer came that the page could use."""
        try:
            async with self.http.post(
                f"{self.url}/c/{self.conversation_id}/messages",
                data={
                    "client_message_id": str(client),
                    "content": content,
                    "reply_to": self.replies.get(client, ""),
                },
                headers={"Accept": "application/json", "X-CSRF-Token": self._csrf},
                timeout=aiohttp.ClientTimeout(ANSWER_WITHIN),
            ) as answer:
                frame: Frame = await answer.json(content_type="application/json")
        except LOST:
            return None
        if "type" in frame:
            self.take(frame)
        return frame

    async def flush(self, *, within: float = 60) -> None:
        """Send what is in the outbox, one after the other, reconnecting and repeating until all is confirmed."""
        async with asyncio.timeout(within):
            while self.outbox:
                client, content = next(iter(self.outbox.items()))
                if not self.is_open:
                    await self.come_back()
                answers = len(self.put_off)
                await self.submit(client, content)
                try:
                    await self.wait_until(
                        lambda client=client, answers=answers: (  # type: ignore[misc]
                            client not in self.outbox or len(self.put_off) > answers or not self.is_open
                        )
                    )
                except TimeoutError:
                    await self.hang_up()
                if len(self.put_off) > answers:
                    await asyncio.sleep(self.put_off[-1].get("retry_after", 0.05))


async def assert_nothing_is_lost(pool: Pool, conversation_id: UUID, clients: Sequence[Client]) -> list[Message]:
    """What must hold after everything: each confirmed message is stored once, as it was confirmed; the sequence has
    no gap; each screen, and each page fetched anew, shows what the database holds."""
    stored = await stored_messages(pool, conversation_id)
    assert [message.seq for message in stored] == list(range(1, len(stored) + 1))
    row = await pool.fetchrow("select last_seq, revision from conversations where id = $1", conversation_id)
    assert row is not None
    assert tuple(row) == (len(stored), max((message.revision for message in stored), default=0))
    by_client = {(message.sender_id, message.client_message_id): message for message in stored}
    assert len(by_client) == len(stored)
    for client in clients:
        assert client.outbox == {}
        for client_message_id, answers in client.confirmed.items():
            message = by_client[str(client.user_id), str(client_message_id)]
            for answer in answers:
                assert (answer["message_id"], answer["seq"]) == (message.id, message.seq)
                if answer["revision"] == message.revision and message.quote is None:
                    assert messages_on(answer["content"]) == [message]
        assert client.screen == stored
        assert await client.fetch_anew() == stored
    return stored


def _only(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    assert found is not None, page
    return found[1]
