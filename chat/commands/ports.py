"""The port that web processes share: found free, said when it is another than asked, and kept from others."""

import errno
import socket
import sys
from contextlib import closing

from chat.commands.errors import CommandError

_TRIES = 100


def is_free(host: str, port: int) -> bool:
    """Whether nothing listens on the port. Raises `CommandError` where the host isn't this machine's."""
    family, _, _, _, address = _resolve(host, port)
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise CommandError(f"can't listen on {host}:{port}: {error.strerror}; look at HOST and PORT") from None
        return True


def next_free(host: str, port: int) -> int:
    """The first free port from `port` on. Raises `CommandError` where there is none among the next hundred."""
    for candidate in range(port, min(port + _TRIES, 65536)):
        if is_free(host, candidate):
            return candidate
    raise CommandError(f"port {port} and the {_TRIES} after it are taken; choose another with PORT")


def reserve(host: str, port: int) -> socket.socket | None:
    """Hold the port for our processes, which share it: between their restarts nobody else can take it.

    The socket never listens, so no connection comes to it. None where the system shares ports in another way.
    """
    if sys.platform != "linux":
        return None
    family, _, _, _, address = _resolve(host, port)
    held = socket.socket(family, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        held.bind(address)
    except OSError as error:
        held.close()
        raise CommandError(f"can't listen on {host}:{port}: {error.strerror}; look at HOST and PORT") from None
    return held


def shown_address(host: str, port: int) -> str:
    """The address to open in a browser on this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{name}:{port}"


def _resolve(host: str, port: int) -> tuple[int, int, int, str, tuple[object, ...]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise CommandError(f"HOST={host} is no address of this machine: {error.strerror}") from None
    return found[0]
