"""What people type, as HTML that is safe to put on a page: Markdown, links, highlighted code."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# Most messages are plain sentences. Where none of these occurs, Markdown would change nothing, and escaping is enough.
_SPECIAL = re.compile(
    r"[*_`~\[\]<>#|\\]|://|www\.|@\w+\.\w|^\s*(?:[-+]|\d+[.)])\s|^ {4}|^\s*(?:-{3,}|={3,})\s*$", re.MULTILINE
)

_TAGS = {
    "p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "span", "hr",
    "h1", "h2", "h3", "h4", "h5", "h6",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "span": {"class"}, "code": {"class"}}
_MAX_NESTING = 20


def render(content: str) -> Markup:
    """Safe HTML for a message's content. Nothing that a person typed gets an id, a style or an attribute of htmx."""
    if _SPECIAL.search(content):
        return _render_markdown(content)
    escaped = str(escape(content))
    if "\n" in escaped:
        escaped = re.sub(r"\n{2,}", "</p><p>", escaped).replace("\n", "<br>")
    return Markup(f"<p>{escaped}</p>")  # noqa: S704 - escaped above


@lru_cache(maxsize=2048)
def _render_markdown(content: str) -> Markup:
    import nh3

    return Markup(  # noqa: S704 - sanitised here
        nh3.clean(
            _parser().render(content),
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
            # Wide code scrolls, by keyboard as well.
            set_tag_attribute_values={"a": {"target": "_blank"}, "pre": {"tabindex": "0"}},
        )
    )


@lru_cache(maxsize=1)
def _parser() -> "MarkdownIt":
    """The parser, imported when it is first needed: a process starts without it."""
    from markdown_it import MarkdownIt

    return (
        MarkdownIt(
            "commonmark",
            {"breaks": True, "linkify": True, "html": False, "maxNesting": _MAX_NESTING, "highlight": _highlight},
        )
        .enable(["linkify", "strikethrough"])
        # Without "entity", &lt; stays what was typed, as it does in a message that has no other special character.
        .disable(["image", "reference", "html_block", "html_inline", "entity"])
    )


def _highlight(code: str, language: str, _attributes: str) -> str:
    """Spans with the classes of Pygments where it knows the language; else nothing, and the code is only escaped."""
    if not language:
        return ""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return ""
    return highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix="hl-"))


def preview(content: str, *, length: int = 120) -> str:
    """One line of at most `length` characters for the conversation list."""
    line = " ".join(content[: length * 2].split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
