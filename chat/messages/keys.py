"""Where the application keeps the writer, and what pages of messages are told of by others."""

from collections.abc import Awaitable
from typing import Protocol
from uuid import UUID

from aiohttp import web

from chat.messages.writer import Writer
from chat.services import Services


class ReceiptsOnPage(Protocol):
    """Says how far the others in a conversation have come, for the page.

    Messages know nothing of receipts; the composition root says who does.
    """

    def __call__(self, services: Services, /, *, viewer_id: UUID, conversation_id: UUID) -> Awaitable[str]:
        """As JSON."""


WRITER = web.AppKey("writer", Writer)
RECEIPTS_ON_PAGE = web.AppKey("receipts_on_page", ReceiptsOnPage)
