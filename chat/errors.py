"""What can go wrong in a way that a person or a program should be told about."""

import math
from typing import ClassVar


class ChatError(Exception):
    """A refusal with a code of the protocol and a sentence for people.

    `fields` names the form fields that were wrong, each with its own sentence. `retry_after` is in seconds.
    `retryable` says whether the same request may succeed later without being changed.
    """

    code: ClassVar[str] = "ERROR"
    status: ClassVar[int] = 400
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, fields: dict[str, str] | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields or {}
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """What HTTP says of it beside the status: how many whole seconds to wait, where there is a time to wait for."""
        return {} if self.retry_after is None else {"Retry-After": str(math.ceil(self.retry_after))}


class ValidationFailed(ChatError):
    """What was sent can't be accepted as it is."""

    code = "VALIDATION_ERROR"
    status = 422


class AuthFailed(ChatError):
    """Not signed in, or the credentials are wrong."""

    code = "AUTH_FAILED"
    status = 401


class TokenExpired(AuthFailed):
    """The token was good once. An access token is made anew with the refresh token."""

    code = "TOKEN_EXPIRED"


class Forbidden(ChatError):
    """Signed in, and not allowed to do this."""

    code = "FORBIDDEN"
    status = 403


class NotFound(ChatError):
    """There is no such thing, or this person may not know of it."""

    code = "NOT_FOUND"
    status = 404


class Conflict(ChatError):
    """What is there already stands in the way: a name that is taken, a group that is full, the last owner."""

    code = "CONFLICT"
    status = 409


class TooLarge(ChatError):
    """More bytes than are accepted."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413


class RateLimited(ChatError):
    """Too many in too short a time; `retry_after` says when to come back."""

    code = "RATE_LIMITED"
    status = 429
    retryable = True


class Unavailable(ChatError):
    """A server that is needed can't be reached just now."""

    code = "UNAVAILABLE"
    status = 503
    retryable = True
