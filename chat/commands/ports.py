"""The port that web processes share: found free, said when it is another than asked, and kept from others."""

import errno
import socket
import sys

from chat.commands.errors import CommandError

_TRIES = 100


def is_free(host: str, port: int) -> bool:
    """Whether nothing listens on the port. Raises what `reserve` does."""
    held = reserve(host, port)
    if held is not None:
        held.close()
    return held is not None


def reserve_next(host: str, port: int) -> tuple[int, socket.socket]:
    """Hold the first free port from `port` on. Raises `CommandError` where none of the next hundred is."""
    for candidate in range(port, min(port + _TRIES, 65536)):
        held = reserve(host, candidate)
        if held is not None:
            return candidate, held
    raise CommandError(f"port {port} and the {_TRIES} after it are taken; choose another with PORT")


def reserve(host: str, port: int) -> socket.socket | None:
    """Hold the port for our processes, which share it: between their restarts nobody else can take it.

    None where somebody has it already. Connections never come to the socket; closing it lets go of the port.
    Raises `CommandError` where the host isn't this machine's, or the port isn't for this account.
    """
    family, _, _, _, address = _resolve(host, port)
    held = socket.socket(family, socket.SOCK_STREAM)
    # What remains of an earlier run's connections is no reason to refuse.
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind(address)
        # Several may bind at once as long as none listens, and one alone may listen: now the port is ours.
        held.listen()
    except OSError as error:
        held.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise CommandError(f"can't listen on {host}:{port}: {error.strerror}; look at HOST and PORT") from None
    if sys.platform == "linux":
        # Keep it without listening. Who asks for it alone, as another `reserve` does, is refused; who asks to
        # share it, as our processes do, is let in.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.shutdown(socket.SHUT_RDWR)
    else:
        # Other systems hand connections to sockets that share a port in other ways, so it isn't held there.
        held.close()
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
