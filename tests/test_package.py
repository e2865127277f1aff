"""The wheel: all that the program needs is in it, and found where it is installed."""

import re
import subprocess
import sys
import sysconfig
import urllib.request
from pathlib import Path

import pytest

from chat.folders import home_folder
from tests.servers import WebProcess


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with the wheel in it, and beside it only the packages of this one."""
    folder = tmp_path_factory.mktemp("package")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=home_folder(), check=True, capture_output=True)
    (wheel,) = folder.glob("chat-*.whl")
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def chat(installed: Path, *arguments: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run the command that the wheel installs, away from the checkout."""
    return subprocess.run(
        [str(installed.parent / "chat"), *arguments],
        cwd=installed.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_installed_command_knows_its_migrations(installed: Path, environment: dict[str, str]) -> None:
    help_ = chat(installed, "--help", environment=environment)
    assert (help_.returncode, help_.stderr) == (0, "")
    status = chat(installed, "migrate", "status", environment=environment)
    assert (status.returncode, status.stderr) == (0, "")
    assert "pending" not in status.stdout
    assert "applied  0001_accounts" in status.stdout


def test_the_installed_program_shows_its_pages_with_their_looks(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    web = WebProcess(environment=environment, log=tmp_path / "web.log", python=installed)
    web.start()
    try:
        with urllib.request.urlopen(f"{web.url}/login") as answer:  # noqa: S310 - our own
            page = answer.read().decode()
        linked = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
        assert any(file.endswith(".css") for file in linked)
        for file in [*linked, "/static/any/js/main.js", "/static/any/vendor/htmx.min.js"]:
            with urllib.request.urlopen(web.url + file) as answer:  # noqa: S310 - our own
                assert answer.status == 200
                assert answer.read()
    finally:
        web.kill()


def test_the_installed_program_has_its_demo_data(installed: Path, environment: dict[str, str]) -> None:
    made = chat(installed, "seed", environment=environment)
    assert (made.returncode, made.stderr) == (0, "")
    assert "marta@example.org" in made.stdout
