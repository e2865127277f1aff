"""Which account of the machine the servers run as: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """An account of the machine; `switch` says whether a process has to change to it first."""

    uid: int
    gid: int
    name: str
    switch: bool

    def reaches(self, path: Path) -> bool:
        """Whether this account may enter the folder, or run the program, at `path`."""
        if not self.switch:
            return os.access(path, os.X_OK)
        test = subprocess.run(
            ["test", "-x", str(path)],
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd="/",
            check=False,
        )
        return test.returncode == 0

    def own(self, path: Path) -> None:
        """Give the file or folder at `path` to this account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)


def server_account() -> ServerAccount:
    """The account for the servers: whoever we are, or `nobody` where we are root."""
    if os.geteuid() != 0:
        return ServerAccount(os.geteuid(), os.getegid(), str(os.geteuid()), switch=False)
    nobody = pwd.getpwnam("nobody")
    return ServerAccount(nobody.pw_uid, nobody.pw_gid, nobody.pw_name, switch=True)
