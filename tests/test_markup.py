"""What a message costs, whatever somebody makes it of: it is rendered while everybody else waits."""

import time

import pytest

from chat import markup

LENGTH = 4000


def seconds_for(content: str) -> float:
    """What rendering it takes of this processor; time that other processes take doesn't count."""
    markup.render("**the parser** is `there`")
    started = time.process_time()
    markup.render(content)
    return time.process_time() - started


@pytest.mark.parametrize(
    "content",
    [
        # Ten times as long as a message can be: what takes quadratic time then takes half a minute.
        "a" + "\n" * 10 * LENGTH + "b",
        "a" + " \n" * 5 * LENGTH + "b",
        "**a** " + "://" * 3 * LENGTH,
        "**a** " + "http://a." * LENGTH,
        "**a** " + "=www.a.b" * LENGTH,
        "**a** " + "=1.1.1.1" * LENGTH,
    ],
    ids=lambda content: content[4:14],
)
def test_text_and_links_take_no_quadratic_time(content: str) -> None:
    assert seconds_for(content) < 2


@pytest.mark.parametrize(("language", "code"), [("autohotkey", "\n"), ("csharp", "a\n"), ("c", "\n"), ("hcl", "_")])
def test_code_takes_no_quadratic_time(language: str, code: str) -> None:
    assert seconds_for(f"```{language}\n{code * (10 * LENGTH // len(code))}x\n```") < 2


def test_code_does_not_grow_out_of_proportion() -> None:
    html = markup.render("```terraform\n" + "<<A\n" * (LENGTH // 4) + "\n```")

    assert len(html) < 30 * LENGTH


@pytest.mark.parametrize("language", sorted(markup._LANGUAGES))
def test_every_language_of_ours_is_one_of_pygments(language: str) -> None:
    html = markup.render(f"```{language.upper()}\n1\n```")

    assert f'<code class="language-{language.upper()}">' in html


def test_long_code_keeps_its_block_and_loses_its_colours() -> None:
    short = markup.render("```python\nreturn 1\n```")
    long = markup.render("```python\n" + "return 1\n" * 300 + "```")

    assert 'class="hl-' in short
    assert 'class="hl-' not in long
    assert '<code class="language-python">return 1\n' in long


def test_links_are_links_in_a_long_message() -> None:
    html = markup.render("See https://example.org/a_b_c and www.example.org.\n" * 50)

    assert html.count("<a href=") == 100


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("Plain, over\n\ntwo lines", "Plain, over two lines"),
        ("it loads in **240 ms** on *one*", "it loads in 240 ms on one"),
        ("see [the board](https://example.org/x?a=1&b=2)", "see the board"),
        ("- one\n- two `x<y`", "one two x<y"),
        ("> asked\n\nanswered", "asked answered"),
        ("<script>alert(1)</script> & co", "<script>alert(1)</script> & co"),
        ("snake_case 1 < 2", "snake_case 1 < 2"),
        ("***", "***"),
        ("x" * 200, "x" * 119 + "…"),
    ],
)
def test_a_preview_is_one_line_as_it_reads(content: str, line: str) -> None:
    assert markup.preview(content) == line
    # A quote has only the beginning of it.
    assert markup.preview(content[:200]) == line
