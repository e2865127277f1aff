"""Commands as an operator runs them."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from chat.folders import home_folder


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit status, and all that it wrote."""

    status: int
    printed: str
    complained: str


RunChat = Callable[..., Outcome]


@pytest.fixture
def chat(environment: dict[str, str]) -> RunChat:
    """Run a command on this test's servers: `chat("migrate", "status", PORT="80")`; None leaves a variable out."""

    def run(*arguments: str, **changes: str | None) -> Outcome:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        merged = inherited | environment | changes
        done = subprocess.run(
            [sys.executable, "-m", "chat", *arguments],
            env={name: value for name, value in merged.items() if value is not None},
            cwd=home_folder(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run
