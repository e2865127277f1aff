"""The browser for the tests: the machine's own Chromium or Chrome, else one that is installed now.

`python -m tests.chromium` finds or installs it, and says how where it can't.
"""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/snap/bin/chromium",
)
_HELP = """\
make: the browser tests need Chromium or Chrome, and it could neither be found nor installed.
  Debian:   apt-get install chromium          Fedora:  dnf install chromium
  macOS:    brew install --cask google-chrome
  anywhere: .venv/bin/python -m playwright install --with-deps chromium
Or say where it is: make test CHROME=/path/to/chrome"""


@functools.cache
def find() -> Path | None:
    """The browser to use: `CHROME`, else one on PATH or in its usual place, else Playwright's; None without any."""
    asked = os.environ.get("CHROME", "").strip()
    if asked:
        return Path(asked) if _works(asked) else None
    candidates = [*filter(None, map(shutil.which, _NAMES)), *_PLACES]
    found = next((candidate for candidate in candidates if _works(candidate)), None)
    return Path(found) if found else _playwrights_own()


def flags() -> list[str]:
    """What the browser has to be told on this machine."""
    # Chromium refuses to run its sandbox as root; our own pages are all that it loads. In containers, the shared
    # memory that it would use is often too small.
    return ["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else ["--disable-dev-shm-usage"]


def main() -> int:
    """Find a browser or install one; 1 where neither succeeds."""
    if find() is not None:
        return 0
    asked = os.environ.get("CHROME", "").strip()
    if asked:
        print(f"make: CHROME={asked} doesn't run", file=sys.stderr)
        return 1
    print("Installing Chromium for the browser tests", flush=True)
    for command in _installers():
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        find.cache_clear()
        if find() is not None:
            return 0
    print(_HELP, file=sys.stderr)
    return 1


def _works(candidate: str) -> bool:
    try:
        version = subprocess.run([candidate, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return version.returncode == 0


def _playwrights_own() -> Path | None:
    # Imported here: it starts a program of its own, and most machines don't come this far.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return Path(path) if _works(path) else None


def _installers() -> list[list[str]]:
    playwright = [sys.executable, "-m", "playwright", "install"]
    if os.geteuid() != 0:
        return [[*playwright, "chromium"]]
    installers = [[*playwright, "--with-deps", "chromium"]]
    if shutil.which("apt-get"):
        installers.insert(0, ["sh", "-c", "apt-get update -qq && apt-get install -y -qq chromium"])
    return installers


if __name__ == "__main__":
    sys.exit(main())
