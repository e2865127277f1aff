"""Where the application and each request keep what is shared between features."""

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol
from uuid import UUID

from aiohttp import web

from chat.services import Services


class SignedIn(Protocol):
    """The person behind a request, as far as pages need to know them; `chat.accounts` has the whole of it."""

    @property
    def id(self) -> UUID:
        """The account's id."""

    @property
    def username(self) -> str:
        """The unique name, without the @."""

    @property
    def display_name(self) -> str:
        """The name that others see."""

    @property
    def invisible(self) -> bool:
        """Whether this person looks offline to others, and is reminded of it."""


class ShellContext(Protocol):
    """Fills in what a whole page shows around its pane: the rows of the sidebar and what else belongs there."""

    def __call__(self, request: web.Request, viewer: SignedIn, /) -> Awaitable[Mapping[str, Any]]:
        """The variables for `templates/chat.html`."""


SERVICES = web.AppKey("services", Services)
SHELL_CONTEXT = web.AppKey("shell_context", ShellContext)

VIEWER = web.RequestKey("viewer", SignedIn)
CSP_NONCE = web.RequestKey("csp_nonce", str)
REQUEST_ID = web.RequestKey("request_id", str)
