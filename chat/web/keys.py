"""Where the application and each request keep what is shared between features."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias
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


# Fills in what a whole page shows around its pane: the rows of the sidebar and whatever else belongs there.
ShellContext: TypeAlias = Callable[[web.Request, SignedIn], Awaitable[Mapping[str, Any]]]

SERVICES = web.AppKey("services", Services)
SHELL_CONTEXT = web.AppKey("shell_context", ShellContext)  # type: ignore[arg-type]

VIEWER = web.RequestKey("viewer", SignedIn)  # type: ignore[type-abstract]
CSP_NONCE = web.RequestKey("csp_nonce", str)
REQUEST_ID = web.RequestKey("request_id", str)
