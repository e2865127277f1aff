"""The data folder: chosen so that the servers can reach it, private, and used by one run at a time."""

import fcntl
import hashlib
import os
import pwd
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from chat.embedded.account import ServerAccount

_SPARE_PARENT = Path("/var/tmp")  # noqa: S108 - survives a restart; its folders are checked before use


class DataFolderError(Exception):
    """The data folder can't be used; the message says why and what to do."""


class DataFolder:
    """A folder that this run alone uses until `close` (or the end of the process)."""

    def __init__(self, path: Path, *, moved_from: Path | None = None) -> None:
        """Take `path` as it is; `moved_from` is the folder that was wanted and couldn't be used."""
        self.path = path
        self.moved_from = moved_from
        self._lock: IO[str] | None = None

    def lock(self) -> None:
        """Take the folder for this process.

        The lock is the kernel's, so it ends with the process however that ends. Raises `DataFolderError`
        where another process has it.
        """
        # Opened without truncation: a refused second run must not wipe the first one's number.
        handle = os.fdopen(os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = handle.read().strip() or "unknown"
            handle.close()
            raise DataFolderError(
                f"another chat (process {owner}) is running with the data folder {self.path}; "
                "stop it first, or start this one with DATA_DIR=/another/folder"
            ) from None
        handle.seek(0)
        handle.truncate()
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        self._lock = handle

    def locked_elsewhere(self) -> bool:
        """Whether another process uses the folder at this moment."""
        try:
            with (self.path / "lock").open() as handle:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def close(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def secret(self, name: str) -> str:
        """The random secret kept under `name`, made at first use: 43 characters, safe in a URL."""
        path = self.path / name
        try:
            kept = path.read_text().strip()
        except FileNotFoundError:
            kept = ""
        if kept:
            return kept
        made = secrets.token_urlsafe(32)
        write_private(path, made + "\n")
        return made

    def server_folder(self, name: str, account: ServerAccount) -> Path:
        """The folder that belongs to the server `name`, private to its account."""
        path = self.path / name
        path.mkdir(mode=0o700, exist_ok=True)
        account.own(path)
        return path


def open_data_folder(environ: Mapping[str, str], *, home: Path, account: ServerAccount) -> DataFolder:
    """Find and make the data folder: `DATA_DIR`, else `data` in `home`, else one in /var/tmp.

    The last is for root in a place like /root, which the account that PostgreSQL has to run as can't enter.
    Raises `DataFolderError` where no folder can be used.
    """
    asked = environ.get("DATA_DIR", "").strip()
    wanted = Path(asked).expanduser().absolute() if asked else home / "data"
    _refuse_foreign(wanted)
    if account.reaches(_nearest_existing(wanted)):
        return _make(DataFolder(wanted))
    if asked:
        raise DataFolderError(
            f"the account {account.name}, which the embedded servers run as, can't enter {wanted}; "
            "choose another folder with DATA_DIR, or run as an ordinary user"
        )
    return open_spare_folder(home, moved_from=wanted)


def open_spare_folder(home: Path, *, moved_from: Path | None = None) -> DataFolder:
    """The folder in /var/tmp that belongs to `home`. Raises `DataFolderError` where somebody else made it."""
    name = hashlib.sha256(str(home).encode()).hexdigest()[:10]
    spare = _SPARE_PARENT / f"chat-{name}"
    _refuse_foreign(spare)
    return _make(DataFolder(spare, moved_from=moved_from))


def write_private(path: Path, text: str) -> None:
    """Write a file that only this account can read; whoever reads it sees the old text or the new, whole."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    unfinished.replace(path)


def _nearest_existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if place.exists())


def _refuse_foreign(path: Path) -> None:
    """Refuse a folder that somebody else made: in /var/tmp, anybody could have."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except PermissionError:
        raise DataFolderError(f"the data folder {path} can't be reached by this account") from None
    if not stat.S_ISDIR(found.st_mode) and not path.is_dir():
        raise DataFolderError(f"the data folder {path} is not a folder; choose another with DATA_DIR")
    if found.st_uid != os.geteuid():
        raise DataFolderError(
            f"the data folder {path} belongs to {_account_name(found.st_uid)}: run as that account, "
            "or choose another folder with DATA_DIR"
        )


def _account_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the account number {uid}"


def _make(folder: DataFolder) -> DataFolder:
    # Others may pass through (the servers' account has to), but not look around; the secrets are 0600.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.path.chmod(mode)
    except OSError as error:
        raise DataFolderError(
            f"the data folder {folder.path} can't be made: {error.strerror}; choose another with DATA_DIR"
        ) from None
    return folder
