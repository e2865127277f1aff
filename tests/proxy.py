"""A TCP proxy that does what networks do: cuts connections, keeps them waiting, refuses new ones."""

import asyncio
import contextlib
from urllib.parse import urlsplit


class Proxy:
    """Stands before a server on 127.0.0.1. Everything passes until the test says otherwise."""

    def __init__(self, server: str) -> None:
        """`server` is the server's address with a port, of any scheme."""
        self._server = self._address = urlsplit(server)
        self._listener: asyncio.Server | None = None
        self._port = 0
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The server's address with the proxy's port in place of its own."""
        host = self._address.netloc.rpartition(":")[0]
        return self._address._replace(netloc=f"{host}:{self._port}").geturl()

    async def accept(self) -> None:
        """Let connections come in, at first or after `refuse`; always on the same port."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
            self._port = self._listener.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Cut what is open, and refuse new connections, as where the server is down."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        await self.cut()

    async def cut(self) -> None:
        """Cut every connection at once; new ones may come."""
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def lead_to(self, server: str) -> None:
        """Cut what is open; new connections come to another server."""
        self._server = urlsplit(server)
        await self.cut()

    def stall(self) -> None:
        """From now on nothing passes in either direction, and nobody is told: a cable was pulled."""
        self._flowing.clear()

    def resume(self) -> None:
        """Let pass what waited, and all that follows."""
        self._flowing.set()

    def forget(self) -> None:
        """Nothing passes any more on what is open, and nobody is told; new connections work."""
        self._flowing.clear()
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def close(self) -> None:
        """Cut everything, and be gone."""
        await self.refuse()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            flowing = self._flowing
            await flowing.wait()
            assert self._server.port is not None
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server.port)
            self._writers.add(server_writer)
            try:
                await asyncio.gather(
                    self._pass(reader, server_writer, flowing), self._pass(server_reader, writer, flowing)
                )
            finally:
                self._writers.discard(server_writer)
                server_writer.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event) -> None:
        while data := await reader.read(65_536):
            await flowing.wait()
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()
