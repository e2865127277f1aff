"""The bare aiohttp process (`bare.py`) from outside: started, filled with sockets, told what to write to them all."""

import socket
import subprocess
import sys
import time
from typing import Self
from uuid import uuid4

import aiohttp

from bench.audience import PATIENCE, Audience
from bench.device import Device, connect_all
from bench.people import Person
from chat.embedded.server import free_port
from chat.folders import home_folder


class Bare:
    """The reference's process."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen([sys.executable, "-m", "bench.bare", str(port)], cwd=home_folder())
        _wait_until_it_listens(port)

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def connect(self, count: int, audience: Audience) -> list[Device]:
        """So many sockets."""
        nobody = Person(uuid4(), "", "")
        return await connect_all(self.url, [nobody] * count, audience.listener, open_=[()] * count, greeted=False)

    async def send(self, frame: bytes, audience: Audience, *, messages: int) -> None:
        """Write the text to every socket, one message after another."""
        for _ in range(messages):
            audience.expect(1)
            async with self._http.post(f"{self.url}/send", data=frame):
                await audience.all_here()


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
