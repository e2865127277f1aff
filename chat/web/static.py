"""Stylesheets, scripts and icons: read once at start, served from memory, cached by browsers for ever.

Browsers that take Brotli (those on HTTPS, or on this machine) fetch an eighth less than with gzip.

The address of a file holds a hash of the whole folder, so a new version has new addresses and an old one
never goes stale. One hash for all files keeps relative imports between scripts within one version.
"""

import asyncio
import gzip
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import aiohttp_jinja2
from aiohttp import web

from chat.web.compression import accepts
from chat.web.scripts import import_from, join

# What is served; a file of any other kind in the folder (a README, a list) is not.
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
COMPRESSIBLE = {".css", ".js", ".json", ".svg"}
STYLES_LIST = "index.txt"
# What each joined stylesheet is made of; the later one is fetched with the first page or panel that needs it.
STYLES = {"app.css": "css", "later.css": "css/later"}
SCRIPT = "js/main.js"
FOREVER = "public, max-age=31536000, immutable"
SHORTLY = "public, max-age=60"

_ENTRY = "main"
_NAME = re.compile(r"js/(?P<name>\w+)\.js")
_CSS_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
# In scripts, only what begins a line: elsewhere it may be part of a string.
_JS_COMMENT = re.compile(rb"^[ \t]*(?:/\*.*?\*/[ \t]*|//[^\n]*)\n", re.DOTALL | re.MULTILINE)
_CSS_INDENT = re.compile(rb"\n\s+")


def _brotli(body: bytes) -> bytes:
    # Imported here: a process starts without it.
    import brotli

    return brotli.compress(body, quality=11)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)


# The best one first.
CODINGS: dict[str, Callable[[bytes], bytes]] = {"br": _brotli, "gzip": _gzip}


class StaticFile:
    """One file in memory, compressed when a browser first asks for it that way."""

    __slots__ = ("_compressed", "body", "content_type", "suffix")

    def __init__(self, body: bytes, *, suffix: str) -> None:
        self.body = body
        self.suffix = suffix
        self.content_type = CONTENT_TYPES[suffix]
        self._compressed: dict[str, bytes] = {}

    async def compressed(self, coding: str) -> bytes | None:
        """The file in one of `CODINGS`; None where that doesn't make it smaller."""
        if self.suffix not in COMPRESSIBLE:
            return None
        packed = self._compressed.get(coding)
        if packed is None:
            # Tens of milliseconds, once, in which the process has other things to do.
            packed = self._compressed[coding] = await asyncio.to_thread(CODINGS[coding], self.body)
        return packed if len(packed) < len(self.body) else None


class StaticFiles:
    """All static files of this version. Paths are relative to the folder, with slashes: `js/main.js`."""

    def __init__(self, folder: Path) -> None:
        """Read the folder.

        Raises `FileNotFoundError` where the list of stylesheets names a missing one, and `ValueError` where the scripts
        can't be joined.
        """
        self._files = {
            path.relative_to(folder).as_posix(): StaticFile(_served(path), suffix=path.suffix)
            for path in sorted(folder.rglob("*"))
            if path.suffix in CONTENT_TYPES and path.is_file()
        }
        self._join_scripts()
        for name, part in STYLES.items():
            self._files[name] = StaticFile(_joined_styles(folder / part), suffix=".css")
        self.hash = _tree_hash(self._files)

    def find(self, path: str) -> StaticFile | None:
        """The file at `path`, or None. A lookup by name: no path leads outside the folder."""
        return self._files.get(path)

    def url(self, path: str) -> str:
        """The address of a file. Raises `LookupError` where there is none: a page must not link to nothing."""
        if path not in self._files:
            raise LookupError(f"there is no static file {path}")
        return f"/static/{self.hash}/{path}"

    def _join_scripts(self) -> None:
        """What is in `js/` itself becomes one script. What is below it is fetched later, and imports from that one."""
        parts = {path: _NAME.fullmatch(path) for path in self._files}
        sources = {found["name"]: self._files.pop(path).body.decode() for path, found in parts.items() if found}
        if sources:
            self._files[SCRIPT] = StaticFile(join(sources, entry=_ENTRY).encode(), suffix=".js")
        for path, file in self._files.items():
            if path.startswith("js/") and path != SCRIPT:
                source = import_from(file.body.decode(), entry=_ENTRY)
                self._files[path] = StaticFile(source.encode(), suffix=".js")


STATIC = web.AppKey("static", StaticFiles)


def style_names(folder: Path) -> list[str]:
    """The stylesheets of a folder in the order in which they are joined, from its `index.txt`; # opens a comment."""
    lines = (folder / STYLES_LIST).read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


async def static_file(request: web.Request) -> web.Response:
    """GET /static/{version}/{path}, where the version is the hash.

    Another version's hash gets the current file, to be kept for a minute only: during a deploy a page of
    one version may ask a process of the other, and a page nearly right is better than one without style.
    """
    files = request.app[STATIC]
    file = files.find(request.match_info["path"])
    if file is None:
        raise web.HTTPNotFound
    return await _respond(request, file, FOREVER if request.match_info["version"] == files.hash else SHORTLY)


async def favicon(request: web.Request) -> web.Response:
    """GET /favicon.ico: browsers ask for it by that name, and take SVG."""
    file = request.app[STATIC].find("icons/favicon.svg")
    if file is None:
        raise web.HTTPNotFound
    return await _respond(request, file, "public, max-age=86400")


async def manifest(request: web.Request) -> web.Response:
    """GET /manifest.webmanifest: what a device needs to install the application."""
    text = aiohttp_jinja2.render_string("manifest.webmanifest", request, {})
    return web.Response(
        text=text, content_type="application/manifest+json", headers={"Cache-Control": "public, max-age=3600"}
    )


async def _respond(request: web.Request, file: StaticFile, caching: str) -> web.Response:
    headers = {"Content-Type": file.content_type, "Cache-Control": caching, "Vary": "Accept-Encoding"}
    body = file.body
    coding = next((coding for coding in CODINGS if accepts(request, coding)), None)
    if coding and (compressed := await file.compressed(coding)):
        body = compressed
        headers["Content-Encoding"] = coding
    return web.Response(body=body, headers=headers)


def _served(path: Path) -> bytes:
    """The file as browsers get it: scripts without their comments, which are a quarter of a first visit."""
    body = path.read_bytes()
    return _JS_COMMENT.sub(b"", body) if path.suffix == ".js" and path.parent.name != "vendor" else body


def _joined_styles(folder: Path) -> bytes:
    joined = b"\n".join((folder / name).read_bytes() for name in style_names(folder))
    return _CSS_INDENT.sub(b"\n", _CSS_COMMENT.sub(b"", joined))


def _tree_hash(files: dict[str, StaticFile]) -> str:
    digest = hashlib.sha256()
    for path, file in files.items():
        digest.update(f"{path}\0{len(file.body)}\0".encode())
        digest.update(file.body)
    return digest.hexdigest()[:12]
