"""`chat web`: one web process, or several that share a port under one parent."""

import asyncio
import errno
import gc
import resource
import signal
from argparse import Namespace
from typing import TYPE_CHECKING

from chat.commands.environment import process_environment
from chat.commands.errors import CommandError
from chat.settings import Settings, load

if TYPE_CHECKING:
    from aiohttp.web import TCPSite

_BACKLOG = 1024
# Each connection is an open file. Many systems begin with 1,024 of them, and let a program ask for more.
_OPEN_FILES = 65_536
# Seconds for which an idle connection is kept for the browser's next request; aiohttp's own way is an hour.
_KEEP_ALIVE = 75


def main(arguments: Namespace) -> int:
    """Serve until SIGTERM or SIGINT. Raises `CommandError` or `SettingsError`."""
    environ = process_environment()
    settings = load(environ)
    processes = arguments.processes or settings.processes
    if processes > 1:
        return _supervise(settings, environ, processes)
    _serve(settings, shared_port=arguments.shared_port)
    return 0


def _supervise(settings: Settings, environ: dict[str, str], processes: int) -> int:
    # Imported here: a lone process doesn't need it, and starts sooner.
    from chat.commands.ports import reserve
    from chat.commands.siblings import web_programs
    from chat.commands.supervisor import keep_running
    from chat.commands.until import until_signalled

    held = reserve(settings.host, settings.port)
    if held is None:
        raise CommandError(_taken(settings))
    with held, web_programs(environ, processes, prefixed=False) as programs:
        asyncio.run(until_signalled(keep_running(programs, patience=settings.shutdown_seconds + 5, report=_report)))
    return 0


def _report(sentence: str) -> None:
    print(f"chat: {sentence}", flush=True)


def _serve(settings: Settings, *, shared_port: bool) -> None:
    _raise_open_files()
    try:
        import uvloop
    except ImportError:
        loop_factory = asyncio.new_event_loop
    else:
        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_serve_until_told(settings, shared_port=shared_port))


def _raise_open_files() -> None:
    """Allow this process as many open files as it may have, up to `_OPEN_FILES`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve_until_told(settings: Settings, *, shared_port: bool) -> None:
    from aiohttp import web

    from chat.app import create_app
    from chat.web.logs import configure_logging

    configure_logging(level=settings.log_level, form=settings.log_format)
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    runner = web.AppRunner(
        create_app(settings),
        access_log=None,
        handle_signals=False,
        keepalive_timeout=_KEEP_ALIVE,
        shutdown_timeout=settings.shutdown_seconds,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port, backlog=_BACKLOG, reuse_port=shared_port or None)
        await _listen(site, settings)
        # What has been loaded by now stays: the collector needn't look at it again and again.
        gc.collect()
        gc.freeze()
        await told.wait()
    finally:
        # Stops listening, lets the application close its sockets, and waits for requests under way.
        await runner.cleanup()


async def _listen(site: "TCPSite", settings: Settings) -> None:
    try:
        await site.start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(_taken(settings)) from None
        raise CommandError(
            f"can't listen on {settings.host}:{settings.port}: {error.strerror}; look at HOST and PORT"
        ) from None


def _taken(settings: Settings) -> str:
    return f"port {settings.port} on {settings.host} is taken; choose another with PORT"
