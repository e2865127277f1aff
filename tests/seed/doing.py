"""What happens in a story, done through the product: by its actions, one after another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiohttp import web

from chat.conversations.detail_actions import archive, change_details
from chat.conversations.group_actions import create_group
from chat.conversations.member_actions import add_people, change_role
from chat.conversations.room_actions import create_room, join
from chat.db import Pool
from chat.messages.actions import send
from chat.messages.change_actions import delete, edit, react
from chat.messages.keys import WRITER
from chat.seed.happenings import Deleted, Did, Edited, Happening, History, Reacted, Said
from chat.web.keys import SERVICES
from chat.web.throttle import THROTTLE
from tests.factory import client_id


@dataclass
class Doing:
    """One story; `people` are their ids by username."""

    app: web.Application
    history: History
    people: Mapping[str, UUID]
    conversation_id: UUID = field(init=False)

    async def do_all(self) -> UUID:
        """Do everything; the conversation's id."""
        for happening in self.history.happenings:
            await self._do(happening)
        return self.conversation_id

    async def _do(self, happening: Happening) -> None:
        services, throttle = self.app[SERVICES], self.app[THROTTLE]
        user_id = self.people[happening.by]
        match happening:
            case Did():
                await self._act(happening)
            case Said(text=text, reply_to=reply_to):
                await send(
                    services,
                    self.app[WRITER],
                    throttle,
                    sender_id=user_id,
                    conversation_id=self.conversation_id,
                    client_message_id=client_id(),
                    content=text,
                    reply_to=await self._message(reply_to) if reply_to else None,
                )
            case Reacted(seq=seq, emoji=emoji):
                await react(services, throttle, user_id=user_id, message_id=await self._message(seq), emoji=emoji)
            case Edited(seq=seq, text=text):
                await edit(services, throttle, user_id=user_id, message_id=await self._message(seq), content=text)
            case Deleted(seq=seq):
                await delete(services, throttle, user_id=user_id, message_id=await self._message(seq))

    async def _act(self, did: Did) -> None:
        services, viewer_id = self.app[SERVICES], self.people[did.by]
        if did.deed == "create":
            self.conversation_id = await self._create(viewer_id, did)
            return
        scope: Any = {"viewer_id": viewer_id, "conversation_id": self.conversation_id}
        people = [self.people[username] for username in did.people]
        match did.deed:
            case "add":
                await add_people(services, **scope, user_ids=people)
            case "admin":
                await change_role(services, **scope, user_id=people[0], role="admin")
            case "archive":
                await archive(services, **scope)
            case "join":
                await join(services, **scope)
            case "rename":
                await change_details(services, **scope, name=did.name)

    async def _create(self, viewer_id: UUID, did: Did) -> UUID:
        if self.history.kind == "group":
            people = [self.people[username] for username in did.people]
            return await create_group(self.app[SERVICES], viewer_id=viewer_id, user_ids=people)
        return await create_room(
            self.app[SERVICES],
            viewer_id=viewer_id,
            name=self.history.name or "",
            visibility=self.history.visibility,
            topic=self.history.topic or "",
        )

    async def _message(self, seq: int) -> UUID:
        pool: Pool = self.app[SERVICES].pool
        message_id: UUID = await pool.fetchval(
            "select id from messages where conversation_id = $1 and seq = $2", self.conversation_id, seq
        )
        return message_id
