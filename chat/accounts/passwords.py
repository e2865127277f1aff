"""Argon2id, kept away from the event loop and within bounds of time and memory."""

import asyncio
import os
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chat.accounts.model import PASSWORD_MAX
from chat.errors import Unavailable

# RFC 9106, second choice: 64 MiB, three passes. So the threads below take 128 MiB at most, and only while they work.
_hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")

# Some twenty seconds of work on a slow machine. Beyond that people have gone away, and others need the processor.
MAX_WAITING = 100
_waiting = 0

Result = TypeVar("Result")


def _unmatchable_hash() -> str:
    """A hash of nothing, with today's parameters: to compare with it takes as long as with a real one."""
    salt, digest = (b64encode(os.urandom(n)).rstrip(b"=").decode() for n in (_hasher.salt_len, _hasher.hash_len))
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


_UNMATCHABLE = _unmatchable_hash()


async def hash_password(password: str) -> str:
    """An encoded hash with its own salt and parameters. Raises `Unavailable` where too many wait already."""
    return await _in_thread(lambda: _hasher.hash(_to_bytes(password)))


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one. Takes as long where there is no hash, because there is no such account.

    Raises `Unavailable` where too many wait already.
    """
    if len(password) > PASSWORD_MAX:
        return False
    return await _in_thread(lambda: _matches(password_hash or _UNMATCHABLE, password))


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, _to_bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def _to_bytes(password: str) -> bytes:
    """Keyboards differ in how they compose an accented letter; normal form C makes them agree."""
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")


async def _in_thread(work: Callable[[], Result]) -> Result:
    global _waiting
    if _waiting >= MAX_WAITING:
        raise Unavailable("Too many people are signing in just now. Please try again in a moment.", retry_after=5)
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1
