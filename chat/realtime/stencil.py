"""Templates that are rendered once, with a hole in the place of each value, and filled in for each message.

A message costs Jinja some fifty microseconds, nearly all of them for finding its way through the same template again
and again; filling in a stencil costs five. What is in the page stays in the template alone.
"""

from collections.abc import Mapping
from html import escape
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from jinja2 import Template

# Parts text from paths in what the template printed; no template and no path has it.
_EDGE = "\0"

PRESENT = object()
"""Said of a value that is known to be there, while what it is differs from message to message."""


class Hole:
    """Stands for a value that isn't known yet. A template can print it, and what it holds, and nothing else."""

    def __init__(self, path: str, known: Mapping[str, object]) -> None:
        self._path = path
        self._known = known

    def __getattr__(self, name: str) -> object:
        """A value that is known, or a further hole."""
        path = f"{self._path}.{name}"
        value = self._known.get(path, PRESENT)
        return Hole(path, self._known) if value is PRESENT else value

    def __html__(self) -> str:
        """What the template prints: the path, to be found again."""
        return f"{_EDGE}{self._path}{_EDGE}"

    def __bool__(self) -> bool:
        """True where it is known to be there. Raises `TypeError` where the template asks what only a value tells."""
        if self._path in self._known:
            return True
        raise TypeError(f"a stencil has to be told whether there is a {self._path}")


class Stencil:
    """A template with holes for the variables `names`.

    `known` are the values that decide what the template looks like, by their paths: {"message.pending": False}.
    """

    def __init__(self, template: Template, *names: str, known: Mapping[str, object]) -> None:
        """Raises `TypeError` where the template decides by a value that isn't known."""
        printed = template.render({name: Hole(name, known) for name in names} | dict(known))
        texts, paths = printed.split(_EDGE)[::2], printed.split(_EDGE)[1::2]
        self._text = "%s".join(text.replace("%", "%%") for text in texts)
        self._values = attrgetter(*paths)

    def fill(self, **variables: Any) -> str:
        """The template as it would be rendered with these variables: strings are escaped, `Markup` is not."""
        values = self._values(SimpleNamespace(**variables))
        return self._text % tuple([escape(value) if type(value) is str else value for value in values])
