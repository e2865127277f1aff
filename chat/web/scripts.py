"""The scripts of a first visit, joined into one when the process starts, as the stylesheets are.

Two dozen small modules are pleasant to read and costly to fetch: the headers of their answers, and what compression
can't share between them, are a sixth of all that a first visit weighs. Nothing is built: without this module
`js/main.js` works just as well.

Each module becomes a function that is called once and returns what the module exports. What they import stands under
the same names at its top. Scripts that come later import all of it from the one that is there already.
"""

import re
from collections.abc import Mapping

# The only forms that our scripts use, each on lines of its own.
_IMPORT = re.compile(
    r"^import (?:\{(?P<names>[^}]*)\}|\* as (?P<space>\w+)) from '\./(?P<module>\w+)\.js';$", re.MULTILINE
)
_EXPORT = re.compile(r"^export (?=(?:async function|function|const) (?P<name>\w+))", re.MULTILINE)
_UNKNOWN = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_FROM_LATER = re.compile(r"(^import .* from '(?:\.\./)+)\w+(\.js';$)", re.MULTILINE)


def join(sources: Mapping[str, str], *, entry: str) -> str:
    """One module that does what `entry` does, and exports what each of the modules that it needs exports, except for
    `start`, which all have.

    `sources` are by the modules' names, without folder and ending. Raises `ValueError` for modules that need each
    other, for a name that two of them export, and for an import or export of another form.
    """
    order: list[str] = []
    _put_in_order(sources, entry, order, above=())
    exports = {name: _EXPORT.findall(sources[name]) for name in order}
    public = [export for name in order for export in exports[name] if export != "start"]
    twice = {export for export in public if public.count(export) > 1}
    if twice:
        raise ValueError(f"more than one script exports {', '.join(sorted(twice))}")
    functions = [
        f"const ${name} = (() => {{\n{_body(sources[name], name)}\nreturn {{ {', '.join(exports[name])} }};\n}})();"
        for name in order
    ]
    names = [
        f"export const {{ {', '.join(export for export in exports[name] if export != 'start')} }} = ${name};"
        for name in order
        if set(exports[name]) - {"start"}
    ]
    return "\n".join([*functions, *names, ""])


def import_from(source: str, *, entry: str) -> str:
    """A script of a folder below, with what it imports from those above it taken from the one that holds them all."""
    return _FROM_LATER.sub(rf"\g<1>{entry}\g<2>", source)


def _put_in_order(sources: Mapping[str, str], name: str, order: list[str], *, above: tuple[str, ...]) -> None:
    if name in above:
        raise ValueError(f"scripts need each other: {', '.join(above)}, {name}")
    if name in order:
        return
    if name not in sources:
        raise ValueError(f"{above[-1] if above else 'nothing'} needs {name}.js, which isn't there")
    for needed in _IMPORT.finditer(sources[name]):
        _put_in_order(sources, needed["module"], order, above=(*above, name))
    order.append(name)


def _body(source: str, name: str) -> str:
    body = _EXPORT.sub("", _IMPORT.sub(_imported, source))
    unknown = _UNKNOWN.search(body)
    if unknown:
        raise ValueError(f"{name}.js has a line that can't be joined: {unknown.group()}")
    return body.strip()


def _imported(found: re.Match[str]) -> str:
    names = found["space"] or "{" + found["names"].replace(" as ", ": ") + "}"
    return f"const {names} = ${found['module']};"
