"""Who somebody is to the program, and what makes a name, an address or a password acceptable."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, get_args
from uuid import UUID

from chat.errors import ValidationFailed
from chat.names import check_name, normal_form
from chat.people import hue_of, initials_of, mark_of
from chat.web.proxies import Address
from chat.web.tokens import Scope

Role: TypeAlias = Literal["owner", "admin", "member", "bot"]
Registration: TypeAlias = Literal["open", "invite", "closed"]

ALL_SCOPES: frozenset[Scope] = frozenset(get_args(Scope))

USERNAME_MAX = 32
DISPLAY_NAME_MAX = 80
EMAIL_MAX = 254
PASSWORD_MIN = 8
PASSWORD_MAX = 200

# Words that address more than one person, or that somebody could pass for the chat itself with.
RESERVED_USERNAMES = frozenset(
    {
        *("all", "anyone", "channel", "chat", "everybody", "everyone", "group", "here", "me", "room", "team", "you"),
        *("admin", "administrator", "bot", "help", "moderator", "owner", "root", "security", "staff", "support"),
        *("deleted", "null", "postmaster", "system", "undefined", "unknown", "webmaster"),
    }
)

_USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?")
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}@[^\s@\"(),:;<>\[\]\\]+\.[^\s@\"(),:;<>\[\]\\]+")


@dataclass(frozen=True, slots=True)
class Person:
    """An account as others see it."""

    id: UUID
    username: str
    display_name: str
    role: Role

    @property
    def hue(self) -> int:
        """The colour of the avatar, 0 to 11."""
        return hue_of(self.id)

    @property
    def initials(self) -> str:
        """What stands in the avatar."""
        return initials_of(self.display_name)


@dataclass(frozen=True, slots=True)
class Account(Person):
    """An account as those see it who manage people; `last_seen_at` is None before its first visit."""

    active: bool
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Viewer(Person):
    """The person behind a request, and the session that says so; for a personal token, its id stands for one. Pages
    remind of being `invisible`."""

    email: str
    session_id: UUID
    scopes: frozenset[Scope] = ALL_SCOPES
    invisible: bool = False

    @property
    def manages_people(self) -> bool:
        """Whether this person may make and revoke invitations, and deactivate accounts."""
        return self.role in ("owner", "admin")

    @property
    def mark(self) -> str:
        """By which the person's page knows the reactions that are their own."""
        return mark_of(self.id)

    def manages(self, account: Person) -> bool:
        """Whether this person may deactivate the other: the owner anyone else, admins those who are neither."""
        below = ("admin", "member", "bot") if self.role == "owner" else ("member", "bot")
        return self.manages_people and account.role in below and account.id != self.id


@dataclass(frozen=True, slots=True)
class Device:
    """Where somebody signs in from, as it told us itself: a browser, or a program that uses the API.

    `name` is what a program calls itself, in words for people.
    """

    user_agent: str
    address: Address | None
    kind: Literal["browser", "api"] = "browser"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that has just begun, and the token that it goes on with: in a browser's cookie, or to refresh with."""

    id: UUID
    user_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """One line in the list of devices; `device` in words, like "Firefox on Linux"; `app` where it is no browser."""

    id: UUID
    device: str
    app: bool
    address: str
    last_used_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Invite:
    """A link that still lets people in; `created_by` is a display name, `max_uses` None means without a limit."""

    id: UUID
    created_by: str
    expires_at: datetime
    uses: int
    max_uses: int | None


@dataclass(frozen=True, slots=True)
class OpenInvite:
    """What a link that still works leads to: the room, if it is one's; `by_manager` where its maker invites people to
    the chat itself."""

    conversation_id: UUID | None
    created_by: UUID
    by_manager: bool


@dataclass(frozen=True, slots=True)
class JoinState:
    """What somebody finds who wants to register."""

    registration: Registration
    first_account: bool
    invite_valid: bool


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A checked registration; the password is still in clear."""

    username: str
    display_name: str
    email: str
    password: str


def check_registration(*, username: str, display_name: str, email: str, password: str) -> NewAccount:
    """Raises `ValidationFailed` that names every field which can't be accepted."""
    checks = Checks()
    account = NewAccount(
        username=checks.run("username", check_username, username),
        display_name=checks.run("display_name", check_display_name, display_name),
        email=checks.run("email", check_email, email),
        password=checks.run("password", lambda raw: check_new_password(raw, username, display_name, email), password),
    )
    checks.finish()
    return account


class Checks:
    """Collects what is wrong with a form, one sentence per field."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}

    def run(self, field: str, check: Callable[[str], str], raw: str) -> str:
        """The value as `check` returns it; where it raises `ValueError`, its sentence is kept and `raw` returned."""
        try:
            return check(raw)
        except ValueError as problem:
            self.fields[field] = str(problem)
            return raw

    def finish(self) -> None:
        """Raises `ValidationFailed` where anything was wrong."""
        if self.fields:
            raise ValidationFailed("Please have another look at what is marked.", fields=self.fields)


def check_username(raw: str, *, current: str | None = None) -> str:
    """Lower case, without a leading @; `current` is always accepted. Raises `ValueError` with a sentence for people."""
    name = raw.strip().removeprefix("@").lower()
    if not name:
        raise ValueError("Please choose a username.")
    if len(name) > USERNAME_MAX:
        raise ValueError(f"A username has at most {USERNAME_MAX} characters.")
    if not _USERNAME.fullmatch(name):
        raise ValueError("Use the letters a to z and digits; dots, hyphens and underscores only in between.")
    if name in RESERVED_USERNAMES and name != current:
        raise ValueError("That name is kept for the chat itself. Please choose another.")
    return name


def check_display_name(raw: str) -> str:
    """In normal form C, with single spaces. Raises `ValueError` with a sentence for people."""
    return check_name(raw, longest=DISPLAY_NAME_MAX, missing="Please tell us your name.")


def check_email(raw: str) -> str:
    """Raises `ValueError` with a sentence for people."""
    email = normal_form(raw).strip()
    if not email:
        raise ValueError("Please enter your email address.")
    if len(email) > EMAIL_MAX or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise ValueError("That doesn't look like an email address.")
    return email


def check_new_password(raw: str, *names: str) -> str:
    """Nothing is trimmed or changed, and it is none of `names`. Raises `ValueError` with a sentence for people."""
    if len(raw) < PASSWORD_MIN:
        raise ValueError(f"A password needs at least {PASSWORD_MIN} characters.")
    if len(raw) > PASSWORD_MAX:
        raise ValueError(f"A password has at most {PASSWORD_MAX} characters.")
    if any(unicodedata.category(character) == "Cs" for character in raw):
        raise ValueError("That password holds half a character. Please choose another.")
    if raw.strip().casefold() in (name.strip().casefold() for name in names):
        raise ValueError("Please choose a password that isn't one of your names.")
    return raw


def login_name(raw: str) -> str:
    """The email address or username that somebody signs in with, in one form; empty where it can be neither."""
    name = normal_form(raw).strip().removeprefix("@").lower()
    return name if len(name) <= EMAIL_MAX and name.isprintable() else ""
