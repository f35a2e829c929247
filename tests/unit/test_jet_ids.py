"""Ids of jobs are shown and read as Java does it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tealjet.jet.ids import id_string, parse_id


@pytest.mark.parametrize(
    ("number", "text"),
    [(0x0401_9F77_B9C0_0001, "0401-9f77-b9c0-0001"), (12345, "0000-0000-0000-3039"), (-1, "ffff-ffff-ffff-ffff")],
)
def test_an_id_is_shown_as_java_shows_it(number: int, text: str) -> None:
    assert id_string(number) == text


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_id_that_is_shown_can_be_read(number: int) -> None:
    assert parse_id(id_string(number)) == number


@pytest.mark.parametrize("text", ["", "report", "0405-0000-0000-000", "0405-0000-0000-0001 ", "0405-0000-0000-000g"])
def test_what_shows_no_id_is_none(text: str) -> None:
    assert parse_id(text) is None
