"""`chat doctor`: what is wrong with this installation, and what to do about it."""

import asyncio
import os
from argparse import Namespace
from collections.abc import Iterator

from chat.commands.checks import (
    Finding,
    check_data_folder,
    check_packages,
    check_port,
    check_postgres,
    check_python,
    check_redis,
    fine,
)
from chat.commands.explain import explain
from chat.embedded.installation import SERVERS, running_environment, servers
from chat.folders import home_folder
from chat.settings import load

_SIGNS = {"fine": "ok  ", "note": "note", "wrong": "BAD "}


def main(_arguments: Namespace) -> int:
    """Print what each check found; 1 where something is wrong."""
    wrong = 0
    for finding in _examine():
        print(f"{_SIGNS[finding.level]}  {finding.subject:<12} {finding.found}", flush=True)
        if finding.advice:
            print(f"      {'':<12} → {finding.advice}")
        wrong += finding.level == "wrong"
    print("\nNothing is wrong." if not wrong else f"\n{wrong} to put right.")
    return 1 if wrong else 0


def _examine() -> Iterator[Finding]:
    yield check_python()
    yield check_packages()
    try:
        yield from _examine_servers()
    except Exception as error:
        sentence = explain(error)
        if sentence is None:
            raise
        yield Finding("wrong", "setup", sentence, "the rest can be looked at when this is put right")


def _examine_servers() -> Iterator[Finding]:
    home = home_folder()
    named = all(os.environ.get(variable, "").strip() for variable in SERVERS)
    running = not named and running_environment(os.environ, home=home) is not None
    if not named and not running:
        yield Finding("note", "chat run", "isn't under way here", "the embedded servers are started for this look")
    with servers(os.environ, home=home) as environ:
        settings = load(environ)
        yield fine("settings", "all can be used")
        yield from check_data_folder(settings.data_dir)
        yield check_port(settings, running=running)
        yield from asyncio.run(check_postgres(settings))
        yield from asyncio.run(check_redis(settings, expect_worker=named or running))
