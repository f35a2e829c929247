from __future__ import annotations

from tealjet.cli.layout import columns, number, wrapped


def test_columns_are_aligned_and_lines_do_not_end_in_spaces() -> None:
    table = columns([("name", "calls"), ("map.get", "7"), ("x", "1,234")], 40, indent=1, right=frozenset({1}))
    assert table.splitlines() == [" name     calls", " map.get      7", " x        1,234"]
    assert columns([("a", "b"), ("long", "")], 40) == "a     b\nlong"


def test_a_last_column_that_is_too_long_goes_on_below_itself() -> None:
    assert columns([("a", "one two three")], 11) == "a  one two\n   three"


def test_a_long_text_is_broken_at_words_and_keeps_its_own_lines() -> None:
    assert wrapped("one two three\n  four", 9, indent=1) == " one two\n three\n   four"


def test_a_word_that_is_longer_than_the_line_is_left_whole() -> None:
    path = "/a/path/that/is/longer/than-the-line.yaml"
    assert wrapped(f"in {path}", 12) == f"in\n{path}"


def test_an_empty_line_stays_empty() -> None:
    assert wrapped("one\n\ntwo", 20, indent=3) == "   one\n\n   two"


def test_counts_are_whole_and_measures_have_one_decimal() -> None:
    assert [number(1234), number(1234.56), number(0.04)] == ["1,234", "1,234.6", "0.0"]
