"""Where the files are that are no Python: migrations, templates, static files."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource_folder(name: str) -> Path:
    """The folder `migrations`, `templates` or `static`: inside an installed package, else in the checkout.

    Raises `FileNotFoundError` where it is in neither.
    """
    for folder in (_PACKAGE / "resources" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the folder {name}/ is missing: this installation is incomplete")


def home_folder() -> Path:
    """Where a data folder goes when none is named: the checkout, or the working folder of an installed package."""
    checkout = _PACKAGE.parent
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()
