"""Scripts that are joined do what they do apart, and what can't be joined stops the start."""

import re

import pytest

from chat.folders import resource_folder
from chat.web.scripts import import_from, join
from chat.web.static import StaticFiles

IMPORTED = re.compile(r"^import \{([^}]*)\} from '(?:\.\./)+main\.js';$", re.MULTILINE)
EXPORTED = re.compile(r"^export const \{([^}]*)\} =", re.MULTILINE)

MAIN = "import * as one from './one.js';\nimport { two as other } from './two.js';\none.start(other);\n"
ONE = "import {\n  two,\n  three\n} from './two.js';\n\nexport function start() {}\nexport const four = two + three;\n"
TWO = "export const two = 2;\nexport const three = 3;\nconst four = 'its own';\n"


def test_each_script_stands_once_below_what_it_needs_and_keeps_its_names_to_itself() -> None:
    assert join({"main": MAIN, "one": ONE, "two": TWO, "unused": "throw new Error();"}, entry="main") == (
        "const $two = (() => {\n"
        "const two = 2;\nconst three = 3;\nconst four = 'its own';\n"
        "return { two, three };\n})();\n"
        "const $one = (() => {\n"
        "const {\n  two,\n  three\n} = $two;\n\nfunction start() {}\nconst four = two + three;\n"
        "return { start, four };\n})();\n"
        "const $main = (() => {\n"
        "const one = $one;\nconst { two: other } = $two;\none.start(other);\n"
        "return {  };\n})();\n"
        "export const { two, three } = $two;\n"
        "export const { four } = $one;\n"
    )


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ({"main": "import { a } from './one.js';\n", "one": "import { b } from './main.js';\n"}, "need each other"),
        ({"main": "import { a } from './one.js';\n"}, "one.js, which isn't there"),
        ({"main": "import './one.js';\n", "one": ""}, "can't be joined"),
        ({"main": "export default 1;\n"}, "can't be joined"),
        ({"main": "export let count = 1;\n"}, "can't be joined"),
        (
            {"main": "export const a = 1;\nimport * as one from './one.js';\n", "one": "export const a = 2;\n"},
            "more than one script exports a",
        ),
    ],
)
def test_what_can_not_be_joined_is_refused(sources: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        join(sources, entry="main")


def test_later_scripts_import_from_the_one_that_is_there() -> None:
    source = (
        "import { on } from '../../page.js';\nimport { near } from './near.js';\nconst text = \"from '../page.js';\";\n"
    )
    assert import_from(source, entry="main") == source.replace("../../page.js", "../../main.js")


def test_whatever_a_later_script_imports_is_exported() -> None:
    files_folder = resource_folder("static")
    files = StaticFiles(files_folder)
    main = files.find("js/main.js")
    assert main is not None
    exported = {name.strip() for names in EXPORTED.findall(main.body.decode()) for name in names.split(",")}
    paths = [path.relative_to(files_folder).as_posix() for path in files_folder.glob("js/later/**/*.js")]
    imported = set()
    for path in paths:
        file = files.find(path)
        assert file is not None
        for names in IMPORTED.findall(file.body.decode()):
            imported |= {name.strip().partition(" as ")[0] for name in names.split(",")}
    assert imported, "nothing was looked at"
    assert imported - exported == set()
