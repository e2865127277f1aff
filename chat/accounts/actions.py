"""What people do with their accounts: join, sign in and out, change names and passwords, find one another."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg

from chat.accounts import invite_actions, queries, session_queries
from chat.accounts.devices import describe_device
from chat.accounts.guesses import WrongPassword, address_key, guess, login_limit, password_limit, register_limit
from chat.accounts.model import (
    Checks,
    Device,
    NewAccount,
    NewSession,
    Person,
    Role,
    SessionInfo,
    Viewer,
    check_display_name,
    check_new_password,
    check_username,
    login_name,
)
from chat.accounts.passwords import hash_password, needs_rehash, verify_password
from chat.db import Connection
from chat.errors import AuthFailed, Forbidden, ValidationFailed
from chat.events import SessionsRevoked
from chat.ids import new_id
from chat.services import Services
from chat.web.limits import Limiter
from chat.web.tokens import hash_token, new_token

PEOPLE_LIMIT = 20
# Of one person. Their ids fit into one event.
SESSIONS_MAX = 100

_WRONG_LOGIN = "That doesn't match. Check the name and the password, and try again."
_TAKEN = {
    "users_username_key": ("username", "Somebody has that username already. Please choose another."),
    "users_email_key": ("email", "There is an account with that address already. Sign in instead?"),
}


async def register(
    services: Services, limiter: Limiter, *, account: NewAccount, invite: str, device: Device
) -> NewSession:
    """Create an account and sign it in. The very first account becomes the owner.

    A taken email address is told like a taken username. Not to tell would need a mail that says so, and a person
    who forgot about an account would be left without a way on; the limit keeps it from being a way to list them.

    Raises `RateLimited`, `Forbidden` where nobody may join this way, and `ValidationFailed` for a name that is taken.
    """
    await limiter.hit(register_limit(services.settings), address_key(device.address))
    password_hash = await hash_password(account.password)
    session = NewSession(id=new_id(), user_id=new_id(), token=new_token())
    try:
        async with services.pool.acquire() as connection, connection.transaction():
            role, link = await _admit(services, connection, token=invite)
            await queries.insert_user(
                connection, user_id=session.user_id, account=account, password_hash=password_hash, role=role
            )
            await _insert_session(services, connection, session=session, password_hash=password_hash, device=device)
            events = await services.welcome(services, connection, user_id=session.user_id, token=invite) if link else []
    except asyncpg.UniqueViolationError as error:
        raise _taken(error) from None
    for event in events:
        services.emit(event)
    return session


async def _admit(services: Services, connection: Connection, *, token: str) -> tuple[Role, bool]:
    """The role of somebody who joins now, and whether the invitation leads into a room: there its use is counted.
    Registrations wait here for one another."""
    await queries.lock_registration(connection)
    if not await queries.any_user(connection):
        return "owner", False
    invite = await invite_actions.find_invite(connection, token=token)
    into_room = invite is not None and invite.conversation_id is not None
    match await invite_actions.registration(services, connection):
        case "open":
            return "member", into_room
        case "invite":
            if invite_actions.admits(invite) and (
                into_room or await invite_actions.use_invite(connection, token=token)
            ):
                return "member", into_room
            raise Forbidden("This invite link no longer works. Ask somebody on the team for a new one.")
        case "closed":
            raise Forbidden("Registration is closed. Ask the owner of this chat for an account.")


async def _insert_session(
    services: Services, connection: Connection, *, session: NewSession, password_hash: str, device: Device
) -> bool:
    """False where the password is another by now, or the account deactivated."""
    settings = services.settings
    return await session_queries.insert_session(
        connection,
        session_id=session.id,
        token_hash=hash_token(session.token),
        user_id=session.user_id,
        password_hash=password_hash,
        device=device,
        lifetime=timedelta(days=settings.session_days if device.kind == "browser" else settings.refresh_token_days),
    )


def _taken(error: asyncpg.UniqueViolationError) -> ValidationFailed:
    field, sentence = _TAKEN[error.constraint_name]
    return ValidationFailed(sentence, fields={field: sentence})


async def log_in(
    services: Services, limiter: Limiter, *, login: str, password: str, device: Device, old_token: str | None = None
) -> NewSession:
    """Sign somebody in by email address or username. The session of `old_token`, of a browser's cookie, ends.

    Raises `RateLimited`, and `WrongPassword` alike, after the same work, for an account that does not exist, one
    that is deactivated and one that has another password.
    """
    name = login_name(login)
    by_account = login_limit(services.settings, "account")
    by_address = login_limit(services.settings, "address")
    counters = ((by_address, address_key(device.address)), (by_account, name))
    async with guess(limiter, *counters):
        session = await _sign_in(services, name=name, password=password, device=device)
    await limiter.clear(by_account, name)
    if old_token is not None:
        await log_out(services, token=old_token)
    await _end_the_longest_unused(services, user_id=session.user_id)
    return session


async def _end_the_longest_unused(services: Services, *, user_id: UUID) -> None:
    """A program that signs in for each of its runs must not fill the list of devices."""
    ended = await session_queries.delete_longest_unused(services.pool, user_id=user_id, keep=SESSIONS_MAX)
    if ended:
        services.emit(SessionsRevoked(user_id=user_id, session_ids=ended))


async def _sign_in(services: Services, *, name: str, password: str, device: Device) -> NewSession:
    email, username = (name, None) if "@" in name else (None, name)
    # Twice, because of the double click that finds the hash changed: the first one has just had it made anew.
    for _ in range(2):
        found = await queries.credentials(services.pool, email=email, username=username) if name else None
        password_hash: str | None = found["password_hash"] if found else None
        if not await verify_password(password_hash, password) or found is None or password_hash is None:
            break
        session = NewSession(id=new_id(), user_id=found["id"], token=new_token())
        if await _insert_session(services, services.pool, session=session, password_hash=password_hash, device=device):
            await _rehash(services, user_id=session.user_id, password_hash=password_hash, password=password)
            return session
    raise WrongPassword(_WRONG_LOGIN)


async def _rehash(services: Services, *, user_id: UUID, password_hash: str, password: str) -> None:
    """Bring the hash up to today's parameters, now that the password is at hand."""
    if needs_rehash(password_hash):
        new_hash = await hash_password(password)
        await queries.update_password_hash(services.pool, user_id=user_id, old_hash=password_hash, new_hash=new_hash)


async def log_out(services: Services, *, token: str) -> None:
    """End the session with this token, if there is one."""
    ended = await session_queries.delete_session_by_token(services.pool, token_hash=hash_token(token))
    if ended:
        services.emit(SessionsRevoked(user_id=ended["user_id"], session_ids=(ended["id"],)))


async def log_out_device(services: Services, *, viewer: Viewer, session_id: UUID) -> None:
    """End one of the viewer's sessions; of another person's, or one that ended before, nothing is said."""
    if await session_queries.delete_session(services.pool, user_id=viewer.id, session_id=session_id):
        services.emit(SessionsRevoked(user_id=viewer.id, session_ids=(session_id,)))


async def log_out_everywhere(services: Services, *, viewer: Viewer) -> None:
    """End all of the viewer's sessions, this one too. Personal tokens are no devices: they stay, and so do their
    sockets."""
    ended = await session_queries.delete_sessions(services.pool, user_id=viewer.id)
    services.emit(SessionsRevoked(user_id=viewer.id, session_ids=ended))


async def change_password(services: Services, limiter: Limiter, *, viewer: Viewer, current: str, new: str) -> str:
    """Set a new password, sign out all other devices, and give this session another token, which is returned.

    Raises `ValidationFailed`, `WrongPassword` where `current` is not the one, `RateLimited`, and `AuthFailed` where
    the session ended, or the password was changed elsewhere, in the meantime.
    """
    checks = Checks()
    checks.run(
        "new_password", lambda raw: check_new_password(raw, viewer.username, viewer.display_name, viewer.email), new
    )
    checks.finish()
    old_hash = await confirm_password(services, limiter, viewer=viewer, current=current)
    new_hash = await hash_password(new)
    token = new_token()
    async with services.pool.acquire() as connection, connection.transaction():
        changed = await queries.update_password_hash(
            connection, user_id=viewer.id, old_hash=old_hash, new_hash=new_hash
        )
        if not changed or not await session_queries.rotate_session(
            connection, session_id=viewer.session_id, token_hash=hash_token(token)
        ):
            raise AuthFailed("You were signed out meanwhile. Please sign in.")
        ended = await session_queries.delete_sessions(connection, user_id=viewer.id, keep=viewer.session_id)
    if ended:
        services.emit(SessionsRevoked(user_id=viewer.id, session_ids=ended))
    return token


async def confirm_password(services: Services, limiter: Limiter, *, viewer: Viewer, current: str) -> str:
    """Have the viewer prove once more who it is; the hash of the password, as it is now.

    Raises `WrongPassword`, for the field `current_password`, and `RateLimited`.
    """
    async with guess(limiter, (password_limit(services.settings), str(viewer.id))):
        password_hash = await queries.password_hash_of(services.pool, user_id=viewer.id)
        if not await verify_password(password_hash, current) or password_hash is None:
            sentence = "That is not your current password."
            raise WrongPassword(sentence, fields={"current_password": sentence})
    return password_hash


async def change_names(services: Services, *, viewer: Viewer, username: str, display_name: str) -> Viewer:
    """The viewer with new names. Raises `ValidationFailed` for a name that is taken or can't be accepted."""
    checks = Checks()
    username = checks.run("username", lambda raw: check_username(raw, current=viewer.username), username)
    display_name = checks.run("display_name", check_display_name, display_name)
    checks.finish()
    try:
        await queries.update_names(services.pool, user_id=viewer.id, username=username, display_name=display_name)
    except asyncpg.UniqueViolationError as error:
        raise _taken(error) from None
    return replace(viewer, username=username, display_name=display_name)


async def sessions_of(services: Services, *, viewer: Viewer) -> list[SessionInfo]:
    """Where the viewer is signed in, the device used last first."""
    return [
        SessionInfo(
            id=record["id"],
            device=record["name"] or describe_device(record["user_agent"]),
            app=record["kind"] == "api",
            address=record["address"] or "unknown address",
            last_used_at=record["last_used_at"],
            current=record["id"] == viewer.session_id,
        )
        for record in await session_queries.list_sessions(services.pool, user_id=viewer.id)
    ]


async def people(services: Services, *, user_ids: Sequence[UUID]) -> list[Person]:
    """The people of these ids, in their order, as far as they have active accounts."""
    return await queries.people(services.pool, user_ids=user_ids)


async def find_people(
    services: Services,
    *,
    viewer_id: UUID,
    prefix: str,
    limit: int = PEOPLE_LIMIT,
    after: tuple[str, str] | None = None,
) -> list[Person]:
    """Others in whose names every word of `prefix` begins a word; everyone where it is empty.

    `after` has the display name and the username of the one whom the list goes on from.
    """
    return await queries.find_people(services.pool, viewer_id=viewer_id, prefix=prefix, limit=limit, after=after)
