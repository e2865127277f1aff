"""How often somebody may guess a password, or try to register.

A try is counted before the password is looked at, so that a hundred at once don't pass together, and is taken back
where the password was right or no answer could be given: only wrong guesses stay. Whoever gets in starts anew under
their name, but not at their address, where somebody could otherwise alternate guesses with sign-ins of their own.

The name is counted as it was typed. To count an email address and a username together where they belong to one
account would tell that they do.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, ip_network

from chat.errors import AuthFailed
from chat.settings import Settings
from chat.web.limits import Limit, Limiter
from chat.web.proxies import Address


class WrongPassword(AuthFailed):
    """The password is not the one, or there is no such account; it never says which."""


def login_limit(settings: Settings, kind: str) -> Limit:
    """For `kind` "account" or "address"."""
    return Limit(f"login-{kind}", settings.login_limit, settings.login_limit_window)


def password_limit(settings: Settings) -> Limit:
    """For the current password that a change asks for: a session left open somewhere must not serve to guess it."""
    return Limit("password", settings.login_limit, settings.login_limit_window)


def register_limit(settings: Settings) -> Limit:
    """For each address; it bounds how many names and email addresses one can find out to be taken."""
    return Limit("register", settings.register_limit, settings.register_limit_window)


def address_key(address: Address | None) -> str:
    """What counts as one address: of IPv6 the whole network of a household. All unknown ones count as one."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address) if address else "unknown"


@asynccontextmanager
async def guess(limiter: Limiter, *counters: tuple[Limit, str]) -> AsyncIterator[None]:
    """Around the check of a password. Raises `RateLimited`; lets the try stay counted on `WrongPassword` only."""
    counted: list[tuple[Limit, str, str]] = []
    try:
        for limit, key in counters:
            counted.append((limit, key, await limiter.hit(limit, key)))
        yield
    except WrongPassword:
        raise
    except BaseException:
        await _take_back(limiter, counted)
        raise
    await _take_back(limiter, counted)


async def _take_back(limiter: Limiter, counted: list[tuple[Limit, str, str]]) -> None:
    for limit, key, try_id in counted:
        await limiter.forgive(limit, key, try_id)
