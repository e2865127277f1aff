"""What people type, as HTML that is safe to put on a page: Markdown, links, highlighted code."""

import re
from functools import cache, lru_cache
from html import unescape
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# Most messages are plain sentences. Where none of these occurs, Markdown would change nothing, and escaping is enough.
# What may stand before a mark ends with its line: a pattern that ran on would look at a thousand empty lines a
# thousand times.
_SPECIAL = re.compile(
    r"[*_`~\[\]<>#|\\]|://|www\.|@\w+\.\w|^[ \t]*(?:[-+]|\d+[.)])\s|^ {4}|^[ \t]*(?:-{3,}|={3,})[ \t]*$",
    re.MULTILINE,
)

_TAGS = {
    "p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "span", "hr",
    "h1", "h2", "h3", "h4", "h5", "h6",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "span": {"class"}, "code": {"class"}}
_MAX_NESTING = 20
# As much of a message as its quotes hold (chat/messages/queries.py, QUOTE), so that they and the list say the same.
_BEGINNING = 200
# What parts words, and what doesn't. In our own HTML no attribute holds a bracket.
_BLOCK = re.compile(r"</?(?:p|br|ul|ol|li|blockquote|pre|hr|h[1-6])\b[^>]*>")
_INLINE = re.compile(r"<[^>]*>")
# Each link is found by a search through the text before it, each host by one through the word that it is in. A message
# with more of them, or a word with more dots, is no text.
_MAX_LINKS = 100
# What made-up code costs Pygments grows with its square in most languages, and in rare ones without a bound. So these
# few, and up to a length at which the slowest of them takes less than a tenth of a second.
_LANGUAGES = {
    "bash", "c", "c++", "clojure", "console", "cpp", "css", "dart", "diff", "docker", "dockerfile", "elixir", "elm",
    "erlang", "go", "graphql", "haskell", "html", "http", "ini", "java", "javascript", "js", "json", "jsx", "kotlin",
    "latex", "lua", "make", "makefile", "nginx", "objective-c", "perl", "php", "postgresql", "powershell",
    "proto", "py", "pycon", "python", "r", "rb", "ruby", "rs", "rust", "sass", "scala", "scss", "sh", "shell", "sql",
    "swift", "tex", "toml", "ts", "tsx", "typescript", "vim", "xml", "yaml", "yml", "zig", "zsh",
}  # fmt: skip
_MAX_HIGHLIGHTED = 1500


def render(content: str) -> Markup:
    """Safe HTML for a message's content. Nothing that a person typed gets an id, a style or an attribute of htmx."""
    if _has_marks(content):
        return _render_markdown(content)
    escaped = str(escape(content))
    if "\n" in escaped:
        escaped = re.sub(r"\n{2,}", "</p><p>", escaped).replace("\n", "<br>")
    return Markup(f"<p>{escaped}</p>")  # noqa: S704 - escaped above


# Most messages are asked about twice in a row: for the timeline, and for the list.
@lru_cache(maxsize=64)
def _has_marks(text: str) -> bool:
    return _SPECIAL.search(text) is not None


# Bounded by what the costliest messages take: some 100 KB each, 50 MB in all.
@lru_cache(maxsize=512)
def _render_markdown(content: str) -> Markup:
    import nh3

    links = content.count("://") <= _MAX_LINKS and all(word.count(".") <= _MAX_LINKS for word in content.split())
    parser = _parser(links=links, highlights=len(content) <= _MAX_HIGHLIGHTED)
    return Markup(  # noqa: S704 - sanitised here
        nh3.clean(
            parser.render(content),
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
            # Wide code scrolls, by keyboard as well.
            set_tag_attribute_values={"a": {"target": "_blank"}, "pre": {"tabindex": "0"}},
        )
    )


@cache
def _parser(*, links: bool, highlights: bool) -> "MarkdownIt":
    """The parser, imported when it is first needed: a process starts without it."""
    from markdown_it import MarkdownIt

    highlight = _highlight if highlights else None
    return (
        MarkdownIt(
            "commonmark",
            {"breaks": True, "linkify": links, "html": False, "maxNesting": _MAX_NESTING, "highlight": highlight},
        )
        .enable(["linkify", "strikethrough"] if links else "strikethrough")
        # Without "entity", &lt; stays what was typed, as it does in a message that has no other special character.
        .disable(["image", "reference", "html_block", "html_inline", "entity"])
    )


def _highlight(code: str, language: str, _attributes: str) -> str:
    """Spans with the classes of Pygments where the language is one of ours; else nothing: the code is only escaped."""
    if language.lower() not in _LANGUAGES:
        return ""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name(language, stripnl=False)
    return highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix="hl-"))


def preview(content: str, *, length: int = 120) -> str:
    """One line of at most `length` characters, as it reads without marks: for the conversation list, and for quotes."""
    beginning = content[:_BEGINNING]
    if _has_marks(beginning):
        text = _INLINE.sub("", _BLOCK.sub(" ", _render_markdown(beginning)))
        # Where marks are all that there is, they are what is shown.
        beginning = unescape(text) if text.strip() else beginning
    line = " ".join(beginning.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
