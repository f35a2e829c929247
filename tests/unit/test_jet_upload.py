"""How a JAR is divided, and what the loss of its cluster means at each moment."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tealjet.jet.upload import STARTS, After, Parts, Progress, after_loss, digest_of, upload_name


@given(size=st.integers(1, 10_000), part_size=st.integers(1, 10_000))
def test_the_parts_are_the_whole_file_in_order(size: int, part_size: int) -> None:
    parts = list(Parts(total_size=size, part_size=part_size))
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert len(Parts(total_size=size, part_size=part_size)) == len(parts)
    assert parts[0].offset == 0
    assert all(one.offset + one.size == after.offset for one, after in itertools.pairwise(parts))
    assert parts[-1].offset + parts[-1].size == size
    assert all(part.size == part_size for part in parts[:-1])
    assert 0 < parts[-1].size <= part_size


@pytest.mark.parametrize(("size", "part_size"), [(0, 1), (1, 0), (1, -1)])
def test_what_can_not_be_divided_is_refused(size: int, part_size: int) -> None:
    with pytest.raises(ValueError, match="can't be sent in parts"):
        Parts(total_size=size, part_size=part_size)


def test_before_the_last_part_nothing_has_happened_and_it_begins_again() -> None:
    assert after_loss(Progress.SENDING, starts=1, rerun=False) is After.AGAIN
    assert after_loss(Progress.SENDING, starts=STARTS - 1, rerun=True) is After.AGAIN


def test_after_the_last_part_nobody_knows_unless_it_may_be_run_twice() -> None:
    assert after_loss(Progress.RUNNING, starts=1, rerun=False) is After.UNKNOWN
    assert after_loss(Progress.RUNNING, starts=1, rerun=True) is After.AGAIN


def test_a_jar_that_ends_its_members_is_not_sent_for_ever() -> None:
    assert after_loss(Progress.SENDING, starts=STARTS, rerun=True) is After.ERROR
    assert after_loss(Progress.RUNNING, starts=STARTS, rerun=True) is After.UNKNOWN


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("daily-report.jar", "daily-report-0123-"),
        ("/some where/Größe 2.jar", "Größe-2-0123-"),
        ("..jar", "--0123-"),
        ("x" * 100 + ".jar", "x" * 60 + "-0123-"),
    ],
)
def test_a_member_gets_a_name_for_a_file_of_its_own_that_has_the_token(path: str, name: str) -> None:
    assert upload_name(Path(path), "0123") == name


def test_the_digest_is_of_the_whole_file_wherever_it_was_read_before(tmp_path: Path) -> None:
    (tmp_path / "a.jar").write_bytes(b"x" * 1_000_000)
    with (tmp_path / "a.jar").open("rb") as file:
        file.read(10)
        assert digest_of(file) == hashlib.sha256(b"x" * 1_000_000).hexdigest()
