import re
from datetime import datetime, timedelta, timezone

import pytest

from chat.messages.model import check_content
from chat.seed.queries import COLUMNS
from chat.seed.rows import make_rows

OSLO = timezone(timedelta(hours=1))
NOW = datetime(2026, 11, 21, 14, 30, tzinfo=OSLO)
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def test_the_same_moment_gives_the_same_data() -> None:
    assert make_rows(NOW, "hash") == make_rows(NOW, "hash")


def test_each_row_has_a_value_for_each_column() -> None:
    rows = make_rows(NOW, "hash")
    for table, columns in COLUMNS.items():
        assert {len(row) for row in getattr(rows, table)} == {len(columns)}


def test_each_text_could_have_been_typed() -> None:
    content, deleted = (COLUMNS["messages"].index(name) for name in ("content", "deleted_at"))
    contents = [row[content] for row in make_rows(NOW, "hash").messages if not row[deleted]]
    assert contents == [check_content(content, max_length=4000) for content in contents]
    assert [content for content in contents if re.search(r"\{[a-z]+\d?\}", content)] == []
    assert [
        content for content in contents if re.search(r"[{}|]", CODE.sub("", content)) and "|---|" not in content
    ] == []


def test_two_years_of_talk_are_not_the_same_sentences_over_and_over() -> None:
    position = COLUMNS["messages"].index("content")
    contents = [row[position] for row in make_rows(NOW, "hash").messages]
    assert len(set(contents)) > 3000


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 21, 0, 2, tzinfo=OSLO),
        datetime(2027, 1, 1, 0, 0, tzinfo=timezone(timedelta(hours=-8))),
        datetime(2028, 2, 29, 23, 59, tzinfo=OSLO),
        datetime(2026, 7, 26, 12, 0, tzinfo=timezone(timedelta(hours=13))),
    ],
    ids=["just after midnight", "new year", "a leap day", "a Sunday in the holidays"],
)
def test_whenever_it_is_made_time_only_goes_forward_and_ends_minutes_ago(now: datetime) -> None:
    rows = make_rows(now, "hash")
    conversation, sent_at = (COLUMNS["messages"].index(name) for name in ("conversation_id", "created_at"))
    longest = rows.conversations[0][0]
    times = [row[sent_at] for row in rows.messages if row[conversation] == longest]
    assert len(times) == 10_000
    assert times == sorted(times)
    assert timedelta(minutes=3) < now - times[-1] < timedelta(minutes=10)
    assert timedelta(days=690) < now - times[0] < timedelta(days=735)
    read_at = COLUMNS["read_events"].index("read_at")
    assert max(row[read_at] for row in rows.read_events) < now
