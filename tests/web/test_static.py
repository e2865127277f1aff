"""Static files: one version, one hash, cached for ever; and nothing but them."""

import gzip
import re
from collections.abc import Mapping
from pathlib import Path

import brotli
import pytest

from chat.folders import resource_folder
from chat.web.static import STYLES, StaticFiles, style_names
from tests.web.small_app import make_app, raw_status, running

PLAIN = {"Accept-Encoding": "identity"}


def make_folder(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def small_folder(root: Path, **changes: str) -> Path:
    files = {
        "css/index.txt": "# order\nfirst.css\nsecond.css\n",
        "css/first.css": "a { color: red; } /* why */",
        "css/second.css": "b {\n  color: blue;\n}",
        "css/later/index.txt": "third.css\n",
        "css/later/third.css": "c { color: green; }",
        "js/main.js": "import * as other from './other.js';\nother.start();\n",
        "js/other.js": "export function start() {}\n",
        "js/later/third.js": "import { start } from '../other.js';\n",
        "README.md": "not for browsers",
    }
    return make_folder(root, {**files, **changes})


def test_stylesheets_are_joined_in_the_declared_order_without_comments(tmp_path: Path) -> None:
    styles = StaticFiles(small_folder(tmp_path)).find("app.css")
    assert styles is not None
    assert styles.body == b"a { color: red; } \nb {\ncolor: blue;\n}"
    later = StaticFiles(tmp_path).find("later.css")
    assert later is not None
    assert later.body == b"c { color: green; }"


@pytest.mark.parametrize("part", STYLES.values())
def test_every_stylesheet_is_listed_once_and_exists(part: str) -> None:
    folder = resource_folder("static") / part
    names = style_names(folder)
    assert sorted(names) == sorted(path.name for path in folder.glob("*.css"))
    assert len(names) == len(set(names))


def test_a_list_that_names_a_missing_stylesheet_stops_the_start(tmp_path: Path) -> None:
    folder = small_folder(tmp_path)
    (folder / "css/second.css").unlink()
    with pytest.raises(FileNotFoundError):
        StaticFiles(folder)


def test_any_change_in_any_file_changes_every_address(tmp_path: Path) -> None:
    before = StaticFiles(small_folder(tmp_path / "a"))
    same = StaticFiles(small_folder(tmp_path / "b"))
    changed = StaticFiles(small_folder(tmp_path / "c", **{"js/other.js": "1"}))
    assert before.url("js/main.js") == same.url("js/main.js")
    assert before.url("js/main.js") != changed.url("js/main.js")


def test_an_address_of_a_missing_file_is_refused(tmp_path: Path) -> None:
    files = StaticFiles(small_folder(tmp_path))
    with pytest.raises(LookupError):
        files.url("js/missing.js")


def test_only_known_kinds_of_files_are_served(tmp_path: Path) -> None:
    files = StaticFiles(small_folder(tmp_path))
    assert files.find("js/main.js") is not None
    assert files.find("README.md") is None
    assert files.find("css/index.txt") is None


def test_scripts_of_a_first_visit_are_one_and_others_import_from_it(tmp_path: Path) -> None:
    files = StaticFiles(small_folder(tmp_path, **{"vendor/library.js": "import './other.js';"}))
    joined, later, library = (files.find(f"{path}.js") for path in ("js/main", "js/later/third", "vendor/library"))
    assert joined is not None
    assert joined.body.index(b"function start() {}") < joined.body.index(b"other.start();")
    assert files.find("js/other.js") is None
    assert later is not None
    assert later.body == b"import { start } from '../main.js';\n"
    assert library is not None
    assert library.body == b"import './other.js';"


def test_stylesheets_refer_to_no_file_by_relative_address() -> None:
    # Joined, they are served from another folder than the one in which they are written.
    styles = StaticFiles(resource_folder("static")).find("app.css")
    assert styles is not None
    addresses = re.findall(rb"url\(\s*['\"]?([^)'\"]+)", styles.body)
    assert [address for address in addresses if not address.startswith((b"data:", b"#"))] == []


async def test_a_file_is_kept_for_ever_and_has_its_type() -> None:
    files = StaticFiles(resource_folder("static"))
    async with running(make_app({})) as client:
        answer = await client.get(files.url("app.css"), headers=PLAIN)
        body = await answer.read()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "ETag" not in answer.headers
    styles = files.find("app.css")
    assert styles is not None
    assert body == styles.body


async def test_a_file_travels_compressed_where_the_browser_takes_it() -> None:
    url = StaticFiles(resource_folder("static")).url("vendor/htmx.min.js")
    async with running(make_app({})) as client:
        plain = await (await client.get(url, headers=PLAIN)).read()
        packed = await client.get(url, headers={"Accept-Encoding": "br;q=0, gzip;q=0.8"})
        body = await packed.read()
        smaller = await client.get(url, headers={"Accept-Encoding": "gzip, deflate, br"})
        smaller_body = await smaller.read()
        refused = await client.get(url, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == plain
    assert len(body) < len(plain) / 2
    assert smaller.headers["Content-Encoding"] == "br"
    assert brotli.decompress(smaller_body) == plain
    assert len(smaller_body) < len(body)
    assert "Content-Encoding" not in refused.headers


async def test_the_address_of_another_version_answers_for_a_minute() -> None:
    async with running(make_app({})) as client:
        answer = await client.get("/static/0123456789ab/app.css")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(
    "path",
    ["../pyproject.toml", "..%2fpyproject.toml", "css/../../pyproject.toml", "/etc/passwd", "%2fetc%2fpasswd", "css"],
)
async def test_no_path_leads_out_of_the_folder(path: str) -> None:
    async with running(make_app({})) as client:
        assert await raw_status(client, f"/static/x/{path}".encode()) == 404


async def test_an_icon_and_a_manifest_are_where_browsers_look() -> None:
    async with running(make_app({})) as client:
        icon = await client.get("/favicon.ico")
        manifest = await client.get("/manifest.webmanifest", headers=PLAIN)
        described = await manifest.json(content_type="application/manifest+json")
        icons = [await client.get(one["src"]) for one in described["icons"]]
    assert icon.content_type == "image/svg+xml"
    assert described["start_url"] == "/"
    assert [one.status for one in icons] == [200] * len(icons)
    assert icons
