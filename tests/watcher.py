"""A program that keeps a copy of a conversation, from nothing but what comes over its socket."""

from typing import Any
from uuid import UUID

from chat.db import Pool
from tests.device import Frame
from tests.following import CHANGES, Following
from tests.json_device import JsonDevice
from tests.program import Program, make_token

QUOTED = 200


class Watcher(JsonDevice, Following):
    """Applies what it is told in whatever order it comes: of two states of a message, the later one counts."""

    def __init__(self, urls: tuple[str, ...], token: str, user_id: UUID, conversation_id: UUID) -> None:
        Following.__init__(self, urls, token, user_id, conversation_id)
        self.prepare(token)
        self.known: dict[str, dict[str, Any]] = {}

    @classmethod
    async def start(cls, pool: Pool, user_id: UUID, conversation_id: UUID, *urls: str) -> "Watcher":
        """Begin with an empty copy."""
        watcher = cls(urls, await make_token(pool, user_id, "read"), user_id, conversation_id)
        await watcher.come_back()
        return watcher

    def take(self, frame: Frame) -> None:
        """Put what is told into the copy."""
        payload = frame["payload"]
        if frame["type"] in CHANGES - {"message:sent"}:
            self._learn(payload["message"])
        for message in payload.get("items", ()):
            self._learn(message)
        super().take(frame)

    def _learn(self, message: dict[str, Any]) -> None:
        known = self.known.get(message["id"])
        if known is None or known["revision"] <= message["revision"]:
            self.known[message["id"]] = message

    @property
    def copy(self) -> list[dict[str, Any]]:
        """The messages in their order, each with its quote as the original is by now."""
        return [self._requoted(message) for message in sorted(self.known.values(), key=lambda message: message["seq"])]

    def _requoted(self, message: dict[str, Any]) -> dict[str, Any]:
        quote = message["reply_to"]
        original = self.known.get(quote["id"]) if quote else None
        if original is None or original["revision"] <= quote["revision"]:
            return message
        now = {"content": original["content"][:QUOTED]} | {name: original[name] for name in ("revision", "deleted_at")}
        return message | {"reply_to": quote | now}

    async def fetch_anew(self) -> list[dict[str, Any]]:
        """The conversation as the API shows it, oldest first; without the status of one's own messages."""
        program = Program(self.url, self.token)
        try:
            pages = await program.pages(f"/conversations/{self.conversation_id}/messages", limit=7)
        finally:
            await program.http.close()
        messages = [message for page in pages for message in page]
        shown = [{name: value for name, value in message.items() if name != "status"} for message in messages]
        return sorted(shown, key=lambda message: message["seq"])
